"""What became of a paper: the strings of every era, as an outcome and a tier."""

import functools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from toolkit.records import Api, Decision, Note, Outcome
from toolkit.venues.answers import normalize_label
from toolkit.venues.catalogue import load_catalogue
from toolkit.venues.layouts import identify_venue

_FORUM_ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?openreview\.net/(?:forum|pdf)\?(?:[^#]*&)?id=(?P<forum>[\w-]+)")


def find_decision_field(venue: str, kind: str, fields: Collection[str] | None = None) -> str | None:
    """Return the field of a kind of note that holds the decision; null where such notes decide nothing.

    A meta-review's recommendation is no decision, except at venues that published nothing else (ICLR 2019).

    >>> find_decision_field("ICLR.cc/2019/Conference", "meta_review")
    'recommendation'
    >>> find_decision_field("ICLR.cc/2018/Conference", "meta_review") is None
    True
    """
    tables = load_catalogue().tables
    names: Sequence[str] = tables["decision_fields"].get(kind, ())
    if kind == "meta_review" and venue in tables["chair_decides"]:
        names = (tables["chair_decides"][venue],)
    return next((name for name in names if fields is None or name in fields), None)


def resolve_decision(venue: str, kind: str, field: str, raw: str | None, *, note_id: str | None = None) -> Decision:
    """Read a decision; the outcome is ``unknown`` where the field does not decide or its words are not known.

    >>> decision = resolve_decision("ICLR.cc/2023/Conference", "decision", "decision", "Accept: notable-top-5%")
    >>> decision.outcome, decision.tier
    ('accept', 'notable-top-5%')
    """
    if not isinstance(raw, str) or not raw.strip():
        return Decision(None, "unknown", None, note_id, field)
    if not _decides(venue, kind, field):
        return Decision(raw, "unknown", None, note_id, field)
    outcome, tier = _read_decision(raw)
    return Decision(raw, outcome, tier, note_id, field)


def resolve_submission(note: Note) -> Decision | None:
    """Read what a submission says about its own fate: its decision field, invitation, venueid and venue line.

    Null when it says nothing, as for a paper under review.
    """
    venue = identify_venue(note).venue
    field = find_decision_field(venue, "submission", note.content)
    if field is not None and isinstance(note.content[field], str):
        return resolve_decision(venue, "submission", field, note.content[field], note_id=note.id)
    for invitation in note.invitations:
        before, dash, name = invitation.rpartition("/-/")
        if dash and before == venue and (outcome := _find_outcome("venueid_outcomes", "ending", name)):
            return Decision(invitation, outcome, None, note.id, "invitation")
    venueid, line = (note.content.get(name) for name in ("venueid", "venue"))
    return resolve_venueid(
        venueid if isinstance(venueid, str) else None,
        line if isinstance(line, str) else None,
        venue=venue,
        api=note.api,
        note_id=note.id,
    )


def resolve_venueid(
    venueid: str | None, line: str | None, *, venue: str, api: Api, note_id: str | None = None
) -> Decision | None:
    """Read the ``venueid`` and the ``venue`` line of a submission; null when they say nothing about its fate.

    In API v1 accepted and rejected papers bear the same venueid, so a venueid that is the venue itself means
    acceptance in API v2 only.

    >>> resolve_venueid("V.cc/2022/Conference", "Submitted to V 2022", venue="V.cc/2022/Conference", api="v1").outcome
    'reject'
    >>> resolve_venueid("V.cc/2022/Conference", None, venue="V.cc/2022/Conference", api="v1") is None
    True
    """
    if venueid and venueid.startswith(f"{venue}/"):
        ending = venueid[len(venue) + 1 :]
        if outcome := _find_outcome("venueid_outcomes", "ending", ending):
            return Decision(venueid, outcome, None, note_id, "venueid")
        if api == "v2":
            return None
    words = normalize_label(line or "")
    if words and (outcome := _find_outcome("venue_line_outcomes", "words", words, api)):
        return Decision(line, outcome, _find_tier(words) if outcome == "accept" else None, note_id, "venue")
    if api == "v2" and venueid == venue:
        return Decision(venueid, "accept", None, note_id, "venueid")
    return None


def list_commitment_fields() -> Sequence[str]:
    """Return the names of the fields in which a submission may name the forum where it was reviewed."""
    fields: Sequence[str] = load_catalogue().tables["commitment_fields"]
    return fields


def find_commitment(note: Note) -> str | None:
    """Return the forum that a submission names as the one where it was reviewed; null where it names none.

    Papers reviewed in a cycle of ACL Rolling Review are then committed to a conference, whose submission names the
    cycle's forum by its address and whose chairs decide.

    >>> from toolkit.notes import parse_note
    >>> link = {"paper_link": {"value": "https://openreview.net/forum?id=AbCdEfGhIj"}}
    >>> raw = {"id": "s", "tcdate": 1, "invitations": ["V/2025/Conference/-/Submission"], "content": link}
    >>> find_commitment(parse_note(raw))
    'AbCdEfGhIj'
    """
    for field in list_commitment_fields():
        link = note.content.get(field)
        if isinstance(link, str) and (match := _FORUM_ADDRESS.match(link.strip())) and match["forum"] != note.forum:
            return match["forum"]
    return None


def _decides(venue: str, kind: str, field: str) -> bool:
    tables = load_catalogue().tables
    if kind == "meta_review":
        return bool(tables["chair_decides"].get(venue) == field)
    return field in tables["decision_fields"].get(kind, ())


@functools.lru_cache(maxsize=4096)
def _read_decision(raw: str) -> tuple[Outcome, str | None]:
    words = normalize_label(raw)
    outcome = _find_outcome("decision_outcomes", "words", words) or "unknown"
    return outcome, _find_tier(words) if outcome in ("accept", "workshop") else None


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    result: str
    api: str | None


@functools.cache
def _load_rules(table: str, key: str, result: str) -> tuple[_Rule, ...]:
    rules: Iterable[Mapping[str, Any]] = load_catalogue().tables[table]
    return tuple(_Rule(re.compile(rule[key]), rule[result], rule.get("api")) for rule in rules)


def _find_outcome(table: str, key: str, text: str, api: str | None = None) -> Outcome | None:
    for rule in _load_rules(table, key, "outcome"):
        if rule.api in (None, api) and rule.pattern.fullmatch(text):
            return cast(Outcome, rule.result)
    return None


def _find_tier(words: str) -> str | None:
    for rule in _load_rules("decision_tiers", "words", "tier"):
        if match := re.search(rf"\b(?:{rule.pattern.pattern})\b", words):
            return rule.result.format(*match.groups())
    return None
