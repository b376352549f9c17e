"""Records as pages of text: what ``reviewdial show`` prints, and the dialogue at the end of a demo.

Pages are for reading, so white space is folded into lines of a width, and anything that could steer a terminal or name
a person is shown as ``toolkit.text.clean_text`` leaves it. ``--json`` prints the record itself.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from toolkit.records import Comment, Dialogue, Evidence, Forum, Point, Review, Score, Section, Turn
from toolkit.text import Sources, clean_text, collect_sources, verify_evidence

SPEAKERS = {"meta_reviewer": "Meta-reviewer", "dialogue_agent": "Agent"}
ROLES = {
    "author": "authors",
    "reviewer": "reviewer",
    "area_chair": "area chair",
    "public": "public comment",
    "program_chair": "program chairs",
}
Cited = tuple[str, str, int, int, str]
"""Note, field, start, end and sha256 of an evidence span."""

NARROWEST = 60
"""Columns below which nothing is readable; a smaller width is widened to this."""

_STYLES = {
    "title": "1",
    "meta_reviewer": "1;36",
    "dialogue_agent": "1;33",
    "evidence": "2",
    "heading": "1",
    "fault": "1;31",
    "summary": "34",
    "strength": "32",
    "weakness": "31",
    "question": "35",
    "suggestion": "36",
    "other": "2",
}
"""Select Graphic Rendition codes; the last six are the kinds of points."""
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]+")


class Painter:
    """Adds colour where it is wanted."""

    def __init__(self, colour: bool) -> None:
        """Say once whether colour is wanted."""
        self._colour = colour

    def paint(self, text: str, style: str) -> str:
        """Return the text in one of the styles; each line is painted by itself, so that a pager can cut anywhere."""
        if not self._colour:
            return text
        return "\n".join(f"\x1b[{_STYLES[style]}m{line}\x1b[0m" if line else line for line in text.split("\n"))


def render_dialogue(dialogue: Dialogue, forum: Forum | None, width: int = 80, colour: bool = False) -> str:
    """Return a dialogue as a page: who speaks, what is said, and under each turn the evidence with its characters.

    Args:
        dialogue: The dialogue.
        forum: The record of its paper; without one the evidence is named, but its characters cannot be shown.
        width: Columns of the page.
        colour: Whether to use the colours of a terminal.
    """
    painter, width = Painter(colour), max(width, NARROWEST)
    sources = collect_sources(forum) if forum is not None else {}
    names = name_notes(forum) if forum is not None else {}
    generator = dialogue.generator
    facts = [
        dialogue.dialogue_id,
        dialogue.venue,
        f"decision on record: {dialogue.decision or 'none'}",
        f"{generator.name} {generator.version}" + (f" ({generator.model})" if generator.model else ""),
        f"seed {generator.seed}",
    ]
    parts = [
        painter.paint(wrap_text(dialogue.title or "(no title on record)", width), "title"),
        wrap_text(" · ".join(facts), width),
    ]
    numbers: dict[Cited, int] = {}
    for turn in dialogue.turns:
        known = set(numbers)
        for item in turn.evidence:
            numbers.setdefault(cite(item), len(numbers) + 1)
        parts += ["", painter.paint(SPEAKERS[turn.speaker], turn.speaker)]
        parts.append(wrap_text(_insert_numbers(turn, numbers), width, "  "))
        cited = {cite(item): item for item in turn.evidence}
        for key in (key for key in cited if key not in known):
            page = _render_evidence(cited[key], numbers[key], sources, names, forum is not None, width)
            holds = forum is None or verify_evidence(sources, cited[key]) is None
            parts.append(painter.paint(page, "evidence" if holds else "fault"))
        if shown := sorted(numbers[key] for key in cited if key in known):
            above = "".join(f"[{number}]" for number in shown) + " stands above"
            parts.append(painter.paint(wrap_text(above, width, "    "), "evidence"))
    if forum is None:
        parts += ["", wrap_text("The record of this paper is not at hand, so the evidence is only named.", width)]
    return "\n".join(parts) + "\n"


def cite(item: Evidence) -> Cited:
    """Return what an evidence span points to; spans that point to the same characters share a number."""
    return item.note_id, item.field, item.start, item.end, item.sha256


def _insert_numbers(turn: Turn, numbers: Mapping[Cited, int]) -> str:
    """Put the number of each evidence span behind the words that it supports."""
    places: dict[int, list[int]] = {}
    for item in turn.evidence:
        end = min(max(item.turn_end, 0), len(turn.text))
        end = len(turn.text[:end].rstrip()) or end
        here = places.setdefault(end, [])
        if numbers[cite(item)] not in here:
            here.append(numbers[cite(item)])
    pieces, start = [], 0
    for end in sorted(places):
        pieces += [turn.text[start:end], " " + "".join(f"[{number}]" for number in places[end])]
        start = end
    return "".join([*pieces, turn.text[start:]])


def _render_evidence(
    item: Evidence, number: int, sources: Sources, names: Mapping[str, str], has_record: bool, width: int
) -> str:
    name = names.get(item.note_id)
    head = f"[{number}] {name + ', ' if name else ''}{item.field}, {item.start}-{item.end} of note {item.note_id}"
    if not has_record:
        return wrap_text(head, width, "    ")
    if (fault := verify_evidence(sources, item)) is not None:
        return wrap_text(f"{head}: DOES NOT HOLD: {fault}", width, "    ")
    words = sources[item.note_id, item.field][item.start : item.end]
    return wrap_text(head, width, "    ") + "\n" + wrap_text(f"“{words}”", width, "        ")


def name_notes(forum: Forum) -> dict[str, str]:
    """Return for every note of a record who speaks in it."""
    names = {forum.forum: "paper"}
    if forum.decision.note_id is not None:
        names[forum.decision.note_id] = "decision"
    if forum.meta_review is not None:
        names[forum.meta_review.note_id] = "meta-review"
    for review in forum.reviews:
        names[review.note_id] = name_reviewer(review.reviewer)
    for comment in forum.discussion:
        names.setdefault(comment.note_id, _name_speaker(comment))
    return names


def name_reviewer(reviewer: str) -> str:
    """Write ``R2`` as people say it.

    >>> name_reviewer("R2")
    'Reviewer 2'
    """
    return f"Reviewer {reviewer.removeprefix('R')}"


def _name_speaker(comment: Comment) -> str:
    return name_reviewer(comment.reviewer) if comment.reviewer else ROLES[comment.role]


def render_forum(forum: Forum, width: int = 80, colour: bool = False, points: bool = False) -> str:
    """Return the record of a paper as a page: its reviewers side by side, then every text.

    Args:
        forum: The record.
        width: Columns of the page.
        colour: Whether to use the colours of a terminal.
        points: Whether to show each review cut into its points, with kind, aspect, salience and what they meet.
    """
    painter, width = Painter(colour), max(width, NARROWEST)
    decision = forum.decision
    outcome = decision.outcome + (f", {decision.tier}" if decision.tier else "")
    facts = [forum.forum, forum.venue, f"decision: {decision.raw or 'none on record'} ({outcome})"]
    if forum.score_stage == "initial":
        facts.append("scores: as first given, before the discussion")
    rights = forum.license or "no licence stated"
    parts = [
        painter.paint(wrap_text(forum.title or "(no title on record)", width), "title"),
        wrap_text(" · ".join(facts), width),
        wrap_text(f"{forum.url} · {rights}", width),
        "",
        *_render_table(forum.reviews, width),
    ]
    if forum.abstract:
        parts += ["", painter.paint("Abstract", "heading"), wrap_prose(forum.abstract, width, "  ")]
    met = _name_links(forum) if points else {}
    for review in forum.reviews:
        parts += ["", *_render_review(review, width, painter, points, met)]
    if forum.meta_review is not None:
        recommendation = forum.meta_review.recommendation
        heading = "Meta-review" + (f" · recommends: {_show(recommendation)}" if recommendation else "")
        parts += ["", painter.paint(textwrap.shorten(heading, width, placeholder="…"), "heading")]
        for section in forum.meta_review.sections:
            parts += [f"  {_show(section.field)}", wrap_prose(section.text, width, "    ")]
    for comment in forum.discussion:
        heading = f"{_name_speaker(comment)[:1].upper()}{_name_speaker(comment)[1:]} · {format_day(comment.created)}"
        heading += f" · to {comment.replyto}" if comment.replyto else ""
        parts += ["", painter.paint(textwrap.shorten(_show(heading), width, placeholder="…"), "heading")]
        if comment.title:
            parts.append(wrap_text(comment.title, width, "  "))
        parts.append(wrap_prose(comment.text, width, "  "))
    return "\n".join(parts) + "\n"


def _render_table(reviews: Sequence[Review], width: int) -> list[str]:
    """Reviewers as rows; answers with long labels are cut to the width, and stand whole above each review."""
    if not reviews:
        return ["No reviews on record."]
    fixed = len("Reviewer  ") + len("  aligned  percentile  ")
    room = max((width - fixed) // 2, 6)
    lines = [f"{'Reviewer':<10}{'rating':<{room}}  aligned  percentile  confidence"]
    for review in reviews:
        rating, confidence = review.rating, review.confidence
        lines.append(
            f"{review.reviewer:<10}{_cut(_format_answer(rating), room):<{room}}  "
            f"{_format_figure(rating.aligned, '+.2f'):>7}  {_format_figure(rating.percentile, '.2f'):>10}  "
            f"{_cut(_format_answer(confidence), room)}"
        )
    return [line.rstrip() for line in lines]


def _format_answer(score: Score) -> str:
    return _show(score.raw) if score.raw is not None else "none"


def _format_figure(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


PointKey = tuple[str, str, int]
"""Note, field and start of a point."""


def _name_links(forum: Forum) -> dict[PointKey, list[str]]:
    """Return for each point who agrees or disagrees with it, and whether the authors answered it."""
    owners = {review.note_id: review.reviewer for review in forum.reviews}
    found: dict[PointKey, dict[str, None]] = {}
    for link in forum.links:
        here, there = (link.note_id, link.field, link.start), (link.to_note_id, link.to_field, link.to_start)
        if link.kind in ("agreement", "disagreement"):
            verb = "agrees" if link.kind == "agreement" else "disagrees"
            found.setdefault(here, {})[f"{owners[link.to_note_id]} {verb}"] = None
            found.setdefault(there, {})[f"{owners[link.note_id]} {verb}"] = None
        else:
            said = "answered" if link.kind == "reply" else "taken up afterwards"
            found.setdefault(here, {})[f"{said} in {link.to_note_id}"] = None
    return {key: list(names) for key, names in found.items()}


def _render_review(
    review: Review, width: int, painter: Painter, points: bool, met: Mapping[PointKey, Sequence[str]]
) -> Iterator[str]:
    heading = f"{name_reviewer(review.reviewer)} · {format_day(review.created)} · note {review.note_id}"
    yield painter.paint(textwrap.shorten(_show(heading), width, placeholder="…"), "heading")
    for score in (review.rating, review.confidence, *review.scores):
        doubt = f" [{score.status}: {score.reason}]" if score.status in ("unknown", "inferred") else ""
        yield wrap_text(f"{score.field}: {_format_answer(score)}{doubt}", width, "  ")
    for revision in review.revisions:
        earlier = f"{_format_answer(revision.rating)} / {_format_answer(revision.confidence)}"
        yield wrap_text(f"until a later version: {earlier}", width, "  ")
    for section in review.sections:
        yield f"  {_show(section.field)}"
        own = [point for point in review.points if point.field == section.field]
        if points and own:
            here = {point.start: met.get((review.note_id, point.field, point.start), ()) for point in own}
            yield from _render_points(section, own, width, painter, here)
        else:
            yield wrap_prose(section.text, width, "    ")


def _render_points(
    section: Section, points: Iterable[Point], width: int, painter: Painter, met: Mapping[int, Sequence[str]]
) -> Iterator[str]:
    """The section cut into its points, with what they meet; text that belongs to none stands between them unmarked."""
    position = 0
    for point in sorted(points, key=lambda point: (point.start, point.end)):
        if section.text[position : point.start].strip():
            yield wrap_text(section.text[position : point.start].strip(), width, "    ")
        label = point.kind if point.aspect == "other" else f"{point.kind}, {point.aspect}"
        label = " · ".join([f"{label}, {point.salience:.2f}", *met[point.start]])
        yield painter.paint(wrap_text(f"[{label}] {section.text[point.start : point.end]}", width, "    "), point.kind)
        position = max(position, point.end)
    if section.text[position:].strip():
        yield wrap_text(section.text[position:].strip(), width, "    ")


def format_day(milliseconds: int) -> str:
    """Write a time as a day (UTC).

    >>> format_day(1541116800000)
    '2018-11-02'
    """
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).date().isoformat()


def wrap_text(text: str, width: int, indent: str = "") -> str:
    """Fold white space and break into lines; long words are cut so that no line is wider than the page.

    >>> wrap_text("one two\\nthree", 11, "  ")
    '  one two\\n  three'
    """
    return textwrap.fill(_show(text), width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def wrap_prose(text: str, width: int, indent: str = "") -> str:
    """Wrap each line of a text by itself, so that lists and paragraphs stay what they are."""
    return "\n".join(wrap_text(line, width, indent) if line.strip() else "" for line in text.strip().split("\n"))


def _show(text: str) -> str:
    """A text on one line, with nothing in it that could steer a terminal."""
    return _CONTROLS.sub(" ", clean_text(text).text)
