"""One record a paper, from all notes of its forum."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from toolkit import venues
from toolkit.errors import RecordError
from toolkit.normalizers.links import find_follow_ups, link_points
from toolkit.normalizers.parts import find_series
from toolkit.normalizers.points import find_points
from toolkit.normalizers.refusals import RefusedForumError, quarantine_forum, quarantine_note
from toolkit.normalizers.roles import Cast, cast_forum, find_role, find_signer, is_profile, read_handle
from toolkit.normalizers.sections import TextCleaner, list_text_fields, read_sections, read_title
from toolkit.normalizers.threads import order_threads
from toolkit.normalizers.versions import VersionedNote, settle_versions
from toolkit.notes import is_public, parse_note
from toolkit.records import (
    Comment,
    Decision,
    Forum,
    MetaReview,
    Note,
    PointKind,
    Quarantined,
    RatingSummary,
    Review,
    Revision,
    Score,
    ScoreStage,
    StageResult,
)

TERMS_LICENSE = "CC BY 4.0"
"""OpenReview's terms of 2024-09-24: reviews, meta-reviews and comments are CC BY 4.0, also those posted before."""
_DECIDED = frozenset(("accept", "reject", "workshop"))
_SILENT_KINDS = frozenset(("submission", "ai_review"))
_NO_OPTIONS: venues.FormOptions = {}
_REVIEW_TITLE = re.compile(r"review of ", re.IGNORECASE)


class NormalizedForum(NamedTuple):
    """A forum, and the notes that were left out of it with the reason."""

    forum: Forum
    quarantined: tuple[Quarantined, ...]


class _Parts(NamedTuple):
    """The notes of a forum by what they are for."""

    root: Note | None
    reviews: tuple[VersionedNote, ...]
    chair: Note | None
    """The note that holds the meta-review."""
    talk: tuple["_Said", ...]
    """The discussion in thread order."""


class _Said(NamedTuple):
    note: Note
    kind: str
    """What to show it as."""
    part_of: str | None
    """The note that holds the first part, of a text in several notes."""


class ForumInput(NamedTuple):
    """What is at hand of one paper."""

    forum: str
    notes: Sequence[Note]
    hints: Mapping[str, str]
    """What a crawl kept beside the notes."""
    commitments: Sequence[Note] = ()
    """Notes of submissions elsewhere that name this forum as the one where they were reviewed."""


class _Context(NamedTuple):
    cast: Cast
    kinds: Mapping[str, str]
    cleaner: TextCleaner
    title: str | None
    options: venues.FormOptions
    quarantined: list[Quarantined]


def normalize_forum(
    notes: Sequence[Note | Mapping[str, Any]],
    *,
    hints: Mapping[str, str] | None = None,
    options: venues.FormOptions = _NO_OPTIONS,
    commitments: Sequence[Note | Mapping[str, Any]] = (),
) -> Forum:
    """Turn all notes of one forum, in any order and any number of versions, into one record.

    Args:
        notes: ``Note`` records, or notes as the API sends them; what is not public of the latter is left out.
        hints: what a crawl kept beside the notes: ``title``, used where the submission itself is missing.
        options: what the invitations offer, where they were fetched (``venues.join_options``).
        commitments: notes of submissions to a conference that name this forum as the one where they were reviewed.

    Raises:
        RefusedForumError: the notes are not one paper's forum; ``reason`` says why in one kebab-case word.

    >>> normalize_forum([])
    Traceback (most recent call last):
    toolkit.normalizers.refusals.RefusedForumError: no public notes in this forum
    """
    return normalize_notes(notes, hints=hints, options=options, commitments=commitments).forum


