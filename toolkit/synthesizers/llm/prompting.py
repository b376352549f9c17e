"""The prompts: jinja2 templates in ``prompts/``, or a folder of the user's own, hashed into every dialogue."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from toolkit.errors import SynthesisError
from toolkit.records import AgendaItem, Finding, Forum, SynthesisMode, Turn
from toolkit.synthesizers.llm.openings import Opening, PlannedTurn
from toolkit.synthesizers.llm.passages import show_words

FOLDER = Path(__file__).with_name("prompts")
NAMES = ("system", "dialogue", "turn", "repair", "refine")

Messages = tuple[tuple[str, str], ...]
"""(role, content)."""


class Prompts:
    """The templates of one folder; a name that is not there is taken from the package."""

    def __init__(self, folder: Path | None = None) -> None:
        """Read and hash them.

        Raises:
            SynthesisError: a template cannot be read or is none.
        """
        environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True)
        self._templates: dict[str, jinja2.Template] = {}
        digest = hashlib.sha256()
        for name in NAMES:
            own = folder / f"{name}.j2" if folder is not None else None
            path = own if own is not None and own.is_file() else FOLDER / f"{name}.j2"
            try:
                text = path.read_text(encoding="utf-8")
                self._templates[name] = environment.from_string(text)
            except (OSError, UnicodeDecodeError, jinja2.TemplateError) as error:
                raise SynthesisError(
                    f"is no prompt: {type(error).__name__}", where=str(path), mend="correct the template"
                ) from error
            digest.update(f"{name}\0{text}\0".encode())
        self.sha256 = digest.hexdigest()

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Fill in a template.

        Raises:
            SynthesisError: it names a value that there is not.
        """
        try:
            return self._templates[name].render(values).strip()
        except jinja2.TemplateError as error:
            raise SynthesisError(
                f"cannot be filled in: {error}", where=f"{name}.j2", mend="use only the values of the shipped prompt"
            ) from error

    def write_opening(self, forum: Forum, opening: Opening, mode: SynthesisMode) -> Messages:
        """Return the messages that every question begins with: rules, then the record, so that prefixes are reused."""
        outcome = forum.decision.outcome
        decision = None if outcome == "unknown" else f"{outcome} ({forum.decision.raw or outcome})"
        system = self.render("system", {"decision": show_words(decision) if decision else None, "mode": mode})
        record = self.render(
            "dialogue",
            {
                "title": show_words(forum.title or ""),
                "venue": show_words(forum.venue),
                "reviews": len(forum.reviews),
                "passages": opening.passages,
                "persona": opening.persona or "thorough",
                "agenda": [_describe_item(item) for item in opening.agenda],
                "mode": mode,
            },
        )
        return (("system", system), ("user", record))

    def add_turn_request(self, messages: Messages, planned: PlannedTurn) -> Messages:
        """Return a conversation with the request for one turn at its end; the first joins the record's message."""
        request = self.render(
            "turn",
            {
                "index": planned.place,
                "speaker": planned.speaker,
                "asks": planned.speaker == "meta_reviewer" and not planned.last,
                "last": planned.last,
                "item": _describe_item(planned.item),
            },
        )
        role, content = messages[-1]
        if role == "user":  # many servers want roles to alternate
            return (*messages[:-1], (role, f"{content}\n\n{request}"))
        return (*messages, ("user", request))

    def write_refinement(self, turns: Sequence[Turn], findings: Sequence[Finding]) -> str:
        """Return the message that sends failing turns back, each with its rules, its words and the right value."""
        failing = sorted({finding.turn for finding in findings if finding.turn is not None})
        return self.render(
            "refine",
            {
                "turns": [
                    {
                        "index": index,
                        "findings": [
                            {
                                "rule": finding.rule,
                                "message": show_words(finding.message),
                                "words": _cut_words(turns[index], finding),
                                "recorded": show_words(finding.recorded) if finding.recorded else None,
                            }
                            for finding in findings
                            if finding.turn == index
                        ],
                    }
                    for index in failing
                ]
            },
        )


def _describe_item(item: AgendaItem) -> dict[str, Any]:
    return {
        "act": item.act.replace("_", " "),
        "aspect": item.aspect,
        "reviewers": [f"Reviewer {name[1:]}" for name in item.reviewers],
    }


def _cut_words(turn: Turn, finding: Finding) -> str | None:
    if finding.start is None or finding.end is None:
        return None
    return show_words(turn.text[finding.start : finding.end])
