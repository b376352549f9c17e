"""What a sentence states about the record: scores, numbers of reviews, decisions, sides of the accept line.

Nothing here looks at a record: a statement is what the words say, with the stretch of the turn that says it.
``toolkit.auditors.verdicts`` compares it. The phrases stand in ``phrases.toml``.
"""

import bisect
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from toolkit.auditors.labels import SpokenLabel
from toolkit.auditors.phrases import Phrases, ReviewerPhrase, ScorePhrase, load_phrases
from toolkit.text import Span


class Statement(NamedTuple):
    """One statement. Offsets refer to the text it was found in."""

    start: int
    end: int
    kind: str
    """``rating``, ``confidence``, ``field``, ``recommendation``, ``count``, ``decision``."""
    check: str
    """How it is compared: ``own`` (an opinion of the speaker), ``label``, ``label_exists``, ``label_number``, ``each``,
    ``pairwise``, ``exists``, ``together``, ``mean``, ``range``, ``highest``, ``lowest``, ``earlier``, ``absent``,
    ``how_many``, ``side``, ``side_count``, ``total``, ``some`` or ``outcome``."""
    reviewers: tuple[int, ...] = ()
    values: tuple[float, ...] = ()
    word: str | None = None
    """A side, an outcome, or the name of a scored field."""
    weak: bool = False
    """The words have other uses, so a number that no review gave is not held against them."""
    tier: str | None = None


class Mention(NamedTuple):
    """Words that mean some reviewers."""

    start: int
    end: int
    kind: str
    reviewers: tuple[int, ...]
    """Empty where the words do not say which (``unnamed``, ``some``, ``nobody``)."""
    how_many: int | None
    """The number that the words name: 2 for "the other two"."""
    oblique: bool
    """The reviewers are not who the sentence is about: "unlike Reviewer 1", "than Reviewer 1"."""


_OBLIQUE = re.compile(
    r"\b(?:unlike|like|than|with|(?<!according )to|against|of|from|by|versus|vs\.?|contradicts?|echo(?:es|ing)|joins?|"
    r"beside)\s+$",
    re.I,
)
_SCORE_OF = re.compile(
    r"\b(?:ratings?|scores?|confidence|recommendations?|assessments?)(?: levels?)?(?: (?:given|assigned|stated))? "
    r"(?:of|by|from) $",
    re.I,
)
_JOINS = re.compile(r"\s*(?:,\s*(?:and|or)?|and|or|&|/)\s*(?:also\s+)?")
_SINGULAR_VERB = re.compile(
    r"\s+(?:gives|rates|scores|puts|assigns|awards|stands|sits|stays|is|has|says|sees|wants|asks|adds|finds|thinks|notes|"
    r"praises|agrees|was|gave\s+it|does|would|holds|raises|remains|argues|complains|counters|objects)\b",
    re.I,
)
_OWNED = re.compile(
    r"(?:\s*\([^()]{0,200}\))?(?:\s+each|\s+apiece)?\s+(?:(?:comes?|came|is|was|stands?|sits?)\s+)?(?:from|by|of)\s+",
    re.I,
)
_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2})?")
_OUT_OF = re.compile(r"\s+out\s+of\s+\d+$", re.I)
_ASKS = re.compile(
    r"^\W*(?:so|and|but|then)?\W*(?:did|does|do|is|are|was|were|has|have|had|would|could|can|should|will)\b", re.I
)
_CONDITION = re.compile(r"\b(?:would|could|might|may|if|unless|willing|consider|promis\w+|offer\w*|ready)\b", re.I)
_DENIAL = re.compile(r"(?:\bnot|n['’]t|\bneither|\bnever|\bhardly)\s+(?:\w+\s+){0,2}$", re.I)
_PRONOUN = re.compile(r"^\W*(?:they|their|he|his|she|her|(?:that|this|the(?:\s+same)?)\s+reviewer)\b", re.I)
_REPORTED = re.compile(r"\b(?:that|which|whose|because|since|where|when|whether|how|why|what)\b|[:\"“]", re.I)
_SCORE_WORDS = re.compile(r"\b(?:ratings?|scores?|votes?|marks?)\b", re.I)
_FIRST_PERSON = re.compile(r"\b(?:I|me|[Mm]y|[Ww]e)\b")
EXPLANATION_REACH = 80
"""How many characters after a number the words that explain it can begin."""
CLAUSE_REACH = 200
"""How many characters on either side of a word can still belong to what it decides."""
_STOP = re.compile(r"[;:—–]|\.(?=\s|$)")
_BREAK = re.compile(r"[;:,—–]|,?\s+but\b")
_FORM_ANSWER = re.compile(r"^\d{1,2}(?:\s*:.*)?$")