def normalize_shard(forums: Iterable[ForumInput], *, options: venues.FormOptions = _NO_OPTIONS) -> StageResult:
    """Normalize many forums; what cannot be used goes to quarantine."""
    records: list[Forum] = []
    quarantined: list[Quarantined] = []
    for given in forums:
        try:
            result = normalize_notes(given.notes, hints=given.hints, options=options, commitments=given.commitments)
        except RecordError as error:
            quarantined.append(quarantine_forum(given.forum, error))
            continue
        records.append(result.forum)
        quarantined.extend(result.quarantined)
    return StageResult(tuple(records), tuple(quarantined))


def normalize_notes(
    notes: Sequence[Note | Mapping[str, Any]],
    *,
    hints: Mapping[str, str] | None = None,
    options: venues.FormOptions = _NO_OPTIONS,
    commitments: Sequence[Note | Mapping[str, Any]] = (),
) -> NormalizedForum:
    """Like ``normalize_forum``, and say which notes were left out and why."""
    quarantined: list[Quarantined] = []
    versions = settle_versions(_place_notes(_read_notes(notes, quarantined), quarantined))
    newest = [version.note for version in versions]
    kinds = {note.id: str(venues.classify_note(note)) for note in newest}
    forum, root = _find_root(newest, kinds)
    if root is None and "review" not in kinds.values():
        raise RefusedForumError("no-root-and-no-review", "neither the submission nor a review is here", where=forum)
    key = venues.identify_venue(root or newest[0])
    cleaner = TextCleaner()
    title = (read_title(root, cleaner) if root else None) or cleaner.clean_title((hints or {}).get("title"))
    context = _Context(cast_forum(newest, root), kinds, cleaner, title, options, quarantined)
    parts = _divide(versions, root, forum, context)
    decision = _find_decision(newest, root, kinds)
    if decision.outcome == "unknown" and commitments:
        decision = _find_committed_decision(_read_notes(commitments, []), forum) or decision
    return NormalizedForum(_build_forum(key, parts, decision, context, newest), tuple(quarantined))


def _read_notes(notes: Iterable[Note | Mapping[str, Any]], quarantined: list[Quarantined]) -> list[Note]:
    found = []
    for note in notes:
        if isinstance(note, Note):
            found.append(note)
        elif is_public(note):
            try:
                found.append(parse_note(note))
            except RecordError as error:
                quarantined.append(quarantine_note(str(note.get("id")), "malformed-note", str(error)))
        else:
            quarantined.append(quarantine_note(str(note.get("id")), "not-public", "the note is not public"))
    return found


def _place_notes(notes: Sequence[Note], quarantined: list[Quarantined]) -> list[Note]:
    """Keep the notes whose invitation tells their venue."""
    if not notes:
        raise RefusedForumError("no-public-notes", "no public notes in this forum")
    placed = []
    for note in notes:
        try:
            venues.identify_venue(note)
        except RecordError as error:
            quarantined.append(quarantine_note(note.id, "venue-unknown", str(error)))
        else:
            placed.append(note)
    if not placed:
        raise RefusedForumError("venue-unknown", "no invitation tells the venue", where=notes[0].forum)
    return placed


def _find_root(notes: Sequence[Note], kinds: Mapping[str, str]) -> tuple[str, Note | None]:
    forums = sorted({note.forum for note in notes})
    if len(forums) > 1:
        raise RefusedForumError("several-forums", f"notes of {len(forums)} forums were given as one", where=forums[0])
    forum = forums[0]
    root = next((note for note in notes if note.id == forum), None)
    if root is None:
        roots = [note for note in notes if kinds[note.id] == "submission"]
        if len(roots) > 1:
            raise RefusedForumError("several-roots", f"{len(roots)} submissions in one forum", where=forum)
        root = next(iter(roots), None)
    return forum, root


