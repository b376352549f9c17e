"""Print how fast transcripts are parsed and audited, beside reading the files alone.

    python benchmarks/measure_transcripts.py TRANSCRIPTS --records DIR [--copies N]

TRANSCRIPTS is a folder of raw files, DIR a build with the records of their papers. One process; no network.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from toolkit.auditors import AuditTally, audit_dialogue, read_transcript
from toolkit.cli import lookup
from toolkit.synthesizers import find_files, parse_files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("transcripts", type=Path)
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--copies", type=int, default=16)
    options = parser.parse_args()
    records = lookup.find_record_files(options.records)
    files = find_files([options.transcripts]) * options.copies
    started = time.perf_counter()
    characters = sum(len(path.read_bytes().decode("utf-8", "replace")) for path in files)
    read = time.perf_counter() - started
    started = time.perf_counter()
    parsed = parse_files(files, titles=lookup.read_titles(records), mapping={})
    parse = time.perf_counter() - started
    forums = {forum.forum: forum for forum in lookup.read_forums(records)}
    tally, audited = AuditTally(), 0
    started = time.perf_counter()
    for transcript in parsed.transcripts:
        forum = forums.get(transcript.forum or "")
        if forum is not None and transcript.turns:
            dialogue = read_transcript(transcript, forum)
            tally.add(dialogue, forum, audit_dialogue(dialogue, forum))
            audited += 1
    audit = time.perf_counter() - started
    print(f"{len(files):,} files, {characters:,} characters")
    print(f"read   {read:8.2f} s")
    print(f"parse  {parse:8.2f} s  {len(files) / parse:7.0f} files a second  ({parse / read:.0f} times reading)")
    print(f"audit  {audit:8.2f} s  {audited / audit:7.0f} dialogues a second, {audited:,} with a record")


if __name__ == "__main__":
    main()
