"""Auditors: they compare every statement of a dialogue with the record, and say what is wrong with it."""

from toolkit.auditors.report import build_report
from toolkit.auditors.rules import RULES, AuditResult, Measures, Rule, audit_dialogue
from toolkit.auditors.tally import AuditTally
from toolkit.auditors.transcripts import read_transcript

__all__ = [
    "RULES",
    "AuditResult",
    "AuditTally",
    "Measures",
    "Rule",
    "audit_dialogue",
    "build_report",
    "read_transcript",
]
