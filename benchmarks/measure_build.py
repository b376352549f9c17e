"""Print time and memory of every stage over a folder of API bodies, or over the bundled sample.

Usage: python benchmarks/measure_build.py [FOLDER]

Every stage runs as a process of its own, as a user would run it. Seconds depend on the machine; beside them stands the
ratio to reading the same files with ``json.loads`` in the same run.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

READ_ONLY = """
import json, sys
from pathlib import Path
for path in map(Path, sys.argv[1:]):
    data = path.read_bytes()
    for part in data.split(b"\\n") if path.suffix == ".jsonl" else [data]:
        if part:
            json.loads(part)
"""


class Cost(NamedTuple):
    wall: float
    cpu: float
    peak: float
    """Largest resident size so far of any stage, in MB: the kernel keeps the maximum over all children."""


def run(*arguments: str) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    wall = time.perf_counter() - begin
    if done.returncode not in (0, 4):
        sys.exit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, after.ru_maxrss / 1024)


def main(folder: Path | None) -> None:
    sample = Path(__file__).parents[1] / "toolkit" / "fetchers" / "sample_notes"
    files = sorted(str(path) for path in (folder or sample).iterdir() if path.suffix in (".json", ".jsonl"))
    with tempfile.TemporaryDirectory() as temporary:
        build, dataset = f"{temporary}/build", f"{temporary}/dataset"
        stages = {
            "json.loads only": ["-c", READ_ONLY, *files],
            "import": ["-m", "toolkit", "import", *files, "--out", build],
            "normalize": ["-m", "toolkit", "normalize", build],
            "synthesize": ["-m", "toolkit", "synthesize", build],
            "audit": ["-m", "toolkit", "audit", build],
            "export": ["-m", "toolkit", "export", build, "--out", dataset],
            "verify": ["-m", "toolkit", "verify", dataset],
        }
        costs = {name: run(*arguments) for name, arguments in stages.items()}
        counts = {
            name: entry["counts"]
            for name, entry in json.loads(Path(build, "manifest.json").read_text())["stages"].items()
        }
    base = costs["json.loads only"].wall
    print(f"{'':<16} {'wall':>8} {'CPU':>8} {'ratio':>7} {'peak so far':>12}")
    for name, cost in costs.items():
        print(f"{name:<16} {cost.wall:>7.2f}s {cost.cpu:>7.2f}s {cost.wall / base:>7.1f} {cost.peak:>9.0f} MB")
    print(f"{counts['normalize']['forums']} papers, {counts['synthesize']['dialogues']} dialogues")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