def _divide(versions: Sequence[VersionedNote], root: Note | None, forum: str, context: _Context) -> _Parts:
    """Sort a forum's notes into reviews, the meta-review and the discussion."""
    reviews: list[VersionedNote] = []
    shown = dict(context.kinds)
    for version in versions:
        note = version.note
        kind = context.kinds[note.id]
        if kind == "ai_review":
            context.quarantined.append(quarantine_note(note.id, "ai-review", "written by a program, not a reviewer"))
        elif kind == "review":
            role = find_role(note, kind, context.cast)
            if role == "public" and is_profile(note, kind):
                context.quarantined.append(
                    quarantine_note(note.id, "review-signed-by-profile", "a review that names its reviewer")
                )
                shown[note.id] = "ai_review"
            elif role == "reviewer":
                reviews.append(version)
            else:
                shown[note.id] = "comment" if role == "author" else "public_review"
    reviews = _drop_follow_ups(reviews, shown)
    chair = _find_chair_note(versions, context.kinds)
    taken = {version.note.id for version in reviews} | {note.id for note in (root, chair) if note}
    spoken = [
        version.note
        for version in versions
        if version.note.id not in taken and shown[version.note.id] not in _SILENT_KINDS
    ]
    series = find_series(spoken)
    heads = {part: head for head, *rest in series for part in rest}
    talk = tuple(
        _Said(note, shown[note.id], heads.get(note.id))
        for note in order_threads([version.note for version in versions], forum, series)
        if note.id not in taken and shown[note.id] not in _SILENT_KINDS
    )
    return _Parts(root, tuple(reviews), chair, talk)


def _drop_follow_ups(reviews: list[VersionedNote], shown: dict[str, str]) -> list[VersionedNote]:
    """Keep one review a signer, and further ones that bear a rating of their own.

    In 2013 and 2014 reviewers answered through the review form too; there the review is the one titled as such.
    """
    by_signer: dict[str, list[Note]] = {}
    for version in reviews:
        by_signer.setdefault(find_signer(version.note, "review"), []).append(version.note)
    main = {
        next((note for note in notes if _REVIEW_TITLE.match(str(note.content.get("title")))), notes[0]).id
        for notes in by_signer.values()
    }
    kept = []
    for version in reviews:
        if version.note.id in main or _is_rated(version.note):
            kept.append(version)
        else:
            shown[version.note.id] = "comment"
    return kept


def _is_rated(note: Note) -> bool:
    field = _find_review_form(note).rating_field
    return field is not None and note.content.get(field) is not None


def _find_chair_note(versions: Sequence[VersionedNote], kinds: Mapping[str, str]) -> Note | None:
    """Return the meta-review; where there is none, the decision, whose text then stands for it."""
    notes = [version.note for version in versions]
    for kind in ("meta_review", "decision"):
        found = [note for note in notes if kinds[note.id] == kind]
        if found:
            return found[-1] if kind == "decision" else found[0]
    return None


def _build_forum(
    key: venues.VenueKey, parts: _Parts, found: Decision, context: _Context, notes: Sequence[Note]
) -> Forum:
    forum = notes[0].forum
    reviews, names = _build_reviews(parts.reviews, context)
    decision = _clean_decision(found, context)
    meta_review = _build_meta_review(parts.chair, context) if parts.chair else None
    discussion = tuple(comment for said in parts.talk for comment in _build_comments(said, names, context))
    reviews = tuple(_add_follow_ups(review, discussion) for review in reviews)
    content: Mapping[str, Any] = parts.root.content if parts.root else {}
    licenses = [parts.root.license] if parts.root else []
    licenses += [version.note.license for version in parts.reviews]
    license_on_record = next((value for value in licenses if value), None)
    abstract = context.cleaner.clean(content.get("abstract"))
    keywords = _read_keywords(content.get("keywords"), context.cleaner)
    fetched = [note.fetched_at for note in notes if note.fetched_at is not None]
    return Forum(
        forum=forum,
        venue=key.venue,
        year=key.year,
        title=context.title,
        abstract=abstract,
        keywords=keywords,
        decision=decision,
        reviews=reviews,
        meta_review=meta_review,
        discussion=discussion,
        rating_summary=summarize_ratings(reviews),
        license=license_on_record or TERMS_LICENSE,
        license_source="note" if license_on_record else "terms-2024-09-24",
        url=f"https://openreview.net/forum?id={forum}",
        api=(parts.root or notes[0]).api,
        score_stage=_find_score_stage(key.venue, decision),
        text_changes=context.cleaner.list_changes(),
        fetched_at=max(fetched, default=None),
        links=link_points(
            reviews,
            discussion,
            subject=f"{context.title or ''} {abstract or ''}",
            handles={handle: name for signer, name in names.items() if (handle := read_handle(signer))},
        ),
    )


