"""Print how long ``reviewdial --help`` and ``import toolkit`` take, beside a bare Python start in the same run.

Usage: python benchmarks/measure_startup.py [RUNS]

Seconds depend on the machine; the ratios to the bare start travel better. The bars: ``--help`` under 0.2 s and
``import toolkit`` under 0.1 s on a quiet machine.
"""

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "bare python": [sys.executable, "-c", "pass"],
    "import toolkit": [sys.executable, "-c", "import toolkit"],
    "reviewdial --help": [sys.executable, "-m", "toolkit", "--help"],
}


def measure(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def main(runs: int) -> None:
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name, command in COMMANDS.items():
            times[name].append(measure(command))
    bare = statistics.median(times["bare python"])
    print(f"{'':<18} {'minimum':>9} {'median':>9} {'ratio':>6}   ({runs} runs each, in turn)")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:<18} {min(values):>8.3f}s {median:>8.3f}s {median / bare:>6.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 11)
