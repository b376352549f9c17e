"""Print what fetching whole venues costs, and beside it the same with one request a paper, as most crawlers do it.

Usage: python benchmarks/measure_fetch.py [FOLDER] [--papers N]

The stand-in of the tests serves papers of real shape from a process of its own: those of FOLDER (files of API bodies),
or of the bundled sample, repeated until there are as many as ICLR 2019 (1,419, API v1) and ICLR 2026 (19,630, API v2)
had. Each fetch is a process of its own. The crawl uses the same openreview-py client: one request for each page of
submissions and one for the replies of each paper. It is cut off after 300 papers, and its requests are counted for all;
it keeps nothing, while the fetch checks and stores what comes.
Seconds depend on the machine, which serves as well as it fetches; requests do not.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.loopback.openreview import Raw, repeat_forums, serve_openreview  # noqa: E402
from toolkit.fetchers.archive import find_files, read_bodies  # noqa: E402
from toolkit.fetchers.bodies import unfold_notes  # noqa: E402

VENUES = {"v1": ("ICLR.cc/2019/Conference", 1419), "v2": ("ICLR.cc/2026/Conference", 19630)}
CRAWLED = 300

SERVE = "import benchmarks.measure_fetch as m, sys; m.serve(*sys.argv[1:])"

CRAWL = """
import json, sys, openreview
api, venue, count, base = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
build = openreview.api.OpenReviewClient if api == "v2" else openreview.Client
client = build(baseurl=base)
name = "Submission" if api == "v2" else "Blind_Submission"
requests, notes = 0, 0
send = client.session.request
def count_requests(*arguments, **options):
    global requests
    requests += 1
    return send(*arguments, **options)
client.session.request = count_requests
client.session.get = lambda url, **options: count_requests("GET", url, **options)
submissions = client.get_notes(invitation=f"{venue}/-/{name}", limit=count, sort="id")
for submission in submissions:
    notes += len(client.get_notes(forum=submission.forum))
print(json.dumps({"requests": requests, "notes": notes, "papers": len(submissions)}))
"""


def read_papers(api: str, folder: Path | None) -> list[Raw]:
    """Return the notes of one API, of papers whose submission is public."""
    files = find_files([folder or ROOT / "toolkit/fetchers/sample_notes"])
    mark = "invitations" if api == "v2" else "invitation"
    every = (note for path in files for body in read_bodies(path) for note in unfold_notes(body.notes))
    notes = [note for note in every if isinstance(note, dict) and note.get(mark)]
    roots = {note["id"] for note in notes if note["id"] == note["forum"]}
    return [note for note in notes if note["forum"] in roots]


def rename_venue(api: str, venue: str, notes: Iterable[Raw]) -> list[Raw]:
    """File submissions where the venue of the benchmark looks for them, whichever venue they are from."""
    name = f"{venue}/-/{'Submission' if api == 'v2' else 'Blind_Submission'}"
    place: Mapping[str, Any] = {"invitations": [name], "domain": venue} if api == "v2" else {"invitation": name}
    return [{**note, **place} if note["id"] == note["forum"] else dict(note) for note in notes]


def serve(api: str, count: str, folder: str) -> None:
    """Serve the papers until stdin is closed, and say where."""
    venue = VENUES[api][0]
    notes = repeat_forums(rename_venue(api, venue, read_papers(api, Path(folder) if folder else None)), int(count))
    group = {"id": venue, "domain": venue} if api == "v2" else {"id": venue}
    with serve_openreview(notes, [group]) as loopback:
        print(json.dumps({**loopback.environment, "notes": len(notes)}), flush=True)
        sys.stdin.read()


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[str, float, float]:
    """Return what a process printed, its seconds and its largest resident size in MB."""
    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
        cwd=ROOT,
        text=True,
    ) as process:
        assert process.stdout is not None
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 4):
        sys.exit(f"{arguments[:4]} ended with {process.returncode}")
    return out, time.perf_counter() - begin, usage.ru_maxrss / 1024


def measure(api: str, papers: int, folder: Path | None) -> None:
    """Print the two rows of one venue."""
    venue = VENUES[api][0]
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, api, str(papers), str(folder or "")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    assert server.stdout is not None
    environment = json.loads(server.stdout.readline())
    served = environment.pop("notes")
    try:
        with tempfile.TemporaryDirectory() as temporary:
            arguments = ["-m", "toolkit", "fetch", venue, "--out", f"{temporary}/build", "--json"]
            out, seconds, peak = run(arguments, environment)
            counts = json.loads(out)["counts"]
            size = Path(f"{temporary}/build/store.sqlite").stat().st_size / 2**20
        base = environment["OPENREVIEW_API_BASEURL_V2" if api == "v2" else "OPENREVIEW_API_BASEURL"]
        crawled = min(CRAWLED, papers)
        out, crawl_seconds, crawl_peak = run(["-c", CRAWL, api, venue, str(crawled), base], environment)
        crawl = json.loads(out)
    finally:
        server.communicate("")
    print(f"\n{venue} ({api}): {papers:,} papers, {served:,} notes")
    print(f"  {'':<22}{'requests':>9}{'notes/s':>9}{'MB peak':>9}{'MB store':>9}")
    rate, crawl_rate = counts["notes"] / seconds, crawl["notes"] / crawl_seconds
    print(f"  {'reviewdial fetch':<22}{counts['requests']:>9,}{rate:>9,.0f}{peak:>9,.0f}{size:>9,.0f}")
    asked = -(-papers // 1000) + papers
    print(f"  {'one request a paper':<22}{asked:>9,}{crawl_rate:>9,.0f}{crawl_peak:>9,.0f}{'':>9}")
    ratio = asked / counts["requests"]
    print(f"  {ratio:,.0f} times fewer requests; notes/s {rate / crawl_rate:.1f} times those of the crawl,")
    print(f"  which was measured over {crawl['papers']} papers with {crawl['requests']} requests")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--papers", type=int, help="so many for each venue instead")
    chosen = parser.parse_args()
    for version, (_, number) in VENUES.items():
        measure(version, chosen.papers or number, chosen.folder and chosen.folder.resolve())
