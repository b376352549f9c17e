"""``python -m toolkit`` is ``reviewdial``."""

from toolkit.cli.main import main

if __name__ == "__main__":
    main()
