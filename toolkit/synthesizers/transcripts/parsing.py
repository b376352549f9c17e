"""Turns of a raw transcript, with every character of its text accounted for.

The text is read once, line by line: which lines begin with a label, which are headers, where the text falls apart. All
that is ambiguous (a list of reviews that looks like speakers, "Me:", an output block, a second copy) is decided over
the whole transcript, and each such decision is a repair that says where and why.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from toolkit.records import PartKind, Repair, Transcript, TranscriptPart, TranscriptTurn
from toolkit.synthesizers.transcripts.names import (
    NUMBERED,
    STAND_IN,
    Label,
    LabelTable,
    load_labels,
    read_declared,
    read_label,
)
from toolkit.text import mask_addresses
from toolkit.text.degeneration import find_degeneration
from toolkit.text.doubtful import load_doubtful_words

CHAIR, AGENT = "meta_reviewer", "dialogue_agent"
SOUND_START_WORDS = 12
"""A text that falls apart before so many words, and before anybody speaks, is degenerate from its first character."""
LEAST_SOUND_TURNS = 4
"""Turns that a transcript must have before it falls apart, to be usable as a dialogue."""
LEAST_COPY = 3
"""Turns that must recur in order for a copy of the dialogue."""
_ANSWERS = re.compile(
    r"\s*(?:yes|no|sure|certainly|of course|thank|thanks|i\b|i['’]|in my|my |while|absolutely|well|agreed|hello|hi\b)",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"(?:titled|title of the paper is|title is|paper(?: is)? called|entitled|the paper,?|paper on|reviews? (?:of|for))"
    r"[ \t]*:?[ \t]*[\"“](?P<title>[^\"”\n]{8,300}?)[.,]?[\"”]",
    re.IGNORECASE,
)


class _Line(NamedTuple):
    start: int
    text: str
    """Without its line end."""


class _Utterance(NamedTuple):
    label: Label
    speaker: str
    end: int
    """Where what belongs to it ends: at the next label, header line, or the end of the dialogue."""


def parse_transcript(text: str, *, source: str = "", dialogue_id: str = "", forum: str | None = None) -> Transcript:
    r"""Read one raw transcript; nothing of its text is lost.

    E-mail addresses and OpenReview profile ids are masked, character by character, so that offsets stay.

    >>> parsed = parse_transcript("Sure!\n\nMeta-Reviewer: What is it about?\n\nDialogue Agent: Batch size.\n")
    >>> [(turn.speaker, turn.text) for turn in parsed.turns]
    [('meta_reviewer', 'What is it about?'), ('dialogue_agent', 'Batch size.')]
    >>> parsed.preamble, parsed.usable
    ('Sure!', True)
    """
    masked, addresses = mask_addresses(text)
    reader = _Reader(masked, load_labels())
    repairs = [Repair("address-masked", start, end, f"a {kind} is masked") for kind, start, end in addresses]
    turns, parts, degenerate_from = reader.read()
    return finish_transcript(
        source=source,
        dialogue_id=dialogue_id,
        forum=forum,
        turns=turns,
        preamble=_join_parts(masked, parts, "preamble"),
        trailing=_join_parts(masked, parts, "trailing"),
        degenerate_from=degenerate_from,
        repairs=[*repairs, *reader.repairs],
        parts=parts,
    )


def finish_transcript(
    *,
    source: str,
    dialogue_id: str,
    forum: str | None,
    turns: Sequence[TranscriptTurn],
    preamble: str,
    trailing: str,
    degenerate_from: int | None,
    repairs: Sequence[Repair],
    parts: Sequence[TranscriptPart],
) -> Transcript:
    """Add what follows from the rest: the title, the marks, and whether it is usable."""
    marks = _find_marks(turns, preamble, degenerate_from, repairs)
    return Transcript(
        source=source,
        dialogue_id=dialogue_id,
        forum=forum,
        title=find_title("\n".join([preamble, *(turn.text for turn in turns)])),
        turns=tuple(turns),
        preamble=preamble,
        trailing=trailing,
        degenerate_from=degenerate_from,
        usable=not load_labels().never_usable.intersection(marks),
        marks=marks,
        repairs=tuple(sorted(repairs, key=lambda repair: (repair.start is not None, repair.start or 0, repair.kind))),
        parts=tuple(parts),
    )


def find_title(text: str) -> str | None:
    """Return the first title that a transcript gives in quotation marks; null where it gives none.

    >>> find_title('I am reviewing a paper titled "Batch Size Matters." Can you help?')
    'Batch Size Matters'
    """
    match = _TITLE.search(text)
    return " ".join(match["title"].split()) if match else None


def _join_parts(text: str, parts: Sequence[TranscriptPart], kind: PartKind) -> str:
    spans = [part for part in parts if part.kind == kind]
    return text[spans[0].start : spans[-1].end] if spans else ""


class _Reader:
    """The reading of one text; what it decides is collected in ``repairs``."""

    def __init__(self, text: str, table: LabelTable) -> None:
        self.text, self.table = text, table
        self.repairs: list[Repair] = []

    def read(self) -> tuple[list[TranscriptTurn], list[TranscriptPart], int | None]:
        text = self.text
        cut = find_degeneration(text)
        sound = len(text) if cut is None else cut
        lines = _split_lines(text, sound)
        headers = [line for line in lines if self._is_header(line)]
        labels = self._find_labels(lines)
        if cut is not None and not labels and len(text[:cut].split()) < SOUND_START_WORDS:
            cut = sound = 0
            headers = []
        if cut is not None and labels and not text[labels[-1].end : cut].strip():
            cut = sound = labels.pop().start
        headers = [line for line in headers if line.start < sound]
        utterances = self._bound(labels, headers, sound)
        utterances, end = self._split_trailing(utterances, sound)
        utterances, end = self._drop_copy(utterances, end)
        if cut is not None:
            self.repairs.append(Repair("degenerate-cut", cut, len(text), "loops or soup from here to the end"))
        turns = [
            TranscriptTurn(index, utterance.speaker, utterance.label.name, *self._trim(utterance))
            for index, utterance in enumerate(utterances)
        ]
        return turns, self._lay_out(utterances, headers, end, sound), cut

    def _is_header(self, line: _Line) -> bool:
        return bool(line.text.strip()) and self.table.header.fullmatch(line.text) is not None

    def _trim(self, utterance: _Utterance) -> tuple[str, int, int]:
        start, end = _trim_span(self.text, utterance.label.end, utterance.end)
        return self.text[start:end], start, end

    # Labels

    def _find_labels(self, lines: Sequence[_Line]) -> list[Label]:
        declared = read_declared([line.text for line in lines])
        found = [label for line in lines if (label := read_label(line.text, line.start, declared))]
        found = self._keep_speaking_reviewers(found)
        found = sorted([*found, *self._find_inline_labels(found, lines)])
        return self._resolve_stand_ins(found)

    def _find_inline_labels(self, found: Sequence[Label], lines: Sequence[_Line]) -> list[Label]:
        """Labels inside a line, where a transcript has no line ends between its utterances."""
        if not lines:
            return []
        taken = [(label.start, label.end) for label in found]
        end = lines[-1].start + len(lines[-1].text)
        inline = []
        for match in self.table.inline_label.finditer(self.text, 0, end):
            name = match["name"]
            label = read_label(f"{name}:", match.start("name"), {})
            if label is None or not name[0].isupper() or any(low <= label.start < high for low, high in taken):
                continue
            inline.append(label._replace(end=match.end()))
            self.repairs.append(Repair("label-inside-line", label.start, match.end(), "a new turn begins in the line"))
        return inline

    def _keep_speaking_reviewers(self, labels: Sequence[Label]) -> list[Label]:
        """Drop "Review 1:" where it heads an item of a list inside an utterance and nobody speaks under it."""
        kept: list[Label] = []
        position = 0
        while position < len(labels):
            if labels[position].certainty != NUMBERED:
                kept.append(labels[position])
                position += 1
                continue
            run = [labels[position]]
            while position + len(run) < len(labels) and labels[position + len(run)].certainty == NUMBERED:
                run.append(labels[position + len(run)])
            position += len(run)
            end = labels[position].start if position < len(labels) else len(self.text)
            if self._is_list(run, end, first=not kept):
                self.repairs.append(
                    Repair("review-list-kept", run[0].start, end, f"{len(run)} reviews in a list are no speakers")
                )
            else:
                kept += run
        return kept

    def _is_list(self, run: Sequence[Label], end: int, *, first: bool) -> bool:
        if first or self.text[: run[0].start].rstrip().endswith(":"):
            return True
        if len(run) == 1:
            return False
        ends = [*(label.start for label in run[1:]), end]
        speaking = sum(bool(_ANSWERS.match(self.text, label.end, stop)) for label, stop in zip(run, ends, strict=True))
        return speaking * 2 < len(run)

    def _resolve_stand_ins(self, labels: Sequence[Label]) -> list[Label]:
        """Read "Me" or "Human" as the one of the two who never speaks under a name of its own."""
        named = {label.speaker for label in labels if label.certainty != STAND_IN}
        missing = [speaker for speaker in (CHAIR, AGENT) if speaker not in named]
        stand_ins = Counter(label.speaker for label in labels if label.certainty == STAND_IN)
        others = [speaker for speaker in named if speaker not in (CHAIR, AGENT)]
        if len(stand_ins) != 1 or len(missing) != 1 or others or len(named) != 1:
            return list(labels)
        for label in labels:
            if label.certainty == STAND_IN:
                self.repairs.append(
                    Repair("stand-in-read", label.start, label.end, f"{label.name!r} is read as {missing[0]}")
                )
        return [label._replace(speaker=missing[0]) if label.certainty == STAND_IN else label for label in labels]

    # What belongs to an utterance

    def _bound(self, labels: Sequence[Label], headers: Sequence[_Line], sound: int) -> list[_Utterance]:
        bounds = sorted({*(label.start for label in labels), *(line.start for line in headers), sound})
        return [
            _Utterance(label, label.speaker, next(bound for bound in bounds if bound > label.start)) for label in labels
        ]

    def _split_trailing(self, utterances: list[_Utterance], sound: int) -> tuple[list[_Utterance], int]:
        """Split off output blocks and what stands behind the last utterance."""
        utterances, limit = self._read_output_block(utterances, sound)
        if not utterances:
            return utterances, limit
        last = utterances[-1]
        stop = min(last.end, limit) if last.end < limit else limit
        for start, paragraph in _split_paragraphs(self.text, last.label.end, stop):
            if start > last.label.end and self.table.trailing.match(paragraph):
                self.repairs.append(Repair("trailing-split", start, limit, "what follows the dialogue is split off"))
                return [*utterances[:-1], last._replace(end=start)], start
        return [*utterances[:-1], last._replace(end=stop)], max(stop, last.end if last.end < limit else limit)

    def _read_output_block(self, utterances: list[_Utterance], sound: int) -> tuple[list[_Utterance], int]:
        """An "Output:" block goes on with the dialogue where the other one speaks in it; else it is split off."""
        for position, utterance in enumerate(utterances):
            for start, paragraph in _split_paragraphs(self.text, utterance.label.end, utterance.end):
                if start <= utterance.label.end or not self.table.output.match(paragraph):
                    continue
                before = [*utterances[:position], utterance._replace(end=start)]
                after = utterances[position + 1 :]
                if after and after[0].speaker != utterance.speaker:
                    self.repairs.append(
                        Repair("output-block-joined", start, after[0].label.start, "the dialogue goes on in the block")
                    )
                    return [*before, *after], sound
                self.repairs.append(Repair("output-block-split", start, sound, "an output block is split off"))
                return before, start
        return utterances, sound

    def _drop_copy(self, utterances: list[_Utterance], end: int) -> tuple[list[_Utterance], int]:
        """Split off a second copy of the dialogue that is printed after the first."""
        folded = [(item.speaker, _fold(self._trim(item)[0])) for item in utterances]
        for first in range(LEAST_COPY, len(folded)):
            copy, original = folded[first:], folded[:first]
            if len(copy) < LEAST_COPY or len(copy) > len(original) or not _is_copy(copy, original):
                continue
            start = utterances[first].label.start
            last = utterances[first - 1]
            for paragraph_start, paragraph in _split_paragraphs(self.text, last.label.end, last.end):
                if paragraph_start > last.label.end and paragraph.rstrip().endswith(":"):
                    start = paragraph_start
            self.repairs.append(Repair("copy-split", start, end, "the dialogue is printed again from here"))
            return [*utterances[: first - 1], last._replace(end=start)], start
        return utterances, end

    # Accounting

    def _lay_out(
        self, utterances: Sequence[_Utterance], headers: Sequence[_Line], end: int, sound: int
    ) -> list[TranscriptPart]:
        marks: list[TranscriptPart] = []
        for utterance in utterances:
            _, start, stop = self._trim(utterance)
            marks.append(TranscriptPart("label", utterance.label.start, utterance.label.end))
            marks.append(TranscriptPart("text", start, stop))
        starts = [*(item.label.start for item in utterances[:1]), *(line.start for line in headers)]
        begin = min(starts, default=end)
        marks += [
            TranscriptPart("header", line.start, line.start + len(line.text)) for line in headers if line.start < end
        ]

        def name_gap(offset: int) -> PartKind:
            if offset < begin:
                return "preamble"
            return "header" if offset < end else "trailing"

        return tile_parts(self.text, marks, name_gap, sound)


def tile_parts(
    text: str, marks: Sequence[TranscriptPart], name_gap: Callable[[int], PartKind], sound: int
) -> list[TranscriptPart]:
    """Return parts that cover a text without a gap: the marks given, and what lies between them.

    Blank stretches are ``blank``, others are named by where they begin; from ``sound`` on all is ``degenerate``.
    """
    parts: list[TranscriptPart] = []

    def fill(start: int, stop: int) -> None:
        inner_start, inner_stop = _trim_span(text, start, stop)
        stretches: tuple[tuple[PartKind, int, int], ...] = (
            ("blank", start, inner_start),
            (name_gap(inner_start), inner_start, inner_stop),
            ("blank", inner_stop, stop),
        )
        for kind, left, right in stretches:
            if left < right:
                parts.append(TranscriptPart(kind, left, right))

    position = 0
    for mark in sorted(marks, key=lambda part: (part.start, part.end)):
        if mark.start >= mark.end:
            continue
        fill(position, mark.start)
        parts.append(mark)
        position = mark.end
    fill(position, max(sound, position))
    if sound < len(text):
        parts.append(TranscriptPart("degenerate", sound, len(text)))
    return parts


def _split_lines(text: str, end: int) -> list[_Line]:
    lines, start = [], 0
    for match in re.finditer(r"\r\n?|\n", text[:end]):
        lines.append(_Line(start, text[start : match.start()]))
        start = match.end()
    if start < end:
        lines.append(_Line(start, text[start:end]))
    return lines


def _split_paragraphs(text: str, start: int, end: int) -> list[tuple[int, str]]:
    """Return the lines of a stretch that begin a paragraph (after a line end), each with its offset."""
    found = []
    for match in re.finditer(r"[^\r\n]+", text[start:end]):
        if match[0].strip():
            lead = len(match[0]) - len(match[0].lstrip())
            found.append((start + match.start() + lead, match[0][lead:]))
    return found


def _trim_span(text: str, start: int, end: int) -> tuple[int, int]:
    body = text[start:end]
    if not body.strip():
        return start, start
    return start + len(body) - len(body.lstrip()), end - (len(body) - len(body.rstrip()))


def _is_copy(copy: Sequence[tuple[str, str]], original: Sequence[tuple[str, str]]) -> bool:
    """Whether turns (speaker, folded text) repeat others; the last of either may have something else at its end."""
    pairs = list(zip(copy, original, strict=False))
    return all(
        one[0] == other[0]
        and (
            one[1] == other[1]
            or (position >= len(pairs) - 1 and (one[1].startswith(other[1][:40]) or other[1].startswith(one[1])))
        )
        for position, (one, other) in enumerate(pairs)
    )


def _fold(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


# Marks


def _find_marks(
    turns: Sequence[TranscriptTurn], preamble: str, degenerate_from: int | None, repairs: Sequence[Repair]
) -> tuple[str, ...]:
    doubtful = load_doubtful_words()
    speakers = {turn.speaker for turn in turns}
    spoken = "\n".join(turn.text for turn in turns)
    facts: Mapping[str, bool] = {
        "no-turns": not turns,
        "one-speaker": len(speakers) == 1,
        "no-agent": bool(turns) and AGENT not in speakers,
        "no-meta-reviewer": bool(turns) and CHAIR not in speakers,
        "other-speakers": bool(speakers - {CHAIR, AGENT}),
        "agent-first": bool(turns) and turns[0].speaker == AGENT,
        "same-speaker-twice": any(one.speaker == other.speaker for one, other in pairwise(turns)),
        "empty-turn": any(not turn.text for turn in turns),
        "degenerate": degenerate_from is not None,
        "degenerate-early": degenerate_from is not None and len(turns) < LEAST_SOUND_TURNS,
        "truncated": bool(turns) and degenerate_from is None and not re.search(r"[.!?…:)\]\"”’*]\s*$", turns[-1].text),
        "output-block": any(repair.kind.startswith("output-block") for repair in repairs),
        "second-copy": any(repair.kind == "copy-split" for repair in repairs),
        **{kind: bool(pattern.search(spoken)) for kind, pattern in doubtful.utterances.items()},
        **{kind: bool(pattern.search(preamble)) for kind, pattern in doubtful.preamble.items()},
    }
    if not turns:
        facts = {**facts, "refusal": bool(doubtful.utterances["refusal"].search(preamble))}
    return tuple(sorted(kind for kind, holds in facts.items() if holds))
