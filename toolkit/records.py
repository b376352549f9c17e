"""The nouns of ReviewDial: small frozen records that the rooms hand to one another.

Every published table derives from these classes (see ``toolkit.tables``): a field here is a column there.
Records hold no behaviour. Times are integer milliseconds since 1970 (UTC), as OpenReview sends them. Offsets
(``start``, ``end``) count Unicode code points and are half-open, as in ``text[start:end]``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Api = Literal["v1", "v2"]
Role = Literal["author", "reviewer", "area_chair", "public", "program_chair"]
ScoreStatus = Literal["known", "inferred", "unknown", "missing"]
PercentileSource = Literal["catalogue", "build"]
ScoreStage = Literal["initial", "final", "unknown"]
Outcome = Literal["accept", "reject", "withdrawn", "desk_rejected", "workshop", "unknown"]
PointKind = Literal["summary", "strength", "weakness", "question", "suggestion", "other"]
Aspect = Literal[
    "novelty",
    "soundness",
    "experiments",
    "comparison",
    "clarity",
    "impact",
    "reproducibility",
    "ethics",
    "other",
]
Polarity = Literal["positive", "negative", "neutral"]
LinkKind = Literal["agreement", "disagreement", "reply", "follow_up"]
LinkBasis = Literal["wording", "overall", "quotation", "label"]
FollowUpOutcome = Literal["raised", "lowered", "changed", "kept", "settled", "partly_settled", "unsettled", "noted"]
Speaker = Literal["meta_reviewer", "dialogue_agent"]
Persona = Literal["brisk", "sceptical", "thorough"]
Length = Literal["short", "medium", "long"]
SynthesisMode = Literal["dialogue", "turns"]
"""How a model is asked: for a whole dialogue in one answer, or for one turn after the other."""
OptionalAct = Literal[
    "ask_author_reply",
    "ask_confidence",
    "ask_evidence",
    "ask_public",
    "ask_questions",
    "ask_resolved",
    "ask_score_change",
    "ask_shared",
    "ask_unanswerable",
    "weigh",
]
"""What a meta-reviewer may do without. The others carry a dialogue: what it is about, the scores, both sides."""
Severity = Literal["error", "warning", "info"]
Verdict = Literal["supported", "contradicted", "unsupported", "not_checkable"]
LicenseSource = Literal["note", "terms-2024-09-24"]


@dataclass(frozen=True, slots=True)
class Note:
    """One version of one OpenReview note, of either API, with its content values unwrapped."""

    id: str
    forum: str
    replyto: str | None
    api: Api
    invitations: tuple[str, ...]
    signatures: tuple[str, ...]
    created: int
    """When the note was written: ``cdate``, else ``tcdate``."""
    modified: int
    """When this version was saved: ``tmdate``, else ``mdate``, else ``created``."""
    number: int | None
    domain: str | None
    license: str | None
    content: Mapping[str, Any]
    """Field name -> value; v2's ``{"value": ...}`` is unwrapped, fields whose value is withheld are absent."""
    fetched_at: int | None = None
    """When the note came over the wire; null for notes read from files, which do not say."""


@dataclass(frozen=True, slots=True)
class Score:
    """One answer on one scale: what was written, and what it means there."""

    field: str
    raw: str | None
    """The answer as it was given, as text (``"6: marginally above ..."``, ``"4"``); null when not given."""
    value: float | None
    """The number on the form."""
    label: str | None
    """The words of the form for that number."""
    scale_id: str | None
    aligned: float | None
    """Comparable between forms: signed mid-rank around the accept line in -1..1, or mid-rank in 0..1."""
    percentile: float | None
    """Mid-rank among all reviews of that venue, 0..1."""
    percentile_source: PercentileSource | None
    status: ScoreStatus
    reason: str | None = None
    """Why a score is not ``known``, in one sentence."""


@dataclass(frozen=True, slots=True)
class Section:
    """The text of one field of a note, cleaned; offsets elsewhere refer to ``text``."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Point:
    """What one stretch of a review does, and about what. Offsets refer to the section's text."""

    field: str
    start: int
    end: int
    kind: PointKind
    aspect: Aspect
    polarity: Polarity
    salience: float
    """How much it matters to who weighs the paper, 0..1, by kind, wording, place and length; orders points, no more."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A sentence in which a reviewer says, after something of the authors, what became of the score or of a concern."""

    note_id: str
    """The review itself where it was edited, else a comment of the same reviewer."""
    field: str
    start: int
    end: int
    outcome: FollowUpOutcome
    """``raised``, ``lowered``, ``changed`` (either way) and ``kept``: the score; ``settled``, ``partly_settled`` and
    ``unsettled``: a concern; ``noted``: neither, but it mentions the reply. A later sentence may say otherwise."""


