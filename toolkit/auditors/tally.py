"""Many audits added up: the content of ``audit/summary.json``."""

from collections import Counter
from typing import Any, get_args

from toolkit.auditors.rules import RULES, AuditResult, Measures
from toolkit.records import Dialogue, Forum, Severity, Verdict


class AuditTally:
    """Adds up the audits of a set of dialogues, one at a time."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._dialogues = 0
        self._turns = 0
        self._without_record = 0
        self._by_rule: Counter[str] = Counter()
        self._dialogues_by_rule: Counter[str] = Counter()
        self._dialogues_by_severity: Counter[str] = Counter()
        self._claims: Counter[tuple[str, str]] = Counter()
        self._measures: Counter[str] = Counter()

    def add(self, dialogue: Dialogue, forum: Forum | None, result: AuditResult) -> None:
        """Add one audit."""
        self._dialogues += 1
        self._turns += len(dialogue.turns)
        self._without_record += forum is None
        self._by_rule.update(finding.rule for finding in result.findings)
        self._dialogues_by_rule.update({finding.rule for finding in result.findings})
        self._dialogues_by_severity.update({finding.severity for finding in result.findings})
        self._claims.update((claim.kind, claim.verdict) for claim in result.claims)
        self._measures.update(result.measures._asdict())

    def summarize(self) -> dict[str, Any]:
        """Return the summary: plain values, in an order that depends on nothing but the table of rules."""
        severities = get_args(Severity)
        by_severity: Counter[str] = Counter()
        for rule in RULES:
            by_severity[rule.severity] += self._by_rule[rule.name]
        measures = {name: self._measures[name] for name in Measures._fields}
        return {
            "dialogues": self._dialogues,
            "turns": self._turns,
            "dialogues_without_record": self._without_record,
            "findings": sum(self._by_rule.values()),
            "findings_by_severity": {severity: by_severity[severity] for severity in severities},
            "dialogues_by_severity": {severity: self._dialogues_by_severity[severity] for severity in severities},
            "rules": {
                rule.name: {
                    "severity": rule.severity,
                    "findings": self._by_rule[rule.name],
                    "dialogues": self._dialogues_by_rule[rule.name],
                }
                for rule in RULES
            },
            "claims": sum(self._claims.values()),
            "claims_by_kind": {
                kind: {verdict: self._claims[kind, verdict] for verdict in get_args(Verdict)}
                for kind in sorted({kind for kind, _ in self._claims})
            },
            **measures,
            "grounded_share": divide(measures["grounded_sentences"], measures["agent_sentences"]),
        }


def divide(part: int, whole: int) -> float | None:
    """Return a share to four digits; null of nothing.

    >>> divide(1, 3), divide(0, 0)
    (0.3333, None)
    """
    return round(part / whole, 4) if whole else None
