"""Many audits added up: the content of ``audit/summary.json``."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from toolkit.auditors.duplicates import DuplicateFinder
from toolkit.auditors.rules import GROUPS, NEAR_DUPLICATE, RULES, AuditResult, Measures
from toolkit.auditors.surface import (
    Knowledge,
    PointKey,
    Precision,
    find_reached_points,
    measure_auc,
    measure_precision,
    measure_variety,
    read_knowledge,
)
from toolkit.records import Dialogue, Finding, Forum, Severity, TurnGrounding, Verdict

VARIETY_LIMIT = 1000
"""Dialogues whose variety is measured: the figures of a larger set are lower, so sets are compared at one size."""
_SPEAKERS = ("dialogue_agent", "meta_reviewer")


class AuditTally:
    """Adds up the audits of a set of dialogues, one at a time."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._dialogues = 0
        self._turns = 0
        self._without_record = 0
        self._by_rule: Counter[str] = Counter()
        self._dialogues_by_rule: Counter[str] = Counter()
        self._dialogues_by_group: Counter[str] = Counter()
        self._dialogues_by_severity: Counter[str] = Counter()
        self._claims: Counter[tuple[str, str]] = Counter()
        self._measures: Counter[str] = Counter()
        self._duplicates = DuplicateFinder()
        self._turns_of: dict[str, list[Sequence[str]]] = {speaker: [] for speaker in _SPEAKERS}
        self._known: dict[str, Knowledge] = {}
        self._own: list[Precision] = []
        self._control: list[Precision] = []
        self._reached: set[PointKey] = set()
        self.turns: list[TurnGrounding] = []
        """How far each turn of a transcript's agent stands in the record."""
        self._points: dict[PointKey, Mapping[str, str]] = {}

    def add(
        self,
        dialogue: Dialogue,
        forum: Forum | None,
        result: AuditResult,
        *,
        leave_out: frozenset[str] = frozenset(),
    ) -> Sequence[Finding]:
        """Add one audit; returns its findings, and what only the set as a whole can tell."""
        findings = [*result.findings, *self._find_duplicate(dialogue)]
        findings = [finding for finding in findings if finding.rule not in leave_out]
        self._dialogues += 1
        self._turns += len(dialogue.turns)
        self._without_record += forum is None
        self._by_rule.update(finding.rule for finding in findings)
        fired = {finding.rule for finding in findings}
        self._dialogues_by_rule.update(fired)
        self._dialogues_by_group.update(name for name, rules in GROUPS.items() if rules & fired)
        self._dialogues_by_severity.update({finding.severity for finding in findings})
        self._claims.update((claim.kind, claim.verdict) for claim in result.claims)
        self._measures.update(result.measures._asdict())
        if self._dialogues <= VARIETY_LIMIT:
            for speaker, texts in self._turns_of.items():
                texts.append([turn.text for turn in dialogue.turns if turn.speaker == speaker])
        if forum is not None:
            self._measure_against_record(dialogue, forum, result)
        return findings

    def _measure_turns(
        self, dialogue: Dialogue, result: AuditResult, known: Knowledge, other: Knowledge | None
    ) -> None:
        for turn in dialogue.turns:
            if turn.index not in result.support:
                continue
            own = measure_precision(turn.text, known)
            control = measure_precision(turn.text, other) if other is not None else None
            self.turns.append(
                TurnGrounding(
                    dialogue.dialogue_id,
                    turn.index,
                    **own._asdict(),
                    other_k_precision=control.k_precision if control is not None else None,
                    other_idf_k_precision=control.idf_k_precision if control is not None else None,
                    other_bigram_precision=control.bigram_precision if control is not None else None,
                    spans=result.support[turn.index],
                )
            )

    def _find_duplicate(self, dialogue: Dialogue) -> list[Finding]:
        near = self._duplicates.add(dialogue)
        if near is None:
            return []
        rule, other = NEAR_DUPLICATE, f"{near[0]} ({near[1]:.2f} of the wording)"
        message = f"nearly the same as {other}"
        return [Finding(dialogue.dialogue_id, None, rule.name, rule.severity, None, None, message, None, None, None)]

    def _measure_against_record(self, dialogue: Dialogue, forum: Forum, result: AuditResult) -> None:
        """The control is the paper that came before: another one of the same set, and the same one every time."""
        if forum.forum not in self._known:
            self._known = {**dict(list(self._known.items())[-1:]), forum.forum: read_knowledge(forum)}
        text = " ".join(turn.text for turn in dialogue.turns if turn.speaker == "dialogue_agent")
        others = [known for name, known in self._known.items() if name != forum.forum]
        if text and others:
            self._own.append(measure_precision(text, self._known[forum.forum]))
            self._control.append(measure_precision(text, others[-1]))
        self._measure_turns(dialogue, result, self._known[forum.forum], others[-1] if others else None)
        self._reached |= find_reached_points(dialogue, forum)
        for review in forum.reviews:
            for index, point in enumerate(review.points):
                groups = {"kind": point.kind, "aspect": point.aspect, "venue": forum.venue}
                key = PointKey(forum.forum, review.note_id, index)
                self._points[key] = {**groups, "decision": forum.decision.outcome}

    def summarize(self) -> dict[str, Any]:
        """Return the summary: plain values, in an order that depends on nothing but the table of rules."""
        severities = get_args(Severity)
        by_severity: Counter[str] = Counter()
        rules = (*RULES, NEAR_DUPLICATE)
        for rule in rules:
            by_severity[rule.severity] += self._by_rule[rule.name]
        measures = {name: self._measures[name] for name in Measures._fields}
        return {
            "dialogues": self._dialogues,
            "turns": self._turns,
            "dialogues_without_record": self._without_record,
            "findings": sum(self._by_rule.values()),
            "findings_by_severity": {severity: by_severity[severity] for severity in severities},
            "dialogues_by_severity": {severity: self._dialogues_by_severity[severity] for severity in severities},
            "dialogues_by_group": {name: self._dialogues_by_group[name] for name in GROUPS},
            "rules": {
                rule.name: {
                    "severity": rule.severity,
                    "findings": self._by_rule[rule.name],
                    "dialogues": self._dialogues_by_rule[rule.name],
                }
                for rule in rules
            },
            "claims": sum(self._claims.values()),
            "claims_by_kind": {
                kind: {verdict: self._claims[kind, verdict] for verdict in get_args(Verdict)}
                for kind in sorted({kind for kind, _ in self._claims})
            },
            **measures,
            "grounded_share": divide(measures["grounded_sentences"], measures["agent_sentences"]),
            "words_on_record": self._summarize_precision(),
            "variety": self._summarize_variety(),
            "coverage": self._summarize_coverage(),
        }

    def _summarize_precision(self) -> dict[str, Any]:
        """Shares of the agent's words that stand in the paper's reviews, beside those of another paper's."""
        summary: dict[str, Any] = {"dialogues": len(self._own)}
        for position, name in enumerate(Precision._fields):
            own, control = ([row[position] for row in rows] for rows in (self._own, self._control))
            summary[name] = {
                "own": _mean(own),
                "other_paper": _mean(control),
                "auc": round(measure_auc(own, control), 4) if own else None,
            }
        return summary

    def _summarize_variety(self) -> dict[str, Any]:
        measured = {speaker: measure_variety(texts) for speaker, texts in self._turns_of.items()}
        return {
            "dialogues": min(self._dialogues, VARIETY_LIMIT),
            **{speaker: {name: round(value, 4) for name, value in row.items()} for speaker, row in measured.items()},
        }

    def _summarize_coverage(self) -> dict[str, Any]:
        """Points of the reviews of the papers talked about, and how many of them no dialogue tells."""
        summary: dict[str, Any] = {"points": len(self._points), "told": len(self._reached)}
        for group in ("kind", "aspect", "venue", "decision"):
            whole = Counter(row[group] for row in self._points.values())
            told = Counter(self._points[key][group] for key in self._reached)
            summary[f"by_{group}"] = {
                name: {"points": whole[name], "told": told[name], "share": divide(told[name], whole[name])}
                for name in sorted(whole)
            }
        return summary


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def divide(part: int, whole: int) -> float | None:
    """Return a share to four digits; null of nothing.

    >>> divide(1, 3), divide(0, 0)
    (0.3333, None)
    """
    return round(part / whole, 4) if whole else None