@dataclass(frozen=True, slots=True)
class Revision:
    """An earlier version of a review whose scores differ from the newest one."""

    modified: int
    rating: Score
    confidence: Score


@dataclass(frozen=True, slots=True)
class Review:
    """One official review of a paper."""

    note_id: str
    reviewer: str
    """``R1``, ``R2``, ... in order of creation."""
    signature: str
    """Pseudonym that holds within this forum only (``Reviewer_1``, ...); the same signer keeps the same one."""
    created: int
    modified: int
    license: str | None
    rating: Score
    confidence: Score
    scores: tuple[Score, ...]
    """All other scored fields."""
    sections: tuple[Section, ...]
    points: tuple[Point, ...]
    revisions: tuple[Revision, ...] = ()
    """Earlier scores, oldest first, where the record holds them."""
    follow_ups: tuple[FollowUp, ...] = ()
    """In the order of time; what an edited review says of it comes first."""


@dataclass(frozen=True, slots=True)
class PointLink:
    """How a point of a review meets another passage of the forum. Offsets refer to the texts of the two notes."""

    kind: LinkKind
    """``agreement``, ``disagreement``: a point of another reviewer (a pair stands once, the earlier review first);
    ``reply``: what the authors answered to it; ``follow_up``: what its reviewer said of it afterwards."""
    basis: LinkBasis
    """``wording``: telling words of both; ``overall``: both judge the same aspect as a whole; ``quotation``: the reply
    quotes the point; ``label``: the reply names the point's number or heading."""
    note_id: str
    field: str
    start: int
    end: int
    to_note_id: str
    to_field: str
    to_start: int
    to_end: int
    strength: float
    """How surely the two belong together, 0..1; orders links of one kind, no more."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of the paper, as the record says it."""

    raw: str | None
    outcome: Outcome
    tier: str | None
    """``oral``, ``spotlight``, ``poster``, ``notable-top-5%``, ``findings``, ...; null when not said."""
    note_id: str | None = None
    """The note that holds the decision, and ``field`` the field of it."""
    field: str | None = None


@dataclass(frozen=True, slots=True)
class MetaReview:
    """The area chair's summary, or the text that came with the decision."""

    note_id: str
    text: str
    sections: tuple[Section, ...]
    scores: tuple[Score, ...]
    recommendation: str | None


@dataclass(frozen=True, slots=True)
class Comment:
    """One text of the discussion; a note with several texts gives one entry a field."""

    note_id: str
    replyto: str | None
    role: Role
    reviewer: str | None
    """``R1``, ... when a reviewer of this paper speaks."""
    kind: str
    """What was filed: ``comment``, ``rebuttal``, ``question``, ``public_comment``, ``withdrawal``, ..."""
    text: str
    created: int
    field: str
    title: str | None
    part_of: str | None = None
    """The note that holds the first part, where one text was posted in several notes; null on the first part itself."""


@dataclass(frozen=True, slots=True)
class RatingSummary:
    """Where the reviewers of one paper stand together, on the aligned scale."""

    reviews: int
    """How many reviews with an aligned rating the figures rest on."""
    mean: float | None
    spread: float | None
    """Population standard deviation of the aligned ratings."""
    confidence_weighted_mean: float | None
    disagreement: float | None
    """Largest minus smallest aligned rating."""


@dataclass(frozen=True, slots=True)
class TextChange:
    """How often cleaning changed the text of a forum, by kind of change."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Forum:
    """One paper with everything the public record says about it."""

    forum: str
    venue: str
    year: int | None
    title: str | None
    abstract: str | None
    keywords: tuple[str, ...]
    decision: Decision
    reviews: tuple[Review, ...]
    meta_review: MetaReview | None
    discussion: tuple[Comment, ...]
    """In thread order: a reply stands after what it replies to, siblings by time."""
    rating_summary: RatingSummary
    license: str | None
    license_source: LicenseSource | None
    url: str
    api: Api
    score_stage: ScoreStage
    text_changes: tuple[TextChange, ...]
    fetched_at: int | None
    links: tuple[PointLink, ...] = ()
    """How points meet, in the order of the points."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The characters of the record that a sentence of a turn rests on.

    ``turn_start`` and ``turn_end`` are offsets into the turn's text: the stretch that this evidence supports.
    """

    note_id: str
    field: str
    start: int
    end: int
    sha256: str
    """Of the UTF-8 bytes of ``text[start:end]``, where ``text`` is that field of that note in the forum record."""
    quote: bool
    """Whether the words of the span stand verbatim in the turn."""
    turn_start: int
    turn_end: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance."""

    index: int
    speaker: Speaker
    text: str
    act: str
    answerable: bool
    """False on an agent's turn that says the reviews do not answer, and on the question before it."""
    evidence: tuple[Evidence, ...]