# ------------------------------------------------------------------------------------------------------------ reviews


def _add_follow_ups(review: Review, discussion: Sequence[Comment]) -> Review:
    found = find_follow_ups(review, discussion)
    return replace(review, follow_ups=found) if found else review


def _build_reviews(
    versions: Sequence[VersionedNote], context: _Context
) -> tuple[tuple[Review, ...], Mapping[str, str]]:
    """Return the reviews and, by signer, the name ("R1") under which each reviewer goes in this forum."""
    names: dict[str, str] = {}
    reviews = []
    for number, version in enumerate(versions, start=1):
        name = names.setdefault(find_signer(version.note, "review"), f"R{number}")
        reviews.append(_build_review(version, f"R{number}", f"Reviewer_{name[1:]}", context))
    return tuple(reviews), names


def _build_review(version: VersionedNote, reviewer: str, signature: str, context: _Context) -> Review:
    note = version.note
    venue = venues.identify_venue(note).venue
    form = _find_review_form(note)
    scored = _list_score_fields(form, venue, "review", note, context)
    sections = read_sections(note, venue, "review", context.cleaner, paper_title=context.title, scored=scored)
    reads_as: dict[str, PointKind | None] = {text.field: text.reads_as for text in form.text_fields}
    rating, confidence = _read_verdict(note, form, context)
    return Review(
        note_id=note.id,
        reviewer=reviewer,
        signature=signature,
        created=note.created,
        modified=note.modified,
        license=note.license or TERMS_LICENSE,
        rating=rating,
        confidence=confidence,
        scores=tuple(_read_score(venue, "review", field, note, context) for field in scored),
        sections=sections,
        points=find_points(sections, reads_as),
        revisions=_list_revisions(version, rating, confidence, context),
    )


def _find_review_form(note: Note) -> venues.Form:
    form = venues.find_form(venues.identify_venue(note).venue, "review", note.content)
    assert form is not None  # reviews always have one
    return form


def _list_score_fields(form: venues.Form | None, venue: str, kind: str, note: Note, context: _Context) -> list[str]:
    """Return the scored fields beside rating and confidence: the form's, then those that no form is known to have."""
    known = form.score_fields if form else ()
    verdict = (form.rating_field, form.confidence_field) if form else ()
    offered = context.options.get((venue, kind), {})
    others = sorted(
        name
        for name in venues.list_unfamiliar_fields(venue, kind, note.content)
        if name not in known
        and name not in verdict
        and (name in offered or venues.looks_like_score(note.content[name]))
    )
    return [*known, *others]


def _read_verdict(note: Note, form: venues.Form, context: _Context) -> tuple[Score, Score]:
    """Return a review's rating and confidence; ``missing`` where the form asks for none or the note has none."""
    venue = venues.identify_venue(note).venue
    whole = venues.find_form(venue, "review") or form
    return (
        _read_verdict_score(venue, "rating", form.rating_field or whole.rating_field, note, context),
        _read_verdict_score(venue, "confidence", form.confidence_field or whole.confidence_field, note, context),
    )


def _read_verdict_score(venue: str, meaning: str, field: str | None, note: Note, context: _Context) -> Score:
    if field is None:
        return Score(meaning, None, None, None, None, None, None, None, "missing", f"the form asks for no {meaning}")
    return _read_score(venue, "review", field, note, context)