def blank_quotations(text: str, quotations: Sequence[Span]) -> str:
    """Replace quoted words by spaces, so that what a reviewer wrote is not taken for what the speaker states.

    A quoted answer of a form (``"6: Marginally above ..."``) stays: to quote it is to state it.

    >>> blank_quotations('Reviewer 1 is at "6" and "gave a 3 before".', [Span(18, 19), Span(26, 41)])
    'Reviewer 1 is at "6" and "               ".'
    """
    for start, end in quotations:
        if not _FORM_ANSWER.match(text[start:end]):
            text = text[:start] + " " * (end - start) + text[end:]
    return text


def find_statements(
    sentence: str,
    mentions: Sequence[Mention],
    *,
    reviews: int,
    before: Sequence[Mention] = (),
    labels: Sequence[SpokenLabel] = (),
) -> list[Statement]:
    """Return what a sentence states about scores, sides and numbers of reviews, in the order of the text.

    Args:
        sentence: One sentence with its quotations blanked.
        mentions: The reviewers it mentions, from ``find_mentions``.
        reviews: How many reviews the paper has.
        before: The reviewers that the sentence before it in the same turn mentions, for pronouns.
        labels: The words of a form in it, from ``find_spoken_labels``; none where only numbers are looked at.

    >>> sentence = "Reviewer 2 gives an 8 with confidence 4."
    >>> for found in find_statements(sentence, find_mentions(sentence, reviews=3), reviews=3):
    ...     print(found.kind, found.check, found.reviewers, found.values)
    rating each (2,) (8.0,)
    confidence each (2,) (4.0,)
    """
    phrases = load_phrases()
    asks = sentence.rstrip().endswith("?") and _ASKS.match(sentence) is not None
    found: list[Statement] = []
    if not asks:
        found += _find_scores(sentence, mentions, before)
        found += _find_labels(sentence, mentions, before, labels)
        found += (
            side
            for side in _find_sides(sentence, mentions)
            if not any(side.start < label.end and label.start < side.end for label in labels)
        )
    found.extend(_find_counts(sentence, phrases))
    return sorted(found)


def find_mentions(sentence: str, *, reviews: int) -> list[Mention]:
    """Return which reviewers a sentence mentions, in order; those named in one breath make one mention.

    ``reviews``, the number of reviews of the paper, tells whom "all", "both" and "the others" mean.

    >>> [found.reviewers for found in find_mentions("Reviewer 1 and Reviewer 3 object, others do not.", reviews=3)]
    [(1, 3)]
    """
    phrases = load_phrases()
    found: list[tuple[int, int, ReviewerPhrase, re.Match[str]]] = []
    for phrase in phrases.reviewers:
        for match in phrase.pattern.finditer(sentence):
            if not any(match.start() < end and start < match.end() for start, end, _, _ in found):
                found.append((match.start(), match.end(), phrase, match))
    mentions: list[Mention] = []
    for start, end, phrase, match in sorted(found, key=lambda item: item[:2]):
        count = _read_count(match, phrases)
        named = _read_reviewers(phrase, match, mentions, count, reviews, phrases)
        oblique = _OBLIQUE.search(sentence, max(0, start - 14), start) is not None
        mention = Mention(start, end, phrase.kind, named, count, oblique)
        if mentions and _belong_together(sentence, mentions[-1], mention):
            first = mentions.pop()
            mention = mention._replace(
                start=first.start, reviewers=first.reviewers + mention.reviewers, oblique=first.oblique
            )
        mentions.append(mention)
    return mentions


