"""Points of a review: what each sentence does, and about what.

What decides, in this order: the field of the form that holds the text, the heading above it (``Pros:``,
``**Weaknesses**``), the list it stands in (``+`` and ``-`` items), and its wording. The phrases of ``cues.toml``, which
anyone who knows reviews can read and extend, and the wording model (``MODEL_CARD.md``) read the wording;
``judging.toml`` says how much headings and places add to it.

Sentences of a field that the form calls strengths or weaknesses keep that kind, with one exception: a sentence that
ends in a question mark is a question or, if it asks for something to be added, a suggestion.

Not every sentence is a point. Headings, greetings, pointers ("see weaknesses"), reference lists, formulas on a line of
their own and stretches of fewer than four words are left out, because nobody could quote them on their own.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from toolkit.normalizers.points.judging import Likely, Place, judge
from toolkit.normalizers.points.lexicon import count_cues, load_lexicon
from toolkit.normalizers.points.model import Wording, load_shipped_model
from toolkit.normalizers.points.passages import NO_HEADING, Heading, Passage, is_point, read_passages
from toolkit.normalizers.points.salience import weigh
from toolkit.records import Point, PointKind, Section

__all__ = ["find_points"]

_SIGNED_ITEMS = {"+": "strength", "-": "weakness"}
"""What list items mean in a review that uses both signs."""


class _Placed(NamedTuple):
    """A passage that is a point, and where it stands."""

    section: Section
    field_kind: PointKind | None
    passage: Passage
    heading: Heading
    under: str
    """The kind that the heading or the sign of the item names; else what the heading is, or nothing."""
    may_open: bool
    """Whether it stands in the free text that begins the review, before any heading but one of a summary."""


def find_points(
    sections: Sequence[Section], reads_as: Mapping[str, PointKind | None] | None = None
) -> tuple[Point, ...]:
    """Find the points of a review's sections, in order.

    Args:
        sections: the review's texts; a section named ``title`` holds no points.
        reads_as: what the form says its fields hold (``strengths`` -> ``strength``); other fields are free text.

    >>> find_points([Section("review", "The paper is well written. But the baselines are too weak.")])
    (Point(field='review', start=0, end=26, kind='strength', aspect='clarity', polarity='positive', salience=0.45), \
Point(field='review', start=27, end=58, kind='weakness', aspect='comparison', polarity='negative', salience=0.35))
    """
    expected = reads_as or {}
    placed: list[_Placed] = []
    for position, section in enumerate(sections):
        if section.field != "title":
            placed.extend(_place_passages(section, expected.get(section.field), first=position == 0))
    return tuple(_judge(placed))


def _place_passages(section: Section, field_kind: PointKind | None, *, first: bool) -> Iterator[_Placed]:
    lexicon = load_lexicon()
    passages = list(read_passages(section.text, lexicon))
    signed = {"+", "-"} <= {passage.sign for passage in passages if isinstance(passage, Passage)}
    heading, sign = NO_HEADING, ""
    may_open = first and field_kind is None  # free text begins by saying what the paper does
    for passage in passages:
        if isinstance(passage, Heading):
            if passage.kind:
                heading, sign = passage, ""
                may_open = may_open and heading.kind == "summary"
            continue
        sign = passage.sign or ("" if passage.opens_paragraph else sign)
        if heading.kind != "references" and is_point(passage, lexicon):
            under = _SIGNED_ITEMS.get(sign, heading.kind) if signed else heading.kind
            yield _Placed(section, field_kind, passage, heading, under, may_open)


def _judge(placed: Sequence[_Placed]) -> Iterator[Point]:
    lexicon = load_lexicon()
    befores = [None, *(item.section for item in placed)]
    reading = load_shipped_model().read(
        [
            Wording(item.passage.text, count_cues(item.passage.words, lexicon), item.section is before)
            for item, before in zip(placed, befores, strict=False)
        ]
    )
    rows = zip(reading.kinds.tolist(), reading.aspects.tolist(), reading.faults.tolist(), strict=True)
    opening, last = True, None
    for item, row in zip(placed, rows, strict=True):
        passage, opening = item.passage, opening and item.may_open
        place = Place(item.field_kind, item.under, item.heading.aspect, opening=opening, asks="?" in passage.text[-3:])
        kind, aspect, polarity = judge(Likely(*row), place)
        opening = opening and kind == "summary"
        below = (item.section.field, item.heading)
        salience = weigh(passage.words, kind, first=below != last)
        last = below
        yield Point(item.section.field, passage.start, passage.end, kind, aspect, polarity, salience)