def _read_score(venue: str, kind: str, field: str, note: Note, context: _Context) -> Score:
    answer = note.content.get(field)
    if isinstance(answer, str):
        answer = context.cleaner.clean(answer)
    options = context.options.get((venue, kind), {}).get(field)
    return venues.resolve_score(venue, kind, field, answer, options=options)


def _list_revisions(
    version: VersionedNote, rating: Score, confidence: Score, context: _Context
) -> tuple[Revision, ...]:
    """Return the earlier scores, oldest first; a version that changed no score is no revision."""
    revisions: list[Revision] = []
    for note in version.earlier:
        earlier = _read_verdict(note, _find_review_form(note), context)
        if not revisions or (revisions[-1].rating, revisions[-1].confidence) != earlier:
            revisions.append(Revision(note.modified, *earlier))
    if revisions and (revisions[-1].rating, revisions[-1].confidence) == (rating, confidence):
        revisions.pop()
    return tuple(revisions)


def summarize_ratings(reviews: Sequence[Review]) -> RatingSummary:
    """Say where the reviewers stand together, from the reviews that have an aligned rating.

    The confidence-weighted mean weighs each rating by its aligned confidence (0..1) and needs one from every such
    review; it is null where a confidence is missing or all are zero.
    """
    rated = [(review.rating.aligned, review.confidence.aligned) for review in reviews]
    ratings = [rating for rating, _ in rated if rating is not None]
    if not ratings:
        return RatingSummary(0, None, None, None, None)
    mean = math.fsum(ratings) / len(ratings)
    spread = math.sqrt(math.fsum((rating - mean) ** 2 for rating in ratings) / len(ratings))
    pairs = [(rating, weight) for rating, weight in rated if rating is not None and weight is not None]
    total = math.fsum(weight for _, weight in pairs)
    weighted = None
    if len(pairs) == len(ratings) and total > 0:
        weighted = math.fsum(rating * weight for rating, weight in pairs) / total
    return RatingSummary(len(ratings), mean, spread, weighted, max(ratings) - min(ratings))


# --------------------------------------------------------------------------------------------- decision and meta-review


def _find_decision(notes: Sequence[Note], root: Note | None, kinds: Mapping[str, str]) -> Decision:
    """Return what became of the paper.

    A withdrawal or desk rejection says so whatever was decided before; else the decision note, the meta-review where
    the venue published nothing else, and what the submission says about itself, in this order.
    """
    submission = venues.resolve_submission(root) if root else None
    if submission and submission.outcome in ("withdrawn", "desk_rejected"):
        return submission
    for note in notes:
        kind = kinds[note.id]
        if kind == "withdrawal":
            raw, field = _read_confirmation(note)
            return Decision(raw, "withdrawn", None, note.id, field)
        if kind == "desk_rejection":
            raw, field = _read_confirmation(note)
            return Decision(raw, "desk_rejected", None, note.id, field)
    for kind in ("decision", "meta_review"):
        for note in reversed([note for note in notes if kinds[note.id] == kind]):
            venue = venues.identify_venue(note).venue
            field = venues.find_decision_field(venue, kind, note.content)
            if field is not None and isinstance(note.content[field], str):
                return venues.resolve_decision(venue, kind, field, note.content[field], note_id=note.id)
    return submission or Decision(None, "unknown", None)


def _find_committed_decision(notes: Sequence[Note], reviewed: str) -> Decision | None:
    """Return what a conference decided on a paper that was reviewed in this forum; the last word if several did.

    Notes of conferences come as they are in the store; only submissions that name this forum count.
    """
    try:
        notes = _place_notes(notes, [])
    except RefusedForumError:  # the conference's own forum is refused for it, and says so
        return None
    decided: list[tuple[int, str, Decision]] = []
    by_forum: dict[str, list[Note]] = {}
    for version in settle_versions(notes):
        by_forum.setdefault(version.note.forum, []).append(version.note)
    for forum, found in by_forum.items():
        root = next((note for note in found if note.id == forum), None)
        if root is None or venues.find_commitment(root) != reviewed:
            continue
        decision = _find_decision(found, root, {note.id: str(venues.classify_note(note)) for note in found})
        if decision.outcome != "unknown":
            said = next(note for note in found if note.id == decision.note_id)
            decided.append((said.created, said.id, decision))
    return max(decided, key=lambda item: item[:2])[2] if decided else None