def _belong_together(sentence: str, first: Mention, second: Mention) -> bool:
    if not (first.kind == second.kind == "numbered") or not _JOINS.fullmatch(sentence, first.end, second.start):
        return False
    comma = "," in sentence[first.end : second.start]
    return not (comma and _SINGULAR_VERB.match(sentence, second.end))


def _read_count(match: re.Match[str], phrases: Phrases) -> int | None:
    for name in ("count", "bare", "them", "before", "after", "remaining"):
        if match.groupdict().get(name):
            return read_number_word(match[name], phrases)
    return None


def read_number_word(word: str, phrases: Phrases) -> int:
    """Read "three" or "3"."""
    return int(word) if word.isdigit() else phrases.numbers[word.lower()]


def read_score_word(word: str) -> float:
    """Read a score: "5.5", or "three".

    >>> read_score_word("5.5"), read_score_word("three")
    (5.5, 3.0)
    """
    return float(word) if word[:1].isdigit() else float(load_phrases().numbers[word.lower()])


def _read_reviewers(
    phrase: ReviewerPhrase,
    match: re.Match[str],
    before: Sequence[Mention],
    count: int | None,
    reviews: int,
    phrases: Phrases,
) -> tuple[int, ...]:
    everybody = tuple(range(1, reviews + 1))
    named = {reviewer for mention in before for reviewer in mention.reviewers}
    if phrase.kind == "numbered":
        return _read_numbers(match["numbers"])
    if phrase.kind == "ordinal":
        return (phrases.numbers[match["numbers"].lower()],)
    if phrase.kind == "all":
        return everybody if count in (None, reviews) else ()
    if phrase.kind == "both":
        last = next((mention.reviewers for mention in reversed(before) if len(mention.reviewers) == 2), ())
        return last or (everybody if reviews == 2 else ())
    if phrase.kind == "others":
        left = tuple(reviewer for reviewer in everybody if reviewer not in named)
        single = match[0].lower().rstrip().endswith(("other", "rest")) and not match[0].lower().endswith("rest")
        fits = bool(named) and count in (None, len(left)) and not (single and len(left) != 1)
        return left if fits else ()
    return ()


def _read_numbers(text: str) -> tuple[int, ...]:
    """Read "1, 2 and 4" or "1-3".

    >>> _read_numbers("1, 2 and 4"), _read_numbers("1-3")
    ((1, 2, 4), (1, 2, 3))
    """
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if len(numbers) == 2 and re.search(r"\d\s*(?:-|–|to|through)\s*#?\d", text) and numbers[0] < numbers[1]:
        return tuple(range(numbers[0], numbers[1] + 1))
    return tuple(dict.fromkeys(numbers))


class _Hit(NamedTuple):
    """A score phrase in a sentence, before it is known whose score it is."""

    start: int
    end: int
    kind: str
    phrase: ScorePhrase
    match: re.Match[str]
    spans: tuple[Span, ...]
    """Where its numbers stand."""
    after: Mention | None
    """The reviewer it directly follows."""


def _find_scores(sentence: str, mentions: Sequence[Mention], before: Sequence[Mention]) -> Iterator[Statement]:
    hits = sorted(_find_hits(sentence, mentions), key=lambda hit: (hit.start, hit.end))
    for position, hit in enumerate(hits):
        subject = _find_owner(sentence, hit, mentions)
        if subject is None and not mentions:
            subject = _find_antecedent(sentence, before)
        if subject is not None and (subject.kind == "nobody" or _is_reported(sentence, hit, subject)):
            continue
        own = _is_own(sentence, hit.start, mentions)
        if not own and _is_condition(sentence, hit):
            continue
        hits[position] = hit = hit._replace(kind=_find_kind(hit, hits[:position], mentions))
        if own and hit.phrase.check != "absent":
            value = read_score_word(sentence[hit.spans[0].start : hit.spans[0].end])
            yield Statement(*hit.spans[0], hit.kind, "own", (), (value,))
        else:
            yield from _read_hit(sentence, hit, subject, len(hits))


