"""An audit on one page of a terminal."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.cli.reading import wrap_text
from toolkit.records import Finding

WIDTH = 80
EXAMPLES = 3
"""Findings shown for each rule."""
_VERDICTS = (
    ("supported", "supported"),
    ("contradicted", "contradicted"),
    ("unsupported", "unsupported"),
    ("not_checkable", "not checkable"),
)


class Example(NamedTuple):
    """One finding as the card shows it."""

    rule: str
    text: str


def read_examples(folder: Path) -> tuple[Example, ...]:
    """Return the first findings of every rule of an audit folder."""
    from toolkit.tables import from_row
    from toolkit.workspace import read_rows

    found: dict[str, list[Example]] = {}
    for row in read_rows(folder / "findings.parquet"):
        examples = found.setdefault(row["rule"], [])
        if len(examples) < EXAMPLES:
            examples.append(Example(row["rule"], _describe(from_row(Finding, row))))
    return tuple(example for examples in found.values() for example in examples)


def _describe(finding: Finding) -> str:
    turn = f" turn {finding.turn}" if finding.turn is not None else ""
    stated = f": {finding.stated}" if finding.stated is not None and finding.rule in _QUOTED else ""
    return f"{finding.dialogue_id}{turn}: {finding.message}{stated}"


_QUOTED = frozenset(("quote-not-verbatim", "agent-recommends", "meta-reviewer-knows-reviews", "label-number-mismatch"))
"""Rules whose message says what is wrong but not with which words."""


def render_score_card(summary: Mapping[str, Any], subject: str, examples: Sequence[Example]) -> str:
    """Return the card: evidence, grounding, claims by kind and verdict, findings by rule with examples."""
    checked, verified = summary["evidence_checked"], summary["evidence_verified"]
    share = summary["grounded_share"]
    lines = [
        wrap_text(f"Audit of {subject}", WIDTH),
        _line("Dialogues", f"{summary['dialogues']:,} with {summary['turns']:,} turns"),
        _line(
            "Evidence",
            f"{verified:,} of {checked:,} spans hold ({_percent(verified, checked)})" if checked else "none is given",
        ),
        _line(
            "Grounding",
            "no sentences of the agent to check"
            if share is None
            else f"{_percent(summary['grounded_sentences'], summary['agent_sentences'])} of "
            f"{summary['agent_sentences']:,} sentences of the agent have evidence",
        ),
    ]
    if summary["words_on_record"]["dialogues"]:
        lines += _render_words_on_record(summary["words_on_record"])
    if summary["dialogues_without_record"]:
        lines.append(_line("No record", f"{summary['dialogues_without_record']:,} dialogues could not be checked"))
    lines += ["", *_render_claims(summary["claims_by_kind"]), "", *_render_findings(summary, examples)]
    return "\n".join(lines)


def _render_words_on_record(measured: Mapping[str, Any]) -> list[str]:
    """The agent's words beside those of another paper: a share by itself says little."""
    rows = [
        f"{measured[key]['own']:.2f} of {what} ({measured[key]['other_paper']:.2f} with another paper's, AUC"
        f" {measured[key]['auc']:.2f})"
        for key, what in (("k_precision", "its words"), ("bigram_precision", "pairs of words"))
    ]
    return [_line("On record", rows[0]), _line("", rows[1])]


def _line(name: str, text: str) -> str:
    return f"{name:<12}{text}"


def _percent(part: int, whole: int) -> str:
    """A share of 100 % means all: rounding never hides the last few.

    >>> _percent(9999, 10000), _percent(10000, 10000)
    ('99.9 %', '100 %')
    """
    return "100 %" if part == whole else f"{min(100 * part / whole, 99.9):.1f} %"


def _render_claims(claims: Mapping[str, Mapping[str, int]]) -> list[str]:
    if not claims:
        return ["No statements about scores, counts or decisions were found."]
    lines = [f"{'Claims':<16}" + "".join(f"{heading:>15}" for _, heading in _VERDICTS)]
    for kind, verdicts in claims.items():
        lines.append(f"  {kind.replace('_', ' '):<14}" + "".join(f"{verdicts[name]:>15,}" for name, _ in _VERDICTS))
    return lines


def _render_findings(summary: Mapping[str, Any], examples: Sequence[Example]) -> list[str]:
    severities = summary["findings_by_severity"]
    totals = ", ".join(f"{count:,} {name}{'s' * (count != 1 and name != 'info')}" for name, count in severities.items())
    lines = [f"Findings    {totals}"]
    whole = summary["dialogues"]
    for name, count in summary["dialogues_by_group"].items():
        if count:
            lines.append(f"  {count:>7,} of {whole:,} dialogues {name} ({_percent(count, whole)})")
    fired = [(name, rule) for name, rule in summary["rules"].items() if rule["findings"]]
    order = list(severities)
    for name, rule in sorted(fired, key=lambda item: (order.index(item[1]["severity"]), -item[1]["findings"])):
        where = f"{rule['findings']:>6,} in {rule['dialogues']:,} dialogue{'s' * (rule['dialogues'] != 1)}"
        lines.append(f"  {name:<37}{rule['severity']:<8}{where}")
        lines += [wrap_text(example.text, WIDTH, "      ") for example in examples if example.rule == name]
    silent = len(summary["rules"]) - len(fired)
    lines.append(f"  {silent} of {len(summary['rules'])} rules found nothing")
    return lines