TRANSCRIBED = "transcript"
"""The generator's name of dialogues that were read from somebody else's transcripts."""


@dataclass(frozen=True, slots=True)
class Generator:
    """Who wrote a dialogue, precisely enough to write it again."""

    name: str
    version: str
    model: str | None
    prompt_sha256: str | None
    seed: int


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One thing to be talked about, drawn from the record before a word is written."""

    act: str
    aspect: Aspect | None
    reviewers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn in the form chat trainers read."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class DialogueMetrics:
    """Sizes of a dialogue; words are runs of characters between white space."""

    turns: int
    agent_words: int
    meta_reviewer_words: int
    evidence_spans: int
    notes_cited: int
    reviewers_cited: int
    unanswerable_turns: int


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One dialogue between a meta-reviewer and a dialogue agent about one paper."""

    dialogue_id: str
    forum: str
    venue: str
    year: int | None
    title: str | None
    decision: str | None
    """The outcome on record (``accept``, ``reject``, ...); null where the record has none."""
    generator: Generator
    agenda: tuple[AgendaItem, ...]
    turns: tuple[Turn, ...]
    messages: tuple[Message, ...]
    metrics: DialogueMetrics
    license: str | None
    source_url: str
    synthetic: bool
    persona: Persona | None = None
    """How the meta-reviewer was told to ask; null where it was not told."""
    split: str | None = None
    """Set when the dialogue is exported."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message as chat trainers read it."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class SftRow:
    """One dialogue for supervised fine-tuning: TRL's conversational form, with the record as system message."""

    dialogue_id: str
    forum: str
    venue: str
    year: int | None
    messages: tuple[ChatMessage, ...]
    generator: Generator
    license: str | None
    source_url: str
    synthetic: bool
    split: str | None


Fault = Literal["wrong-score", "wrong-reviewer", "criticism-as-authors", "invented-claim", "agent-recommends"]


@dataclass(frozen=True, slots=True)
class SpoiltAnswer:
    """An answer of the agent with one controlled fault put into it."""

    turn: int
    fault: Fault
    text: str
    start: int
    """First character of what was changed, in this text."""
    end: int


@dataclass(frozen=True, slots=True)
class PreferenceRow:
    """One pair for preference training: TRL's conversational form, with the record as system message."""

    preference_id: str
    dialogue_id: str
    forum: str
    venue: str
    year: int | None
    turn: int
    """The turn of the dialogue that the chosen answer is."""
    prompt: tuple[ChatMessage, ...]
    """System message and everything said before."""
    chosen: tuple[ChatMessage, ...]
    rejected: tuple[ChatMessage, ...]
    """The chosen answer with one fault."""
    fault: Fault
    rejected_start: int
    """First character of what was changed, in the rejected answer."""
    rejected_end: int
    generator: Generator
    license: str | None
    source_url: str
    synthetic: bool
    split: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement about the record that a turn makes. Offsets refer to the turn's text."""

    dialogue_id: str
    turn: int
    start: int
    end: int
    kind: Literal["rating", "confidence", "count", "decision", "label_number", "recommendation"]
    speaker: str
    about: str | None
    stated: str
    recorded: str | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class RecordReference:
    """A field of a note of the record."""

    note_id: str
    field: str