def _is_own(sentence: str, position: int, mentions: Sequence[Mention]) -> bool:
    """Whether a score is the speaker's own: "I would rate it a 6", with no reviewer named in between."""
    begin = None
    for match in load_phrases().own.finditer(sentence, 0, position):
        begin = match.end()
    return begin is not None and not any(begin <= mention.start < position for mention in mentions)


def _find_labels(
    sentence: str, mentions: Sequence[Mention], before: Sequence[Mention], labels: Sequence[SpokenLabel]
) -> Iterator[Statement]:
    """What the words of a form state: whose score they are, or which number they explain."""
    hits = sorted(_find_hits(sentence, mentions), key=lambda hit: (hit.start, hit.end)) if labels else []
    for label in labels:
        if _DENIAL.search(sentence, max(0, label.start - 30), label.start):
            continue
        number = _find_explained_number(label, hits, mentions)
        if number is not None:
            value = read_score_word(sentence[number.start : number.end])
            values = (value, *label.possible)
            yield Statement(number.start, label.end, label.kind, "label_number", (), values, label.words)
            continue
        clause = max(sentence.rfind(mark, 0, label.start) for mark in ",;:(—") + 1
        if _CONDITION.search(sentence, clause, label.start) and not _is_own(sentence, label.start, mentions):
            continue
        yield from _read_label(sentence, label, mentions, before)


def _find_explained_number(label: SpokenLabel, hits: Sequence["_Hit"], mentions: Sequence[Mention]) -> Span | None:
    """The number that the words explain: "a rating of 5, which is marginally below the threshold"."""
    for hit in reversed(hits):
        number = hit.spans[-1] if hit.spans else None
        if number is None or hit.kind != label.kind or number.end > label.start:
            continue
        apart = label.start - number.end > EXPLANATION_REACH
        named = any(number.end <= mention.start < label.start for mention in mentions)
        return None if apart or named else number
    return None


def _read_label(
    sentence: str, label: SpokenLabel, mentions: Sequence[Mention], before: Sequence[Mention]
) -> Iterator[Statement]:
    def state(check: str, reviewers: tuple[int, ...] = ()) -> Statement:
        return Statement(
            label.start, label.end, label.kind, check, reviewers, label.possible, label.words, weak=label.weak
        )

    earlier = [mention for mention in mentions if mention.end <= label.start]
    scored = [mention for mention in earlier if _SCORE_OF.search(sentence, 0, mention.start)]
    left = [mention for mention in earlier if not mention.oblique] or scored
    owner = left[-1] if left else (None if mentions else _find_antecedent(sentence, before))
    if _is_own(sentence, label.start, mentions):
        yield state("own")
    elif owner is not None and owner.reviewers:
        yield state("label", owner.reviewers)
    elif owner is not None and owner.kind in ("some", "unnamed", "others"):
        yield state("label_exists")
    elif owner is None:
        yield state("own")  # "the paper is marginally below the threshold": whose judgement that is stays open


def _is_reported(sentence: str, hit: _Hit, subject: Mention) -> bool:
    """Whether a number stands in what a reviewer says of something else: "finds that accuracy stays at 5"."""
    if not hit.phrase.weak or hit.after is not None or subject.end > hit.start:
        return False
    return _REPORTED.search(sentence, subject.end, hit.match.start() + 1) is not None


