"""What teaches the wording model: reviews whose form names its fields, and sentences that were labelled by reading."""

import csv
import gzip
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from toolkit.errors import SourceError
from toolkit.normalizers.points.lexicon import ASPECTS, count_cues, load_lexicon
from toolkit.normalizers.points.model import FIELDS, Wording
from toolkit.normalizers.points.passages import Passage, is_point, read_passages
from toolkit.records import Aspect, Forum, PointKind
from toolkit.text.cleaning import clean_text
from toolkit.workspace import open_workspace, read_records

LABELS = Path(__file__).with_name("labels.tsv")
_HEADS = Path(__file__).with_name("aspect_heads.toml")
_SHORTEST_HEAD, _LONGEST_HEAD = 4, 69
_HEAD_ENDS = (":", "**", "-")
_STRONG = 2


class Review(NamedTuple):
    """The texts of one review by the fields of its form."""

    note_id: str
    texts: Mapping[str, str]


class Example(NamedTuple):
    """One sentence of a field."""

    note_id: str
    field: str
    start: int
    end: int
    wording: Wording
    head: str
    """What stands before it on its line: the label of a list item, or nothing."""


class Label(NamedTuple):
    """What a reader said of one sentence; offsets refer to the cleaned text of the field."""

    note_id: str
    field: str
    start: int
    end: int
    kind: PointKind
    aspect: Aspect
    faulted: bool
    """Whether the sentence says that something is wrong or missing."""


def read_reviews(source: Path) -> Iterator[Review]:
    """Read reviews with the fields summary, strengths, weaknesses and questions.

    Args:
        source: a folder that ReviewDial built, or a JSONL file (also ``.gz``) with ``note_id`` and these fields.

    Raises:
        SourceError: where a line is not such a review.
    """
    if source.is_dir():
        for forum in read_records(open_workspace(source).forums, Forum):
            for review in forum.reviews:
                texts = {section.field: section.text for section in review.sections if section.field in FIELDS}
                if len(texts) == len(FIELDS):
                    yield Review(review.note_id, texts)
        return
    with (
        gzip.open(source, "rt", encoding="utf-8") if source.suffix == ".gz" else source.open(encoding="utf-8") as lines
    ):
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                yield Review(row["note_id"], {field: clean_text(row[field]).text for field in FIELDS})
            except (ValueError, KeyError, TypeError) as error:
                raise SourceError(
                    f"this is no review with {', '.join(FIELDS)} ({error})", where=f"{source}:{number}"
                ) from error


def list_examples(reviews: Iterable[Review]) -> Iterator[Example]:
    """Cut reviews into sentences, as the points of a review are cut."""
    lexicon = load_lexicon()
    for review in reviews:
        for field in FIELDS:
            text, follows = review.texts[field], False
            for passage in read_passages(text, lexicon):
                if not isinstance(passage, Passage) or not is_point(passage, lexicon):
                    continue
                wording = Wording(passage.text, count_cues(passage.words, lexicon), follows)
                line = text.rfind("\n", 0, passage.start) + 1
                head = text[line : passage.start].strip().lower()
                yield Example(review.note_id, field, passage.start, passage.end, wording, head)
                follows = True


def read_labels(path: Path = LABELS) -> list[Label]:
    """Read the labelled sentences."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            Label(
                row["note_id"],
                row["field"],
                int(row["start"]),
                int(row["end"]),
                row["kind"],  # type: ignore[arg-type]
                row["aspect"],  # type: ignore[arg-type]
                row["polarity"] == "negative",
            )
            for row in csv.DictReader(lines, delimiter="\t")
        ]


def guess_aspects(examples: Iterable[Example]) -> Iterator[tuple[Aspect | None, bool]]:
    """Say what sentences are about where their item's label, or a single strong cue, tells; and whether a label does.

    Sentences of summaries are left out: what a paper does is no judgement of any aspect.
    """
    heads = {name: re.compile(pattern) for name, pattern in tomllib.loads(_HEADS.read_text(encoding="utf-8")).items()}
    for example in examples:
        if example.field == "summary":
            yield None, False
            continue
        named = _read_head(example.head, heads)
        if named is not None:
            yield named, True
            continue
        strong = [
            aspect for aspect, count in zip(ASPECTS, example.wording.cues.aspects, strict=False) if count >= _STRONG
        ]
        yield (strong[0] if len(strong) == 1 else None), False


def _read_head(head: str, patterns: Mapping[str, re.Pattern[str]]) -> Aspect | None:
    words = re.sub(r"^[\W\d_]+", "", head)
    if not _SHORTEST_HEAD <= len(words) <= _LONGEST_HEAD or not head.endswith(_HEAD_ENDS):
        return None
    fitting = [name for name, pattern in patterns.items() if pattern.search(words)]
    return fitting[0] if len(fitting) == 1 else None  # type: ignore[return-value]
