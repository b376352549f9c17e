"""The table of rules, and the audit of one dialogue."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from toolkit.auditors import attribution, grounding, privacy, roles, scores, structure, wording
from toolkit.auditors.marks import Check, Mark
from toolkit.auditors.subject import Subject, is_transcribed, read_subject
from toolkit.auditors.support import find_support
from toolkit.records import Claim, Dialogue, Finding, Forum, Severity, SupportingSpan

About = Literal["any", "written", "transcribed"]
"""Which dialogues a rule is for: all; those with evidence and columns of their own; those read from transcripts."""


class Rule(NamedTuple):
    """One thing that dialogues are checked for."""

    name: str
    """Kebab-case, as findings carry it."""
    severity: Severity
    check: Check
    """Its docstring says what the rule means, with an example and a counter-example."""
    about: About = "any"


RULES: tuple[Rule, ...] = (
    Rule("record-missing", "warning", structure.find_missing_record),
    Rule("turn-index-broken", "error", structure.find_broken_indexes, "written"),
    Rule("messages-differ", "error", structure.find_unlike_messages, "written"),
    Rule("metrics-differ", "error", structure.find_wrong_metrics, "written"),
    Rule("column-contradicted", "error", structure.find_wrong_columns, "written"),
    Rule("empty-turn", "error", structure.find_empty_turns),
    Rule("speaker-order", "error", structure.find_speaker_disorder),
    Rule("repeated-turn", "warning", structure.find_repeated_turns),
    Rule("score-contradicted", "error", scores.find_contradicted_scores),
    Rule("score-unsupported", "error", scores.find_unsupported_scores),
    Rule("label-number-mismatch", "error", scores.find_mismatched_labels),
    Rule("count-contradicted", "error", scores.find_contradicted_counts),
    Rule("decision-contradicted", "error", scores.find_contradicted_decisions),
    Rule("reviewer-not-in-record", "error", scores.find_unknown_reviewers),
    Rule("one-reviewer-as-all", "warning", scores.find_one_as_all, "transcribed"),
    Rule("self-contradiction", "error", scores.find_self_contradictions),
    Rule("review-numbering", "info", scores.find_numbering, "transcribed"),
    Rule("agent-recommends", "error", roles.find_recommending_agent),
    Rule("no-decision", "error", roles.find_missing_decision),
    Rule("last-word-not-meta-reviewer", "error", roles.find_wrong_last_speaker),
    Rule("meta-reviewer-knows-reviews", "error", roles.find_knowing_opening),
    Rule("evidence-mismatch", "error", grounding.find_broken_evidence, "written"),
    Rule("quote-not-verbatim", "error", grounding.find_inexact_quotations, "written"),
    Rule("ungrounded-claim", "warning", grounding.find_ungrounded_sentences),
    Rule("misattributed-statement", "error", attribution.find_misattributed_statements, "written"),
    Rule("criticism-attributed-to-authors", "error", attribution.find_criticism_as_authors),
    Rule("author-claim-attributed-to-reviewers", "warning", attribution.find_author_words_as_reviews),
    Rule("claim-not-on-record", "warning", attribution.find_claims_not_on_record, "written"),
    Rule("dangling-citation", "warning", wording.find_dangling_citations, "transcribed"),
    Rule("placeholder", "error", wording.find_placeholders),
    Rule("copied-prompt", "error", wording.find_copied_prompts),
    Rule("prompt-injection", "error", wording.find_injections),
    Rule("degenerate-text", "error", wording.find_degenerate_text),
    Rule("truncated", "warning", wording.find_truncated_end),
    Rule("assistant-boilerplate", "info", wording.find_boilerplate),
    Rule("pii-email", "error", privacy.find_email_addresses),
    Rule("pii-tilde-id", "error", privacy.find_profile_ids),
    Rule("pii-phone", "error", privacy.find_phone_numbers),
    Rule("pii-url-personal", "warning", privacy.find_personal_pages),
    Rule("pii-author-name", "warning", privacy.find_author_names),
    Rule("hidden-characters", "error", privacy.find_hidden_characters),
)

NEAR_DUPLICATE = Rule("near-duplicate-dialogue", "warning", structure.find_nothing_alone)
"""A rule on the set: ``AuditTally`` applies it."""


GROUPS: Mapping[str, frozenset[str]] = {
    "state a wrong score": frozenset(("score-contradicted", "score-unsupported", "label-number-mismatch")),
    "state a wrong decision": frozenset(("decision-contradicted",)),
    "never decide": frozenset(("no-decision",)),
    "break a role rule": frozenset(
        ("agent-recommends", "last-word-not-meta-reviewer", "meta-reviewer-knows-reviews", "speaker-order")
    ),
    "put words into another's mouth": frozenset(
        ("misattributed-statement", "criticism-attributed-to-authors", "author-claim-attributed-to-reviewers")
    ),
}
"""What a reader wants to know first of a set: how many dialogues do what."""


class Measures(NamedTuple):
    """What was looked at in one dialogue."""

    evidence_checked: int
    """Evidence spans whose record is at hand."""
    evidence_verified: int
    """Those among them that are the note's text, character by character."""
    agent_sentences: int
    """Sentences of the agent that the record must bear out."""
    grounded_sentences: int
    """Those among them with evidence."""


