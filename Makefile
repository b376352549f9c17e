# The two commands a newcomer needs: `make demo` and `make test`. Each works alone on a machine with Python >= 3.11.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
DEMO := output/demo

.PHONY: demo test lint format soak schemas clean

demo: .venv/installed
	@$(BIN)/reviewdial build examples/first_dataset.toml --out $(DEMO)
	@echo
	@$(BIN)/reviewdial show hNxlPoCtCW-grounded-0 --in $(DEMO)
	@echo
	@echo "Checked: every evidence span above was compared with the characters of the review it names."
	@echo "Next:    $(BIN)/reviewdial verify $(DEMO)/dataset"

test: .venv/installed-dev
	$(BIN)/python -m pytest -n auto -rs -m "not soak"

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Long runs: random kills, big data. Not part of `make test`.
soak: .venv/installed-dev
	$(BIN)/python -m pytest -m soak

# Write schemas/*.schema.json anew after a change to toolkit/records.py or toolkit/recipe.py.
schemas: .venv/installed-dev
	$(BIN)/python -m toolkit.schema_files

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "ReviewDial needs Python 3.11 or newer on the PATH"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "ReviewDial needs Python 3.11 or newer; $(PYTHON) is older. Set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml
	@echo "Installing into .venv (once; a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/installed-dev: .venv/bin/python pyproject.toml
	@echo "Installing into .venv with what the tests need (once; a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@ .venv/installed

clean:
	rm -rf .venv output/*
