"""What the agent answers: one method an act of the meta-reviewer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from toolkit.records import FollowUpOutcome, Review
from toolkit.synthesizers.agenda import Exchange, find_earlier
from toolkit.synthesizers.material import Reply
from toolkit.synthesizers.scores import ScoreTeller
from toolkit.synthesizers.statements import TOPICS, Statement
from toolkit.synthesizers.telling import (
    Answer,
    Sentence,
    Teller,
    close,
    find_side,
    format_score,
    join_clauses,
    lower_unless_name,
    place_of,
    quote_words,
    require,
    stands_after,
)
from toolkit.text.rewording import capitalise, name_reviewer, name_reviewers, report_authors, spell_number

ANSWER_ACTS: Mapping[str, str] = {
    "open": "summarize",
    "ask_summary": "summarize",
    "ask_scores": "report_scores",
    "ask_strengths": "report_strengths",
    "ask_weaknesses": "report_weaknesses",
    "ask_aspect": "report_aspect",
    "ask_reviewer": "report_reviewer",
    "ask_disagreement": "contrast",
    "ask_evidence": "report_words",
    "ask_shared": "report_shared",
    "ask_author_reply": "report_reply",
    "ask_resolved": "report_resolution",
    "ask_score_change": "report_outcome",
    "ask_public": "report_public",
    "ask_questions": "report_questions",
    "ask_confidence": "report_confidence",
    "ask_unanswerable": "abstain",
    "weigh": "report_weights",
}
"""Act of a question -> act of its answer."""

RESOLVED: Mapping[FollowUpOutcome, str] = {
    "raised": "resolved_yes",
    "settled": "resolved_yes",
    "unsettled": "resolved_no",
    "lowered": "resolved_no",
    "partly_settled": "resolved_partly",
}
"""What a reviewer said afterwards -> section of phrasings; what takes no side is only told."""

LONGER = 1.4
"""From this ratio of characters on a review is called longer than another."""

FULL_TEXT_FIELDS = frozenset(("review", "main_review", "comment", "review_text"))
"""Fields that hold a whole review, so that their name says nothing about a passage."""


class Answerer:
    """Words the answers of one dialogue."""

    def __init__(self, teller: Teller) -> None:
        """Answer in the manner of a teller."""
        self.teller = teller
        self.material = teller.material
        self.forum = teller.forum
        self.speech = teller.speech
        self.rng = teller.rng
        self.scores = ScoreTeller(teller)

    def answer(self, exchange: Exchange) -> Answer:
        """Return the answer to the question of an exchange."""
        answered: Answer = getattr(self, f"_answer_{exchange.act}")(exchange)
        return answered

    def _answer_open(self, exchange: Exchange) -> Answer:
        sentences: list[Sentence] = []
        if exchange.statements:
            sentences.extend(self._summarize(exchange.statements))
        if exchange.with_scores or not sentences:
            scores = self.scores.score_answer(briefly=True)
            return Answer((*sentences, *scores.sentences), scores.mood, scores.slots)
        return Answer(tuple(sentences))

    def _answer_ask_summary(self, exchange: Exchange) -> Answer:
        return Answer(tuple(self._summarize(exchange.statements)))

    def _answer_ask_scores(self, exchange: Exchange) -> Answer:
        scores = self.scores.score_answer()
        voices: list[Sentence] = []
        for position, voice in enumerate(exchange.statements):
            voices.append(self.teller.say("frame_first" if position == 0 else "frame_next", voice))
        return replace(scores, sentences=(*scores.sentences, *voices))

    def _summarize(self, statements: Sequence[Statement]) -> list[Sentence]:
        """Say what the paper does, in a reviewer's words or the abstract's, and always whose words they are."""
        sentences = []
        before: str | None = None
        for statement in statements:
            if statement.speaker == "abstract":
                text = self._cite_abstract(statement, again=before == "abstract")
            elif (reported := self.material.report(statement)) is not None and reported.needs_that:
                text = self.speech.say(
                    "summary_reviewer",
                    who=name_reviewer(statement.speaker),
                    clause=reported.text,
                    Clause=capitalise(reported.text),
                )
            else:
                text = self.speech.say(
                    "summary_quote", who=name_reviewer(statement.speaker), quote=quote_words(statement.text)
                )
            before = statement.speaker
            sentences.append(Sentence(close(text), place_of(statement)))
        return sentences

    def _cite_abstract(self, statement: Statement, *, again: bool) -> str:
        """Report the abstract, which is named every time."""
        clause = report_authors(_drop_paper_opening(statement.text), self.forum.abstract or "")
        if clause is None:
            section = "abstract_quote_more" if again else "abstract_quote"
            return self.speech.say(section, quote=quote_words(statement.text))
        shorter = _name_authors(_drop_showing(clause))
        if shorter != _name_authors(clause):
            return self.speech.say("abstract_result", lower=shorter, Clause=capitalise(shorter))
        section = "abstract_more" if again else "abstract_first"
        return self.speech.say(section, lower=shorter, Clause=capitalise(shorter))

    def _compare_confidence(self, one: str, other: str) -> Sentence | None:
        """Say which of two reviewers is the surer, by the confidence each stated."""
        reviews = [self.material.review_of[one], self.material.review_of[other]]
        first, second = (review.confidence.value for review in reviews)
        if first is None or second is None or first == second:
            return None
        if first < second:
            reviews.reverse()
            first, second = second, first
        text = self.speech.say(
            "contrast_sure",
            who=name_reviewer(reviews[0].reviewer),
            other=name_reviewer(reviews[1].reviewer),
            high=format_score(first),
            low=format_score(second),
        )
        return Sentence(close(text), self.teller.cite_confidences(reviews))

    def _answer_ask_weaknesses(self, exchange: Exchange) -> Answer:
        return self._list_statements(exchange, "react_critical")

    def _answer_ask_aspect(self, exchange: Exchange) -> Answer:
        return self._list_statements(exchange, "react_critical")

    def _answer_ask_strengths(self, exchange: Exchange) -> Answer:
        return self._list_statements(exchange, "react_praise")

    def _list_statements(self, exchange: Exchange, mood: str) -> Answer:
        """Give statements one after the other; two are called one only where the record links them."""
        first, *others = exchange.statements
        sentences = [self._tell(exchange, "frame_topic" if exchange.topic else "frame_first", first, exchange.topic)]
        shared = 1
        previous = first
        for item in others:
            frame = "frame_next"
            if item.speaker == previous.speaker:
                frame = "frame_later" if stands_after(item, previous) else "frame_again"
            elif self.material.are_alike(first, item):
                frame = "frame_same"
                shared += 1
            sentences.append(self._tell(exchange, frame, item))
            previous = item
        slots = {"who": name_reviewer(first.speaker), "n": spell_number(shared)}
        return Answer(tuple(sentences), "react_shared" if shared > 1 and mood == "react_critical" else mood, slots)

    def _answer_ask_reviewer(self, exchange: Exchange) -> Answer:
        first, *others = exchange.statements
        sentences = [self._tell(exchange, "frame_first", first)]
        for item in others:
            frame = "frame_later" if stands_after(item, first) else "frame_again"
            if "neutral" not in (first.leaning, item.leaning) and item.leaning != first.leaning:
                frame = "frame_turn"
            sentences.append(self._tell(exchange, frame, item))
        mood = {"positive": "react_praise", "negative": "react_critical"}.get(exchange.statements[-1].leaning)
        return Answer(tuple(sentences), mood, {"who": name_reviewer(first.speaker)})

    def _answer_ask_disagreement(self, exchange: Exchange) -> Answer:
        praise, blame, *others = exchange.statements
        pair = (blame, praise) if self.rng.random() < 0.4 else (praise, blame)
        sentences = self.teller.set_against(*pair, exchange.topic)
        sentences[-1] = self._go_on(sentences[-1], exchange, pair[1])
        if len(sentences) > 1:
            sentences[0] = self._go_on(sentences[0], exchange, pair[0])
        for item in others:
            between = self._is_between(item.speaker, praise.speaker, blame.speaker)
            sentences.append(self._tell(exchange, "frame_between" if between else "frame_next", item))
        sure = self._compare_confidence(praise.speaker, blame.speaker)
        if sure is not None and self.rng.random() < 0.3:
            sentences.append(sure)
        slots = {"who": name_reviewer(pair[0].speaker), "other": name_reviewer(pair[1].speaker)}
        if exchange.topic:
            slots["topic"] = TOPICS[exchange.topic].said_as
        same = exchange.topic is not None or self.material.are_opposed(praise, blame)
        return Answer(tuple(sentences), "react_contrast" if same else "react_divided", slots)

    def _is_between(self, name: str, one: str, other: str) -> bool:
        """Whether a reviewer's rating lies between those of two others."""
        low, middle, high = (self.material.review_of[item].rating.value for item in (other, name, one))
        return None not in (low, middle, high) and (low or 0.0) < (middle or 0.0) < (high or 0.0)

    # Following an objection up

    def _answer_ask_evidence(self, exchange: Exchange) -> Answer:
        about, following = require(exchange.about), exchange.statements[0]
        place = None if about.field in FULL_TEXT_FIELDS else about.field.replace("_", " ")
        text = self.speech.say(
            "evidence_exact",
            who=name_reviewer(about.speaker),
            place=place,
            quote=quote_words(about.text),
            following=quote_words(following.text),
        )
        sentence = Sentence(close(text), (*place_of(about), *place_of(following)))
        return Answer((sentence,), "react_evidence", {"who": name_reviewer(about.speaker)})

    def _answer_ask_shared(self, exchange: Exchange) -> Answer:
        about = require(exchange.about)
        who = name_reviewer(about.speaker)
        if exchange.statements:
            sentences = [self.teller.say("frame_same", item) for item in exchange.statements]
            return Answer(tuple(sentences), "react_shared", {"who": who, "n": spell_number(len(sentences) + 1)})
        phrase = quote_words(require(exchange.phrase))
        count = len(exchange.silent)
        others = {1: "the other review does not mention", 2: "neither of the other two reviews mentions"}.get(
            count, f"none of the other {spell_number(count)} reviews mentions"
        )
        text = self.speech.say("shared_none", who=who, others=others, Others=capitalise(others), phrase=phrase)
        places = tuple(place for review in exchange.silent for place in self.teller.cite_whole(review))
        return Answer((Sentence(close(text), (*place_of(about), *places)),), "react_alone", {"who": who})

    def _answer_ask_author_reply(self, exchange: Exchange) -> Answer:
        about = require(exchange.about)
        who = name_reviewer(about.speaker)
        if not exchange.replies:
            comments = self.material.author_comments
            section = "reply_untouched" if comments else "reply_none"
            count = "the one comment" if len(comments) == 1 else f"the {spell_number(len(comments))} comments"
            phrase = self.material.find_unanswered_phrase(about) if comments else None
            text = self.speech.say(
                section,
                who=who,
                comments=count,
                name=self.teller.name_paper(),
                phrase=quote_words(phrase) if phrase else None,
            )
            places = tuple((item.note_id, item.field, 0, len(item.text)) for item in comments if item.text)
            return Answer((Sentence(close(text), (*place_of(about), *places)),), "react_no_reply", {"who": who})
        several = len(exchange.replies) > 1
        sentences = [self._tell_reply(reply, named=several) for reply in exchange.replies]
        return Answer(tuple(sentences), _judge_reply(exchange.replies[-1].answers[0].text), {"who": who})

    def _answer_ask_resolved(self, exchange: Exchange) -> Answer:
        about = require(exchange.about)
        who = name_reviewer(about.speaker)
        if not exchange.reactions:
            text = self.speech.say("resolved_silence", who=who, name=self.teller.name_paper())
            return Answer((Sentence(close(text), place_of(about)),), "react_silence", {"who": who})
        reaction = exchange.reactions[0]
        section = RESOLVED.get(reaction.outcome, "reaction")
        text = self.speech.say(section, who=who, quote=quote_words(reaction.statement.text))
        sentence = Sentence(close(text), place_of(reaction.statement))
        return Answer((sentence,), None, {"who": who})

    # Confidence

    def _answer_ask_confidence(self, exchange: Exchange) -> Answer:
        review = self.material.review_of[exchange.reviewers[0]]
        others = [item for item in self.forum.reviews if item is not review and item.confidence.value is not None]
        own = review.confidence.value or 0.0
        higher = [item.reviewer for item in others if (item.confidence.value or 0.0) > own]
        lower = [item.reviewer for item in others if (item.confidence.value or 0.0) < own]
        level = [item.reviewer for item in others if item.confidence.value == own]
        parts = [
            f"{word} than {name_reviewers(names)}" for word, names in (("higher", lower), ("lower", higher)) if names
        ]
        parts += [f"the same as {name_reviewers(level)}"] if level else []
        text = self.speech.say(
            "confidence_one",
            who=name_reviewer(review.reviewer),
            confidence=format_score(own),
            compared=join_clauses(parts) if parts else None,
            alone="" if not parts else None,
        )
        return Answer((Sentence(close(text), self.teller.cite_confidences([review, *others])),), None, {})

    def _answer_weigh(self, exchange: Exchange) -> Answer:
        """Name the surest and their side, what the one surest holds, and a review that is much longer than another."""
        rated = [review for review in self.forum.reviews if review.confidence.value is not None]
        if not rated:
            return Answer(tuple(self.scores.tell_experience(self.forum.reviews)), "react_weigh", {})
        values = [review.confidence.value or 0.0 for review in rated]
        surest = [review for review in rated if review.confidence.value == max(values)]
        rest = [review for review in rated if review.confidence.value != max(values)]
        sentences = [self._tell_surest(surest, rest, exchange.statements)]
        if exchange.statements:
            sentences[0] = self._go_on(sentences[0], exchange, exchange.statements[-1])
        sizes = sorted(
            (sum(len(section.text) for section in review.sections), review.reviewer) for review in self.forum.reviews
        )
        if sizes[-1][0] > LONGER * max(1, sizes[0][0]) and self.rng.random() < 0.3:
            long, short = sizes[-1][1], sizes[0][1]
            text = self.speech.say(
                "weigh_length", long=name_reviewer(long), short=name_reviewer(short), name=self.teller.name_paper()
            )
            places = tuple(
                place for name in (long, short) for place in self.teller.cite_whole(self.material.review_of[name])
            )
            sentences.append(Sentence(close(text), places))
        return Answer(tuple(sentences), "react_weigh" if rest else None, {})

    def _tell_surest(
        self, surest: Sequence[Review], rest: Sequence[Review], statements: Sequence[Statement]
    ) -> Sentence:
        """Say who states the most confidence and on which side of the line, and how sure the others are."""
        sides = {find_side(review.rating) for review in surest}
        side = next(iter(sides)) if len(sides) == 1 else None
        by_value: dict[str, list[str]] = {}
        for review in sorted(rest, key=lambda review: -(review.confidence.value or 0.0)):
            by_value.setdefault(format_score(review.confidence.value or 0.0), []).append(review.reviewer)
        others = join_clauses([f"{value} from {name_reviewers(names)}" for value, names in by_value.items()] or [""])
        section = "weigh_one" if len(surest) == 1 else "weigh_several"
        text = self.speech.say(
            section if rest else "weigh_level",
            who=name_reviewers([review.reviewer for review in surest]),
            confidence=format_score(surest[0].confidence.value or 0.0),
            side=side,
            others=others or None,
            says=self.teller.predicate(statements[0]) if statements else None,
            plain=None if statements else "",
            name=self.teller.name_paper(),
            both="both" if len(surest) == 2 else "all",
        )
        cited = self.teller.cite_scores(surest) if side else self.teller.cite_confidences(surest)
        said = tuple(place for item in statements for place in place_of(item))
        return Sentence(close(text), (*cited, *self.teller.cite_confidences(rest), *said))

    def _tell(self, exchange: Exchange, frame: str, statement: Statement, topic: str | None = None) -> Sentence:
        """Attribute a statement to its reviewer, with what goes on from it."""
        return self._go_on(self.teller.say(frame, statement, topic), exchange, statement)

    def _go_on(self, sentence: Sentence, exchange: Exchange, statement: Statement) -> Sentence:
        """Let a sentence go on with what follows its statement in the review."""
        following = exchange.following.get(statement.key)
        return self.teller.follow(sentence, following) if following is not None else sentence

    # The discussion

    def _tell_reply(self, reply: Reply, *, named: bool) -> Sentence:
        """Give the authors' answer to one statement, and say to whose where there are several."""
        answer = reply.answers[0]
        who = name_reviewer(reply.about.speaker)
        reported = self.material.report(answer)
        own = _DIRECT_REPLY.match(reported.text) if reported is not None else None
        if own and reported and len(_OF_AUTHORS.findall(reported.text)) == 1:
            section = "reply_direct_to" if named else "reply_direct"
            text = self.speech.say(section, rest=reported.text[own.start(1) :], who=who)
        else:
            section = "reply_quote_to" if named else "reply_quote"
            text = self.speech.say(section, quote=quote_words(answer.text), who=who)
        return Sentence(close(text), (*place_of(answer), *place_of(reply.about)) if named else place_of(answer))

    def _answer_ask_score_change(self, exchange: Exchange) -> Answer:
        sentences = []
        told: set[str] = set()
        for reaction in exchange.reactions:
            statement = reaction.statement
            name = name_reviewer(statement.speaker)
            section = "reaction_more" if statement.speaker in told else "reaction"
            text = self.speech.say(section, who=name, quote=quote_words(statement.text))
            sentence = Sentence(close(text), place_of(statement))
            if statement.speaker not in told and reaction.outcome in ("raised", "kept"):
                sentence = self._add_rating(sentence, statement.speaker)
            sentences.append(sentence)
            told.add(statement.speaker)
        for review in self.forum.reviews:
            earlier = find_earlier(review)
            if earlier is not None and review.rating.value is not None:
                text = self.speech.say(
                    "score_moved",
                    who=name_reviewer(review.reviewer),
                    earlier=format_score(earlier),
                    rating=format_score(review.rating.value),
                )
                sentences.append(Sentence(close(text), self.teller.cite_ratings([review])))
        return Answer(tuple(sentences), None, {})

    def _add_rating(self, sentence: Sentence, reviewer: str) -> Sentence:
        """Add what the record holds as the rating of someone who spoke of it."""
        review = self.material.review_of[reviewer]
        if review.rating.value is None or find_earlier(review) is not None:
            return sentence
        tail = self.speech.say("reaction_score", who=name_reviewer(reviewer), rating=format_score(review.rating.value))
        text = f"{sentence.text.rstrip('.')}; {lower_unless_name(tail)}."
        return Sentence(text, (*sentence.places, *self.teller.cite_ratings([review])))

    def _answer_ask_public(self, exchange: Exchange) -> Answer:
        (remark,) = exchange.statements
        text = self.speech.say("public_said", quote=quote_words(remark.text))
        return Answer((Sentence(close(text), place_of(remark)),), None, {})

    def _answer_ask_questions(self, exchange: Exchange) -> Answer:
        first, *others = exchange.statements
        sentences = [self.teller.say("frame_first", first)]
        sentences.extend(
            self.teller.say("frame_again" if item.speaker == first.speaker else "frame_next", item) for item in others
        )
        return Answer(tuple(sentences), None, {"who": name_reviewer(first.speaker)})

    def _answer_ask_unanswerable(self, exchange: Exchange) -> Answer:
        place = require(exchange.place)
        note_id, field_name, start, end = place
        discussion = "the discussion" if self.forum.discussion else None
        if exchange.gap is None:
            phrase = quote_words(require(exchange.phrase))
            text = self.speech.say("abstain_phrase", phrase=phrase, discussion=discussion)
            return Answer((Sentence(close(text), (place,)),), "react_gap", {}, answerable=False)
        matched = self.material.sources[note_id, field_name][start:end]
        text = self.speech.say(
            "abstain",
            gap=exchange.gap.said_as,
            discussion=discussion,
            field=field_name,
            matched=None if '"' in matched or "\n" in matched else quote_words(matched),
        )
        sentences = [Sentence(close(text), (place,))]
        for near in exchange.statements:
            text = self.speech.say("abstain_near", who=name_reviewer(near.speaker), says=self.teller.predicate(near))
            sentences.append(Sentence(close(text), place_of(near)))
        return Answer(tuple(sentences), "react_gap", {}, answerable=False)