def _find_kind(hit: _Hit, before: Sequence[_Hit], mentions: Sequence[Mention]) -> str:
    """A bare number after a reviewer is what the first number after the reviewer before was."""
    if hit.after is None or hit.phrase.kind != "rating":
        return hit.phrase.kind
    earlier = [mention for mention in mentions if mention.end <= hit.after.start]
    model = [other for other in before if earlier and earlier[-1].end <= other.start]
    return "confidence" if model and model[0].kind == "confidence" else "rating"


def _find_hits(sentence: str, mentions: Sequence[Mention]) -> Iterator[_Hit]:
    taken: list[Span] = [Span(mention.start, mention.end) for mention in mentions]
    has_number = _NUMBER.search(sentence) is not None
    for phrase in load_phrases().scores:
        if not has_number and phrase.check != "absent" and not phrase.spelled:
            continue
        for match, after in _match_phrase(phrase, sentence, mentions):
            spans = (Span(*match.span()),) if phrase.check == "absent" else _find_numbers(match)
            # A list ends where another phrase has read on: "a 6, and a 4 for confidence".
            spans = tuple(itertools.takewhile(lambda span: not _overlaps(span, taken), spans))
            if spans:
                taken.extend(spans)
                yield _Hit(spans[0].start, spans[-1].end, phrase.kind, phrase, match, spans, after)


def _overlaps(span: Span, others: Sequence[Span]) -> bool:
    return any(span.start < end and start < span.end for start, end in others)


def _match_phrase(
    phrase: ScorePhrase, sentence: str, mentions: Sequence[Mention]
) -> Iterator[tuple[re.Match[str], Mention | None]]:
    if not phrase.adjacent:
        for match in phrase.pattern.finditer(sentence):
            yield match, None
        return
    for mention in mentions:
        start = mention.end
        while sentence[start : start + 1] == " " and sentence[start + 1 : start + 2] == "(":
            start += 1
        found = phrase.pattern.match(sentence, start)
        if found is not None:
            yield found, mention


def _find_numbers(match: re.Match[str]) -> tuple[Span, ...]:
    groups = match.groupdict()
    name = "list" if groups.get("list") else "list2"
    if not groups.get(name):
        return ()
    text, offset = _OUT_OF.sub("", match[name]), match.start(name)
    if text.isalpha():
        return (Span(*match.span(name)),)
    return tuple(Span(offset + number.start(), offset + number.end()) for number in _NUMBER.finditer(text))


def _find_owner(sentence: str, hit: _Hit, mentions: Sequence[Mention]) -> Mention | None:
    """Whose score it is: "an 8 from Reviewer 2", else whoever the sentence is about at that place."""
    for mention in mentions:
        if mention.start >= hit.end and _OWNED.fullmatch(sentence, hit.end, mention.start):
            return mention
    if hit.after is not None:
        return hit.after
    if hit.phrase.bare or hit.phrase.check in ("mean", "range", "highest", "lowest", "how_many"):
        return None
    left = [mention for mention in mentions if mention.end <= hit.start]
    direct = [mention for mention in left if not mention.oblique]
    candidates = direct or left
    return candidates[-1] if candidates else None


def _find_antecedent(sentence: str, before: Sequence[Mention]) -> Mention | None:
    """Whom "They" means: the one reviewer that the sentence before names."""
    named = len(before) == 1 and len(before[0].reviewers) == 1
    return before[0] if named and _PRONOUN.match(sentence) else None


def _is_condition(sentence: str, hit: _Hit) -> bool:
    clause = max(sentence.rfind(mark, 0, hit.match.start()) for mark in ",;:(—") + 1
    return _CONDITION.search(sentence, clause, hit.start) is not None