def _read_confirmation(note: Note) -> tuple[str | None, str | None]:
    for field in sorted(note.content, key=lambda name: ("confirm" not in name, name)):
        if field != "title" and isinstance(note.content[field], str):
            return note.content[field], field
    return None, None


def _clean_decision(decision: Decision, context: _Context) -> Decision:
    raw = context.cleaner.clean(decision.raw)
    return Decision(
        raw, decision.outcome, decision.tier, decision.note_id if raw else None, decision.field if raw else None
    )


def _find_score_stage(venue: str, decision: Decision) -> ScoreStage:
    known = venues.score_stage_of(venue)
    if known is not None:
        return known
    return "final" if decision.outcome in _DECIDED else "unknown"


def _build_meta_review(note: Note, context: _Context) -> MetaReview | None:
    """Return the meta-review; null where the note decides without a word of text."""
    kind = context.kinds[note.id]
    venue = venues.identify_venue(note).venue
    form = venues.find_form(venue, kind, note.content)
    scored = _list_score_fields(form, venue, kind, note, context)
    sections = read_sections(note, venue, kind, context.cleaner, paper_title=context.title, scored=scored)
    body = [section for section in sections if section.field != "title"]
    if not body:
        return None
    verdict = [form.rating_field, form.confidence_field] if form else []
    recommendation = note.content.get("recommendation")
    return MetaReview(
        note_id=note.id,
        text="\n\n".join(section.text for section in body),
        sections=sections,
        scores=tuple(
            _read_score(venue, kind, field, note, context)
            for field in (*verdict, *scored)
            if field is not None and field != "recommendation"
        ),
        recommendation=context.cleaner.clean(recommendation),
    )


# --------------------------------------------------------------------------------------------------------- discussion


def _build_comments(said: _Said, names: Mapping[str, str], context: _Context) -> Iterable[Comment]:
    note = said.note
    filed_as = context.kinds[note.id]
    role = find_role(note, filed_as, context.cast)
    venue = venues.identify_venue(note).venue
    title = read_title(note, context.cleaner)
    for field in list_text_fields(note, venue, filed_as):
        text = context.cleaner.clean(note.content[field]) if field != "title" else None
        if text:
            yield Comment(
                note_id=note.id,
                replyto=note.replyto,
                role=role,
                reviewer=names.get(find_signer(note, filed_as)) if role == "reviewer" else None,
                kind=said.kind,
                text=text,
                created=note.created,
                field=field,
                title=title,
                part_of=said.part_of,
            )


def _read_keywords(value: Any, cleaner: TextCleaner) -> tuple[str, ...]:
    """Return keywords as a list, also where they came as one string or as the print-out of a list.

    >>> _read_keywords(["graphs; trees", "graphs"], TextCleaner())
    ('graphs', 'trees')
    >>> _read_keywords("['graphs', 'trees']", TextCleaner())
    ('graphs', 'trees')
    """
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    found: dict[str, None] = {}
    for item in values:
        text = cleaner.clean(item) or ""
        if text.startswith("[") and text.endswith("]"):
            parts = re.findall(r"'([^']*)'|\"([^\"]*)\"", text)
            words = [one or other for one, other in parts]
        else:
            words = re.split(r"[;\n]", text) if not isinstance(value, str) else re.split(r"[;,\n]", text)
        found.update(dict.fromkeys(word.strip() for word in words if word.strip()))
    return tuple(found)
