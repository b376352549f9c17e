"""Builds ``report.html``: one file that works from disk, with every dialogue beside its record.

Texts are packed (gzip, base64) dialogue by dialogue and paper by paper, and unpacked when one is opened, so that a set
of thousands opens at once. The policy of the page allows its own script and style by their hashes and nothing else.
"""

import base64
import gzip
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from toolkit import __version__
from toolkit.auditors.report.plots import plot_claims, plot_precision
from toolkit.records import Claim, Dialogue, Evidence, Finding, Forum, SupportingSpan, Turn, TurnGrounding
from toolkit.tables import to_row
from toolkit.text import collect_sources

HERE = Path(__file__).parent
REPORT_LIMIT = 3000
"""Dialogues that a report holds; of a larger set those with the gravest findings, in the order of the set."""
MOST_VENUES = 3
"""Venues that the title names."""
_UNSAFE = re.compile("[<>&\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
"""Characters that end a script or open a tag, and those that do not show or turn the reading direction."""
_GRAVITY = {"error": 0, "warning": 1, "info": 2}


def build_report(
    summary: Mapping[str, Any],
    findings: Sequence[Finding],
    claims: Sequence[Claim],
    pairs: Iterable[tuple[Dialogue, Forum | None]],
    grounding: Sequence[TurnGrounding] = (),
) -> str:
    """Return the page.

    Args:
        summary: The content of ``summary.json``.
        findings: All findings of the audit.
        claims: All claims of the audit.
        pairs: The dialogues that were audited, each with its record, in their order.
        grounding: Where the turns of transcripts may come from, shown as evidence is.
    """
    by_dialogue: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_dialogue[finding.dialogue_id].append(finding)
    stated: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        stated[claim.dialogue_id].append(claim)
    support = {(turn.dialogue_id, turn.turn): turn.spans for turn in grounding}
    chosen = _choose(summary["dialogues"], by_dialogue)
    room = REPORT_LIMIT - len(chosen) if chosen is not None else REPORT_LIMIT
    rows: list[dict[str, Any]] = []
    payloads: list[tuple[str, str]] = []
    records: dict[str, str] = {}
    for dialogue, forum in pairs:
        found = by_dialogue.get(dialogue.dialogue_id, [])
        if chosen is not None and dialogue.dialogue_id not in chosen:
            if found or room <= 0:
                continue
            room -= 1
        if forum is not None and forum.forum not in records:
            records[forum.forum] = f"r{len(records)}"
            payloads.append((records[forum.forum], _pack(_describe_record(forum))))
        name = f"d{len(rows)}"
        payloads.append(
            (name, _pack(_describe_dialogue(dialogue, forum, found, stated[dialogue.dialogue_id], support)))
        )
        rows.append(_describe_row(dialogue, found, name, records.get(dialogue.forum)))
        if len(rows) == REPORT_LIMIT:
            break
    return _render(summary, rows, payloads)


def _choose(dialogues: int, by_dialogue: Mapping[str, Sequence[Finding]]) -> frozenset[str] | None:
    """Return which dialogues with findings a report of a large set holds; null where it holds all."""
    if dialogues <= REPORT_LIMIT:
        return None
    worst = {name: min(_GRAVITY[item.severity] for item in found) for name, found in by_dialogue.items()}
    return frozenset(sorted(worst, key=lambda name: worst[name])[:REPORT_LIMIT])


def _describe_row(dialogue: Dialogue, found: Sequence[Finding], payload: str, record: str | None) -> dict[str, Any]:
    severities = sorted({item.severity for item in found}, key=lambda name: _GRAVITY[name])
    words = [dialogue.dialogue_id, dialogue.title or "", dialogue.venue, dialogue.decision or ""]
    words += [f"{item.rule} {item.message} {item.stated or ''}" for item in found]
    return {
        "id": dialogue.dialogue_id,
        "title": dialogue.title,
        "venue": dialogue.venue,
        "decision": dialogue.decision,
        "findings": len(found),
        "worst": severities[0] if severities else None,
        "severities": severities,
        "rules": sorted({item.rule for item in found}),
        "search": " ".join(words).lower(),
        "payload": payload,
        "record": record,
    }


def _describe_dialogue(
    dialogue: Dialogue,
    forum: Forum | None,
    found: Sequence[Finding],
    claims: Sequence[Claim],
    support: Mapping[tuple[str, int], Sequence[SupportingSpan]],
) -> dict[str, Any]:
    names = _name_notes(forum) if forum is not None else {}
    return {
        "id": dialogue.dialogue_id,
        "title": dialogue.title,
        "turns": [
            _describe_turn(turn, [*turn.evidence, *support.get((dialogue.dialogue_id, turn.index), ())], names)
            for turn in dialogue.turns
        ],
        "findings": [
            {
                **{name: value for name, value in to_row(item).items() if name not in ("dialogue_id", "evidence")},
                "note_id": item.evidence.note_id if item.evidence is not None else None,
                "field": item.evidence.field if item.evidence is not None else None,
                "key": f"f{number}",
            }
            for number, item in enumerate(found)
        ],
        "claims": [{name: value for name, value in to_row(item).items() if name != "dialogue_id"} for item in claims],
    }


def _describe_turn(turn: Turn, spans: Sequence[Evidence | SupportingSpan], names: Mapping[str, str]) -> dict[str, Any]:
    evidence = [
        {
            "note_id": item.note_id,
            "field": item.field,
            "start": item.start,
            "end": item.end,
            "turn_start": item.turn_start,
            "turn_end": item.turn_end,
            "key": f"e{turn.index}-{number}",
            "name": names.get(item.note_id, item.note_id),
            "supposed": isinstance(item, SupportingSpan),
        }
        for number, item in enumerate(spans)
    ]
    return {"index": turn.index, "speaker": turn.speaker, "text": turn.text, "act": turn.act, "evidence": evidence}


def _describe_record(forum: Forum) -> dict[str, Any]:
    names = _name_notes(forum)
    fields: dict[str, list[dict[str, str]]] = defaultdict(list)
    for (note, field), text in collect_sources(forum).items():
        fields[note].append({"field": field, "text": text})
    return {
        "forum": forum.forum,
        "notes": [{"id": note, "name": names.get(note, note), "fields": found} for note, found in fields.items()],
    }


def _name_notes(forum: Forum) -> dict[str, str]:
    """Return what each note of a forum is called beside a dialogue."""
    names = {forum.forum: "The paper"}
    for review in forum.reviews:
        scores = [
            f"{score.field} {score.raw.split(':')[0]}" for score in (review.rating, review.confidence) if score.raw
        ]
        names[review.note_id] = f"Reviewer {review.reviewer[1:]}" + (f" ({', '.join(scores)})" if scores else "")
    for comment in forum.discussion:
        who = comment.role.replace("_", " ")
        names[comment.note_id] = f"Comment, {who}" + (f" {comment.reviewer[1:]}" if comment.reviewer else "")
    if forum.meta_review is not None:
        names[forum.meta_review.note_id] = "Meta-review"
    if forum.decision.note_id is not None:
        names.setdefault(forum.decision.note_id, "Decision")
    return names


def _pack(value: Any) -> str:
    packed = gzip.compress(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), compresslevel=6, mtime=0)
    return base64.b64encode(packed).decode("ascii")