def _read_hit(sentence: str, hit: _Hit, subject: Mention | None, hits: int) -> Iterator[Statement]:
    phrase, groups = hit.phrase, hit.match.groupdict()
    words = [sentence[start:end] for start, end in hit.spans] if phrase.check != "absent" else []
    values = tuple(map(read_score_word, words))
    named = subject.reviewers if subject is not None else ()
    word = " ".join(groups["field"].lower().split()) if groups.get("field") else None

    def state(check: str, values: tuple[float, ...], spans: Sequence[Span], weak: bool = phrase.weak) -> Statement:
        return Statement(spans[0].start, spans[-1].end, hit.kind, check, named, values, word, weak)

    if phrase.check == "how_many":
        count = float(read_number_word(hit.match["count"], load_phrases()))
        yield Statement(hit.match.start("count"), hit.end, hit.kind, "how_many", (), (count, values[0]))
    elif phrase.check == "absent":
        if named:
            yield state("absent", (), hit.spans)
    elif phrase.check == "range":
        yield state("range", values[:2], hit.spans[:2])
    elif phrase.check in ("mean", "highest", "lowest", "earlier"):
        yield state(phrase.check, values[:1], hit.spans[:1])
    elif subject is not None and subject.kind == "some" and subject.how_many is not None:
        yield Statement(subject.start, hit.end, hit.kind, "how_many", (), (float(subject.how_many), values[0]))
    elif len(values) > 1 and subject is not None and subject.kind == "numbered" and len(values) == len(named) > 1:
        yield state("pairwise", values, hit.spans)
    elif len(values) > 1 and phrase.plural is not None and phrase.plural.search(hit.match[0]):
        yield state("together", values, hit.spans)._replace(reviewers=())
    elif named:
        yield state("each", values[:1], hit.spans[:1])
    elif hit.kind != "field" and (subject is None or subject.kind != "others"):
        # A bare "an 8" without an owner counts as a wrong score only among other words about scores.
        about_scores = hits > 1 or _SCORE_WORDS.search(sentence) is not None
        weak = phrase.bare and not about_scores
        yield state("exists", values[:1], hit.spans[:1], weak=weak or (phrase.weak and subject is None and hits == 1))


def _find_sides(sentence: str, mentions: Sequence[Mention]) -> Iterator[Statement]:
    for phrase in load_phrases().sides:
        for match in phrase.pattern.finditer(sentence):
            if _DENIAL.search(sentence, max(0, match.start() - 30), match.start()) or _CONDITION.search(
                sentence, max(0, match.start() - 40), match.start()
            ):
                continue
            if match.groupdict().get("count"):
                count = (float(read_number_word(match["count"], load_phrases())),)
                yield Statement(*match.span(), "recommendation", "side_count", values=count, word=phrase.side)
                continue
            left = [mention for mention in mentions if mention.end <= match.start() and not mention.oblique]
            if not left or "?" in sentence:
                continue
            # Reviews speak of other thresholds too: "finds that the error stays below the threshold".
            about_form = "accept" in match[0].lower() or "form" in match[0].lower()
            if not about_form and _REPORTED.search(sentence, left[-1].end, match.start()):
                continue
            if left[-1].kind in ("some", "exactly") and left[-1].how_many is not None:
                # "One reviewer is above the line" leaves it open whether others are; "one of three is" does not.
                yield Statement(
                    left[-1].start,
                    match.end(),
                    "recommendation",
                    "side_count",
                    values=(float(left[-1].how_many),),
                    word=phrase.side,
                    weak=left[-1].kind == "some",
                )
            elif left[-1].reviewers:
                yield Statement(
                    *match.span(), "recommendation", "side", left[-1].reviewers, (), phrase.side, weak=not phrase.firm
                )


def _find_counts(sentence: str, phrases: Phrases) -> Iterator[Statement]:
    taken: list[Span] = []
    for phrase in phrases.counts:
        for match in phrase.pattern.finditer(sentence):
            span = Span(*match.span("count"))
            if span in taken:
                continue
            taken.append(span)
            count = float(read_number_word(match["count"], phrases))
            yield Statement(*match.span(), "count", "total" if phrase.firm else "some", (), (count,))


