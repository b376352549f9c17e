"""Print surface figures of dialogues: of a build folder, a JSONL file, or a folder of transcripts as text.

    python benchmarks/measure_dialogues.py output/demo
    python benchmarks/measure_dialogues.py FOLDER_OF_TXT --limit 1000

For both roles: words a turn, distinct-2 and distinct-3 (different n-grams over all n-grams, all dialogues together),
the share of sentences that stand word for word in another dialogue too, and the share of turns whose first five words
open a turn of another dialogue. The same counting for every source, so the figures can be compared.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

Conversation = list[tuple[str, str]]
"""(role, text) of each turn."""

_SPEAKER_LINE = re.compile(
    r"^\W*(?:turn \d+\W*)?(?P<role>meta[- ]?reviewer|mr|dialogue? ?(?:agent|system)|da|dm)\b[^:]{0,20}:\W*"
    r"(?P<text>.*)$",
    re.IGNORECASE,
)


def read_conversations(path: Path) -> Iterator[Conversation]:
    """Yield the dialogues of a build folder, of a JSONL file of dialogue rows, or of a folder of .txt transcripts."""
    if path.is_file():
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield [(turn["speaker"], turn["text"]) for turn in json.loads(line)["turns"]]
    elif (path / "dialogues").is_dir():
        from toolkit.workspace import list_shards, read_rows

        for shard in list_shards(path / "dialogues"):
            for row in read_rows(shard):
                yield [(turn["speaker"], turn["text"]) for turn in row["turns"]]
    else:
        for transcript in sorted(path.glob("*.txt")):
            conversation = list(read_transcript(transcript.read_text(encoding="utf-8", errors="replace")))
            if len(conversation) >= 4:
                yield conversation


def read_transcript(text: str) -> Iterator[tuple[str, str]]:
    """Yield the utterances of a raw transcript; lines without a speaker go on with the one before."""
    role, parts = None, []
    for line in text.splitlines():
        found = _SPEAKER_LINE.match(line.strip())
        if found:
            if role and parts:
                yield role, " ".join(parts)
            role = "meta_reviewer" if found["role"].lower().startswith("m") else "dialogue_agent"
            parts = [found["text"]] if found["text"] else []
        elif role and line.strip() and not re.match(r"^\W*turn \d+\W*$", line.strip(), re.IGNORECASE):
            parts.append(line.strip())
    if role and parts:
        yield role, " ".join(parts)


def measure(conversations: Sequence[Conversation]) -> dict[str, dict[str, float]]:
    """Return the figures by role."""
    from toolkit.auditors.surface import measure_variety

    return {
        role: measure_variety(
            [[text for speaker, text in conversation if speaker == role] for conversation in conversations]
        )
        for role in ("dialogue_agent", "meta_reviewer")
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="build folder, JSONL file of dialogues, or folder of .txt transcripts")
    parser.add_argument("--limit", type=int, default=1000, help="how many dialogues to count (default 1000)")
    options = parser.parse_args()
    started = time.perf_counter()
    conversations = [
        conversation for _, conversation in zip(range(options.limit), read_conversations(options.path), strict=False)
    ]
    if not conversations:
        sys.exit(f"{options.path}: no dialogues here; name a build folder, a JSONL file or a folder of .txt files")
    turns = sum(map(len, conversations)) / len(conversations)
    print(f"{len(conversations)} dialogues, {turns:.1f} turns each ({time.perf_counter() - started:.1f} s to read)")
    for role, figures in measure(conversations).items():
        print(role)
        for name, value in figures.items():
            print(f"  {name:20} {value:.3f}" if value < 100 else f"  {name:20} {value:.0f}")


if __name__ == "__main__":
    main()