class AuditResult(NamedTuple):
    """What an audit of one dialogue found."""

    claims: tuple[Claim, ...]
    findings: tuple[Finding, ...]
    measures: Measures
    support: Mapping[int, tuple[SupportingSpan, ...]]
    """Turn of a transcript's agent -> where in the record it may come from; other dialogues have evidence."""


def audit_dialogue(dialogue: Dialogue, forum: Forum | None, *, leave_out: frozenset[str] = frozenset()) -> AuditResult:
    """Check one dialogue against the record of its paper; ``leave_out`` names rules that are not applied.

    Claims come in the order of the text, findings in the order of ``RULES`` and then of the text. Without a record the
    claims are ``not_checkable`` and only structure, roles and privacy are checked.

    >>> from toolkit.records import Dialogue, DialogueMetrics, Generator, Message, Turn
    >>> text = "I have it on my list. What is it about?"
    >>> dialogue = Dialogue("d", "f", "v", None, None, None, Generator("g", "1", None, None, 0), (),
    ...     (Turn(0, "meta_reviewer", text, "open", True, ()),), (Message("user", text),),
    ...     DialogueMetrics(1, 0, 10, 0, 0, 0, 0), None, "https://openreview.net/forum?id=f", True)
    >>> [finding.rule for finding in audit_dialogue(dialogue, None).findings]
    ['record-missing']
    """
    subject = read_subject(dialogue, forum)
    kind = "transcribed" if is_transcribed(dialogue) else "written"
    rules = [rule for rule in RULES if rule.about in ("any", kind) and rule.name not in leave_out]
    findings = [_make_finding(dialogue.dialogue_id, rule, mark) for rule in rules for mark in rule.check(subject)]
    sentences = [
        (reading, sentence) for reading in subject.turns for sentence in grounding.list_substantial_sentences(reading)
    ]
    checked = [fault for reading in subject.turns for fault in reading.faults] if forum is not None else []
    return AuditResult(
        claims=tuple(checked.claim for reading in subject.turns for checked in reading.claims),
        findings=tuple(findings),
        measures=Measures(
            evidence_checked=len(checked),
            evidence_verified=checked.count(None),
            agent_sentences=len(sentences),
            grounded_sentences=sum(grounding.is_grounded(reading, sentence) for reading, sentence in sentences),
        ),
        support=_find_support(subject) if forum is not None and kind == "transcribed" else {},
    )


def _find_support(subject: Subject) -> dict[int, tuple[SupportingSpan, ...]]:
    return {
        reading.turn.index: find_support(reading.turn.text, reading.sentences, subject.forum)
        for reading in subject.turns
        if subject.forum is not None and reading.turn.speaker == "dialogue_agent"
    }


def _make_finding(dialogue_id: str, rule: Rule, mark: Mark) -> Finding:
    return Finding(
        dialogue_id=dialogue_id,
        turn=mark.turn,
        rule=rule.name,
        severity=rule.severity,
        start=mark.start,
        end=mark.end,
        message=mark.message,
        stated=mark.stated,
        recorded=mark.recorded,
        evidence=mark.evidence,
    )