def _render(summary: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], payloads: Sequence[tuple[str, str]]) -> str:
    style = (HERE / "report.css").read_text(encoding="utf-8")
    script = (HERE / "report.js").read_text(encoding="utf-8")
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True)
    template = environment.from_string((HERE / "report.html.j2").read_text(encoding="utf-8"))
    rules = [
        {"name": name, **rule}
        for name, rule in sorted(
            summary["rules"].items(), key=lambda item: (_GRAVITY[item[1]["severity"]], -item[1]["findings"])
        )
        if rule["findings"]
    ]
    whole = max(1, summary["dialogues"])
    measured = summary["words_on_record"]
    return template.render(
        title=_write_title(rows),
        lead=_write_lead(summary),
        version=__version__,
        style=Markup(style),
        style_hash=_hash(style),
        script=Markup(script),
        script_hash=_hash(script),
        tiles=_list_tiles(summary),
        groups=[(name, count, count / whole) for name, count in summary["dialogues_by_group"].items() if count],
        rules=rules,
        most=max((rule["findings"] for rule in rules), default=1),
        claims=summary["claims_by_kind"],
        claims_plot=Markup(plot_claims(summary["claims_by_kind"])),
        precision_plot=Markup(plot_precision(measured)) if measured["dialogues"] else "",
        coverage=summary["coverage"]["by_kind"],
        left_out=summary["dialogues"] - len(rows),
        index=Markup(_embed({"dialogues": rows})),
        payloads=payloads,
    )


def _write_title(rows: Sequence[Mapping[str, Any]]) -> str:
    """Name the venues, and no folder: the same dialogues give the same page wherever they lie."""
    venues = sorted({row["venue"] for row in rows if row["venue"]})
    if not venues or len(venues) > MOST_VENUES:
        return "Audit of dialogues" + (f" about papers of {len(venues)} venues" if venues else "")
    return f"Audit of dialogues about papers of {', '.join(venues)}"


def _write_lead(summary: Mapping[str, Any]) -> str:
    severities = ", ".join(
        f"{count:,} {name}{'s' * (count != 1 and name != 'info')}"
        for name, count in summary["findings_by_severity"].items()
    )
    return f"{summary['dialogues']:,} dialogues, {summary['turns']:,} turns. Findings: {severities}."


def _list_tiles(summary: Mapping[str, Any]) -> list[dict[str, str]]:
    tiles = [
        ("dialogues", f"{summary['dialogues']:,}"),
        ("with an error", f"{summary['dialogues_by_severity']['error']:,}"),
        ("claims about the record", f"{summary['claims']:,}"),
    ]
    if summary["evidence_checked"]:
        tiles.append(("evidence spans hold", f"{summary['evidence_verified']:,} of {summary['evidence_checked']:,}"))
    if summary["dialogues_without_record"]:
        tiles.append(("without a record", f"{summary['dialogues_without_record']:,}"))
    return [{"words": words, "figure": figure} for words, figure in tiles]


def _embed(value: Any) -> str:
    """Write JSON that can stand in a page: nothing in it can end the script or open a tag."""
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