_PROMISE = re.compile(
    r"\b(?:we|they) (?:will|plan|are going|intend|hope)\b|\bfinal version\b|\bfuture work\b|\bwill be\b"
)
_DISPUTE = re.compile(
    r"\b(?:disagree|not agree|would like to (?:point|clarify|emphasi[sz]e)|we (?:believe|think|argue))\b"
)
_DONE = re.compile(
    r"\b(?:added|ran|included|conducted|updated|revised|now (?:include|report)|performed|reran|extended)\b"
)


def _judge_reply(text: str) -> str:
    """Say what a chair may make of a reply: a promise, work done, a dispute, or just an answer."""
    plain = text.lower()
    for pattern, mood in ((_PROMISE, "react_promise"), (_DONE, "react_done"), (_DISPUTE, "react_dispute")):
        if pattern.search(plain):
            return mood
    return "react_reply"


_DIRECT_REPLY = re.compile(
    r"they ((?:also |respectfully |fully |strongly |do not |now )*"
    r"(?:believe|think|argue|agree|disagree|note|emphasi[sz]e|acknowledge|feel|hope|plan|apologi[sz]e|thank|would like"
    r"|have|added|ran|did|will|are|were|use|used|include|included|compare|compared))\b"
)
_OF_AUTHORS = re.compile(r"\b(?:they|their|them|theirs|themselves)\b")


def _name_authors(clause: str) -> str:
    return re.sub(r"\bthey\b", "the authors", clause, count=1)


def _drop_showing(clause: str) -> str:
    """Leave out "they show that" where the sentence around it says as much."""
    return re.sub(
        r"^(?:finally, )?they (?:\w+ly |also |further )?(?:show|demonstrate|find|prove|observe|establish|report) that ",
        "",
        clause,
    )


_PURPOSE = re.compile(
    r"To (?:address|tackle|solve|overcome|explore|fill|bridge|remedy|mitigate|alleviate|resolve) "
    r"(?:this|these|such|both)\b[^,]*, "
)


def _drop_paper_opening(text: str) -> str:
    text = capitalise(_PURPOSE.sub("", text, count=1))
    for opening in ("In this paper, ", "In this work, ", "In this paper ", "In this work ", "Here, ", "Here "):
        if text.startswith(opening):
            return text[len(opening) :]
    return text