RuleName = Literal[
    "record-missing",
    "turn-index-broken",
    "messages-differ",
    "metrics-differ",
    "column-contradicted",
    "empty-turn",
    "speaker-order",
    "repeated-turn",
    "score-contradicted",
    "score-unsupported",
    "label-number-mismatch",
    "count-contradicted",
    "decision-contradicted",
    "reviewer-not-in-record",
    "one-reviewer-as-all",
    "self-contradiction",
    "review-numbering",
    "agent-recommends",
    "no-decision",
    "last-word-not-meta-reviewer",
    "meta-reviewer-knows-reviews",
    "evidence-mismatch",
    "quote-not-verbatim",
    "ungrounded-claim",
    "misattributed-statement",
    "criticism-attributed-to-authors",
    "author-claim-attributed-to-reviewers",
    "claim-not-on-record",
    "dangling-citation",
    "placeholder",
    "copied-prompt",
    "prompt-injection",
    "degenerate-text",
    "truncated",
    "assistant-boilerplate",
    "pii-email",
    "pii-tilde-id",
    "pii-phone",
    "pii-url-personal",
    "pii-author-name",
    "hidden-characters",
    "near-duplicate-dialogue",
]
"""What dialogues are checked for; ``toolkit.auditors.rules`` says with which severity."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something an auditor has to say about a turn. Offsets refer to the turn's text."""

    dialogue_id: str
    turn: int | None
    rule: str
    severity: Severity
    start: int | None
    end: int | None
    message: str
    stated: str | None = None
    recorded: str | None = None
    evidence: RecordReference | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Something that a stage could not use, and why; never dropped in silence."""

    stage: str
    item: str
    """The id of a forum, note or dialogue."""
    reason: str
    """A kebab-case name to count by."""
    message: str


@dataclass(frozen=True, slots=True)
class SplitAssignment:
    """One line of a dataset's split ledger."""

    forum: str
    group: str
    split: str
    first_version: str


@dataclass(frozen=True, slots=True)
class StageResult:
    """What a stage hands back for one shard: records to keep, and items it could not use."""

    records: tuple[Any, ...]
    quarantined: tuple[Quarantined, ...] = field(default=())


PartKind = Literal["preamble", "header", "label", "text", "trailing", "degenerate", "blank"]


@dataclass(frozen=True, slots=True)
class TranscriptTurn:
    """One utterance of a transcript that somebody else wrote."""

    index: int
    speaker: str
    """``meta_reviewer``, ``dialogue_agent``, or the name that the transcript gives, such as ``reviewer_2``."""
    label: str
    """The name as it is spelled before the utterance."""
    text: str
    start: int
    """Where the text begins, in code points of the file's text."""
    end: int


@dataclass(frozen=True, slots=True)
class TranscriptPart:
    """A stretch of the file's text; the parts of a file follow one another without a gap."""

    kind: PartKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that was decided about a transcript where its text leaves a choice."""

    kind: str
    """A kebab-case name to count by."""
    start: int | None
    """The stretch of the file that it is about; null where it is about the file's name."""
    end: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """A dialogue read from a file that somebody else wrote, with every character of it accounted for."""

    source: str
    """The file's name, without query strings and names of people."""
    dialogue_id: str
    forum: str | None
    """Null where neither the name, nor a mapping, nor the records say which paper it is about."""
    title: str | None
    """The title on record, else the one that the transcript gives."""
    turns: tuple[TranscriptTurn, ...]
    preamble: str
    """What comes before the first utterance: "Sure, here is a dialogue ..."."""
    trailing: str
    """What comes after the last one: notes, output blocks, a second copy of the dialogue."""
    degenerate_from: int | None
    """Where the text turns into loops or soup, in code points; the turns end there."""
    usable: bool
    """Whether it can be read as a dialogue of a meta-reviewer and an agent; ``marks`` say why not."""
    marks: tuple[str, ...]
    """What is doubtful about it, as kebab-case names, in alphabetical order."""
    repairs: tuple[Repair, ...]
    parts: tuple[TranscriptPart, ...]


@dataclass(frozen=True, slots=True)
class SupportingSpan:
    """A sentence of the record that bears out a sentence of a turn best. Offsets: the turn's text, the note's field."""

    turn_start: int
    turn_end: int
    note_id: str
    field: str
    start: int
    end: int
    score: float
    """The share of the weight of the turn's telling words that the record's sentence holds, 0..1."""


@dataclass(frozen=True, slots=True)
class TurnGrounding:
    """How far one turn of a transcript's agent stands in the record, beside another paper's record."""

    dialogue_id: str
    turn: int
    k_precision: float
    idf_k_precision: float
    bigram_precision: float
    other_k_precision: float | None
    """The same against the reviews of the paper before it in the set; null for the first one."""
    other_idf_k_precision: float | None
    other_bigram_precision: float | None
    spans: tuple[SupportingSpan, ...]
