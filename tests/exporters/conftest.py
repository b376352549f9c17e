"""Invented records, small but of every shape that a table can hold."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from toolkit import text
from toolkit.exporters import ExportOptions, ExportReport, export
from toolkit.records import (
    AgendaItem,
    Comment,
    Decision,
    Dialogue,
    DialogueMetrics,
    Evidence,
    Forum,
    Generator,
    Message,
    MetaReview,
    Point,
    RatingSummary,
    Review,
    Score,
    Section,
    SpoiltAnswer,
    TextChange,
    Turn,
)

STRENGTH = "The naïve baseline is strong — and the idea is simple."
WEAKNESS = "Only two data sets were used.\nError bars are missing."
REPLY = "We have added three data sets 🙂 and error bars."


def make_score(field: str, value: float | None, scale: str = "scale") -> Score:
    if value is None:
        return Score(field, None, None, None, None, None, None, None, "missing", "the form has no such field")
    return Score(field, f"{value:g}: as it says", value, "as it says", scale, value / 10, 0.5, "catalogue", "known")


def make_review(forum: str, number: int, rating: float | None, confidence: float | None) -> Review:
    return Review(
        note_id=f"{forum}r{number}",
        reviewer=f"R{number}",
        signature=f"Reviewer_{number}",
        created=1_541_000_000_000 + number,
        modified=1_542_000_000_000 + number,
        license="CC BY 4.0",
        rating=make_score("rating", rating),
        confidence=make_score("confidence", confidence),
        scores=(),
        sections=(Section("strengths", STRENGTH), Section("weaknesses", WEAKNESS)),
        points=(Point("weaknesses", 0, 29, "weakness", "experiments", "negative", 0.5),),
    )


def make_forum(forum: str, *, outcome: str = "accept", full: bool = True) -> Forum:
    """A paper; without ``full`` everything that can be empty or null is."""
    reviews = (make_review(forum, 1, 6.0, 4.0), make_review(forum, 2, None, None)) if full else ()
    return Forum(
        forum=forum,
        venue="Invented.cc/2019/Conference",
        year=2019 if full else None,
        title=f"On {forum}" if full else None,
        abstract="We study it." if full else None,
        keywords=("one", "two") if full else (),
        decision=Decision("Accept (Poster)", "accept", "poster", f"{forum}m", "decision")
        if full
        else Decision(None, "unknown", None),
        reviews=reviews,
        meta_review=MetaReview(f"{forum}m", "Fine.", (Section("metareview", "Fine."),), (), "Accept") if full else None,
        discussion=(
            Comment(f"{forum}c", f"{forum}r1", "author", None, "rebuttal", REPLY, 1_541_500_000_000, "comment", None),
        )
        if full
        else (),
        rating_summary=RatingSummary(1, 0.6, 0.0, 0.6, 0.0) if full else RatingSummary(0, None, None, None, None),
        license="CC BY 4.0",
        license_source="terms-2024-09-24",
        url=f"https://openreview.net/forum?id={forum}",
        api="v1",
        score_stage="final",
        text_changes=(TextChange("email", 2),) if full else (),
        fetched_at=None,
    )


def make_dialogue(forum: Forum, index: int = 0) -> Dialogue:
    """A dialogue of four turns (two without reviews) whose evidence holds."""
    sources = text.collect_sources(forum)

    def quote(note_id: str, field: str, words: str, turn: str) -> Evidence:
        start, turn_start = sources[note_id, field].index(words), turn.index(words)
        return text.make_evidence(
            sources,
            note_id,
            field,
            start,
            start + len(words),
            turn_start=turn_start,
            turn_end=turn_start + len(words),
            quote=True,
        )

    spoken: list[tuple[str, str, tuple[Evidence, ...]]] = [("meta_reviewer", f"What is {forum.title} about?", ())]
    if forum.reviews:
        first = "Reviewer 1 says “Only two data sets were used.”"
        second = "Not any more: “three data sets 🙂”."
        spoken += [
            ("dialogue_agent", first, (quote(f"{forum.forum}r1", "weaknesses", "Only two data sets", first),)),
            ("meta_reviewer", "Is that still so?", ()),
            ("dialogue_agent", second, (quote(f"{forum.forum}c", "comment", "three data sets 🙂", second),)),
        ]
    else:
        spoken.append(("dialogue_agent", "There are no reviews.", ()))
    turns = tuple(
        Turn(position, speaker, words, "inform", answerable=True, evidence=evidence)
        for position, (speaker, words, evidence) in enumerate(spoken)
    )
    spans = [evidence for turn in turns for evidence in turn.evidence]
    return Dialogue(
        dialogue_id=f"{forum.forum}-grounded-{index}",
        forum=forum.forum,
        venue=forum.venue,
        year=forum.year,
        title=forum.title,
        decision=forum.decision.outcome,
        generator=Generator("grounded", "1", None, None, 2**63 - 1),
        agenda=(AgendaItem("ask-summary", None, ()), AgendaItem("ask-aspect", "experiments", ("R1",))),
        turns=turns,
        messages=tuple(
            Message("user" if turn.speaker == "meta_reviewer" else "assistant", turn.text) for turn in turns
        ),
        metrics=DialogueMetrics(len(turns), 12, 8, len(spans), 2, 1, 0),
        license=forum.license,
        source_url=forum.url,
        synthetic=True,
    )


def make_papers(count: int) -> list[Forum]:
    """Papers in order of id; every fifth is as empty as one can be."""
    return [make_forum(f"paper{number:04d}", full=number % 5 != 4) for number in range(count)]


def export_papers(
    folder: Path,
    papers: list[Forum],
    options: ExportOptions | None = None,
    change: Callable[[Dialogue], Dialogue] = lambda dialogue: dialogue,
) -> ExportReport:
    """Export papers with one dialogue each, and a pair for its first answer."""
    dialogues = [change(make_dialogue(paper)) for paper in papers]
    return export(lambda: papers, lambda: dialogues, folder, options, spoil=spoil_first_answer)


def spoil_first_answer(dialogue: Dialogue, _forum: Forum) -> tuple[SpoiltAnswer, ...]:
    text = f"{dialogue.turns[1].text} I would accept it."
    return (SpoiltAnswer(1, "agent-recommends", text, len(dialogue.turns[1].text), len(text)),)


@pytest.fixture(scope="session")
def papers() -> list[Forum]:
    return make_papers(40)


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory, papers: list[Forum]) -> Path:
    """A dataset folder with rows in every split; tests read it and never write to it."""
    folder = tmp_path_factory.mktemp("exported") / "dataset"
    report = export_papers(folder, papers)
    assert all(set(rows) == {"train", "validation", "test"} for rows in report.rows.values())
    return folder


class Records(NamedTuple):
    """The makers above, for tests that need records of their own."""

    forum: Callable[..., Forum]
    dialogue: Callable[..., Dialogue]
    papers: Callable[[int], list[Forum]]
    export: Callable[..., ExportReport]


@pytest.fixture(scope="session")
def records() -> Records:
    return Records(make_forum, make_dialogue, make_papers, export_papers)


@pytest.fixture
def loading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The real ``datasets``, with a cache of its own, and unable to ask the Hub for anything."""
    import datasets
    from huggingface_hub import constants

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()
    return datasets