def find_decisions(sentence: str, *, speaker: str) -> list[Statement]:
    """Return the outcome that a sentence states, at most one.

    The meta-reviewer decides in the first person or by naming the decision; whatever asks, weighs, leans or reports
    what a reviewer recommends decides nothing. An agent in the first person decides nothing either: that is a breach of
    its role and another rule's business.

    >>> [found.word for found in find_decisions("I am rejecting, with regret.", speaker="meta_reviewer")]
    ['reject']
    >>> find_decisions("Reviewer 2 recommends acceptance.", speaker="meta_reviewer")
    []
    """
    decision = load_phrases().decision
    if sentence.rstrip().endswith("?") or decision.condition.match(sentence):
        return []
    found: list[Statement] = []
    taken = bytearray(len(sentence))
    breaks = [0, *(match.end() for match in _BREAK.finditer(sentence))]
    for outcome, pattern in decision.outcomes.items():
        for match in pattern.finditer(sentence):
            span = Span(*match.span())
            word = (
                None if any(taken[span.start : span.end]) else _read_outcome(sentence, span, breaks, outcome, speaker)
            )
            if word:
                taken[span.start : span.end] = b"x" * (span.end - span.start)
                found.append(Statement(*span, "decision", "outcome", word=word))
    if not found:
        return []
    last = max(found)
    named = None
    if last.word in ("accept", "reject") and decision.mentions_workshop.search(sentence):
        named = "workshop"
    elif last.word == "accept" and (tier := decision.tier.search(sentence, last.end, _find_stop(sentence, last.end))):
        named = (tier["tier"] or tier["bracketed"]).lower()
    return [last._replace(tier=named)]


def find_own_sides(sentence: str, mentions: Sequence[Mention]) -> list[Statement]:
    """Return on which side a speaker says to be, at most once: "I would recommend accepting it", "I lean to reject".

    >>> [found.word for found in find_own_sides("I am leaning towards rejecting it.", [])]
    ['reject']
    >>> find_own_sides("I have to decide whether to accept it.", [])
    []
    """
    phrases = load_phrases()
    if sentence.rstrip().endswith("?") or phrases.own_side_open.search(sentence):
        return []
    for side, pattern in phrases.own_sides.items():
        match = pattern.search(sentence)
        if match is None or not _is_own(sentence, match.end(), mentions):
            continue
        other = {"accept": "reject", "reject": "accept"}[side]
        word = other if phrases.own_side_denied.search(sentence, 0, match.start()) else side
        return [Statement(*match.span(), "recommendation", "own_side", word=word)]
    return []


def _read_outcome(sentence: str, span: Span, breaks: Sequence[int], outcome: str, speaker: str) -> str | None:
    """What a word that names an outcome decides where it stands; null where it decides nothing."""
    phrases = load_phrases()
    decision = phrases.decision
    # The clause: between commas, semicolons, colons, dashes and "but".
    reach = min(span.end + CLAUSE_REACH, len(sentence))
    stop = _BREAK.search(sentence, span.end, reach)
    begin = max(breaks[bisect.bisect_right(breaks, span.start) - 1], span.start - CLAUSE_REACH)
    clause = Span(begin, stop.start() if stop else reach)
    if decision.excluded.search(sentence[clause.start : clause.end]):
        return None
    if outcome not in decision.impersonal:
        if speaker == "meta_reviewer":
            if not decision.cue.search(sentence[clause.start : clause.end]):
                return None
            own = _FIRST_PERSON.search(sentence, clause.start, clause.end)
            if not own and phrases.reporting.search(sentence, clause.start, span.start):
                return None
        else:
            before = sentence[max(0, span.start - CLAUSE_REACH) : span.start]
            if phrases.reporting.search(before) or not decision.reported.search(before):
                return None
    if decision.negation.search(sentence, clause.start, span.start):
        return {"accept": "reject", "reject": "accept"}.get(outcome)
    return outcome


def _find_stop(sentence: str, start: int) -> int:
    stop = _STOP.search(sentence, start)
    return stop.start() if stop else len(sentence)
