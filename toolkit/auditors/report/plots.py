"""Plots of the report, as SVG: bars drawn from figures, nothing else."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

WIDTH, LABEL, ROW, GAP = 640, 130, 18, 8
VERDICTS = ("supported", "contradicted", "unsupported", "not_checkable")


def plot_claims(claims: Mapping[str, Mapping[str, int]]) -> str:
    """Draw one stacked bar for each kind of claim, as wide as there are claims of it."""
    most = max((sum(row.values()) for row in claims.values()), default=0) or 1
    parts: list[str] = []
    for number, (kind, row) in enumerate(claims.items()):
        top = number * (ROW + GAP)
        parts.append(_text(0, top, kind.replace("_", " ")))
        left = float(LABEL)
        for verdict in VERDICTS:
            width = (WIDTH - LABEL - 60) * row[verdict] / most
            label = f"{row[verdict]} {verdict.replace('_', ' ')}"
            if width:
                parts.append(_bar(left, top, width, verdict, label))
            left += width
        parts.append(_text(left + 6, top, str(sum(row.values()))))
    parts += _draw_legend(len(claims) * (ROW + GAP), VERDICTS)
    return _wrap(parts, (len(claims) + 1) * (ROW + GAP), "Claims by kind and verdict")


def plot_precision(measured: Mapping[str, Any]) -> str:
    """Draw, for each share of the agent's words, the paper's own record beside another paper's."""
    parts: list[str] = []
    names = {"k_precision": "words", "idf_k_precision": "telling stems", "bigram_precision": "pairs of words"}
    for number, (key, name) in enumerate(names.items()):
        top = number * (2 * ROW + GAP)
        parts.append(_text(0, top, name))
        for offset, (kind, field) in enumerate((("own", "own"), ("other", "other_paper"))):
            share = measured[key][field] or 0.0
            width = (WIDTH - LABEL - 60) * share
            parts.append(_bar(LABEL, top + offset * ROW, width, kind, f"{name}: {share:.2f} {kind}"))
            parts.append(_text(LABEL + width + 6, top + offset * ROW, f"{share:.2f}"))
    parts += _draw_legend(len(names) * (2 * ROW + GAP), ("own", "other"))
    return _wrap(parts, len(names) * (2 * ROW + GAP) + ROW + GAP, "Shares of the agent's words that stand in a record")


def _draw_legend(top: float, kinds: Sequence[str]) -> list[str]:
    parts: list[str] = []
    for number, kind in enumerate(kinds):
        left = LABEL + number * 120
        parts += [_bar(left, top, 12, kind, kind), _text(left + 18, top, kind.replace("_", " "))]
    return parts


def _bar(left: float, top: float, width: float, kind: str, label: str) -> str:
    return (
        f'<rect class="{escape(kind)}" x="{left:.1f}" y="{top + 3:.1f}" width="{width:.1f}" height="{ROW - 6}">'
        f"<title>{escape(label)}</title></rect>"
    )


def _text(left: float, top: float, words: str) -> str:
    return f'<text x="{left:.1f}" y="{top + ROW - 5:.1f}">{escape(words)}</text>'


def _wrap(parts: Sequence[str], height: float, title: str) -> str:
    opening = f'<svg role="img" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}">'
    return f"{opening}<title>{escape(title)}</title>{''.join(parts)}</svg>"
