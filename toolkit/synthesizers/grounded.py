"""The offline generator: dialogues made of quotations and light rewording, with the place of every statement.

Every sentence of the agent is a ``Sentence``: its text and the spans of the record it rests on. Scores, counts and
decisions are formatted from the record's values; opinions are quoted or reported from a review and carry its name.
"""

import random
from collections.abc import Iterable, Sequence

from toolkit.records import Dialogue, DialogueMetrics, Evidence, Forum, Generator, Message, Turn
from toolkit.synthesizers.agenda import Place, Plan, draw_plans
from toolkit.synthesizers.answers import ANSWER_ACTS, Answerer
from toolkit.synthesizers.chair import Chair
from toolkit.synthesizers.material import Material, gather_material
from toolkit.synthesizers.phrasing import Speech
from toolkit.synthesizers.policy import Policy
from toolkit.synthesizers.statements import Statement
from toolkit.synthesizers.telling import Answer, Sentence, Teller
from toolkit.text.quotes import count_words, split_lines
from toolkit.text.sources import make_evidence

VERSION = "3"

LONGEST_ANSWER = 125
"""Words; an answer stops before the sentence that would carry it beyond."""


def compose_dialogue(forum: Forum, *, seed: int = 0, index: int = 0, policy: Policy | None = None) -> Dialogue:
    """Write dialogue number ``index`` about a forum from its record alone, without a model.

    The same forum, seed, index and policy give the same dialogue. Every choice comes from blake2b(seed, forum id,
    index); what the dialogues before it tell is told again only where nothing else weighs as much.

    Raises:
        SynthesisError: the forum has no review, or no passage of it can be quoted; ``reason`` names which.
    """
    material = gather_material(forum)
    rng, plan = draw_plans(material, seed=seed, count=index + 1, policy=policy or Policy())[index]
    return write_dialogue(material, rng, plan, seed=seed, index=index)


def compose_dialogues(forum: Forum, *, seed: int, count: int, policy: Policy) -> tuple[Dialogue, ...]:
    """Write the first dialogues about a forum; see ``compose_dialogue``."""
    material = gather_material(forum)
    plans = draw_plans(material, seed=seed, count=count, policy=policy)
    return tuple(write_dialogue(material, *drawn, seed=seed, index=index) for index, drawn in enumerate(plans))


def write_dialogue(material: Material, rng: random.Random, plan: Plan, *, seed: int, index: int) -> Dialogue:
    """Word a plan."""
    forum = material.forum
    turns = _write_turns(material, rng, plan)
    return Dialogue(
        dialogue_id=f"{forum.forum}-grounded-{index}",
        forum=forum.forum,
        venue=forum.venue,
        year=forum.year,
        title=forum.title,
        decision=None if forum.decision.outcome == "unknown" else forum.decision.outcome,
        generator=Generator("grounded", VERSION, None, None, seed),
        agenda=plan.items,
        turns=turns,
        messages=build_messages(turns),
        metrics=measure_dialogue(forum, turns),
        license=forum.license,
        source_url=forum.url,
        synthetic=True,
        persona=plan.persona,
    )


def build_messages(turns: Iterable[Turn]) -> tuple[Message, ...]:
    """Return the turns as chat messages: the meta-reviewer is the user, the agent the assistant."""
    return tuple(Message("user" if turn.speaker == "meta_reviewer" else "assistant", turn.text) for turn in turns)


def measure_dialogue(forum: Forum, turns: Sequence[Turn]) -> DialogueMetrics:
    """Count the sizes of a dialogue."""
    cited = {evidence.note_id for turn in turns for evidence in turn.evidence}
    return DialogueMetrics(
        turns=len(turns),
        agent_words=sum(count_words(turn.text) for turn in turns if turn.speaker == "dialogue_agent"),
        meta_reviewer_words=sum(count_words(turn.text) for turn in turns if turn.speaker == "meta_reviewer"),
        evidence_spans=sum(len(turn.evidence) for turn in turns),
        notes_cited=len(cited),
        reviewers_cited=sum(review.note_id in cited for review in forum.reviews),
        unanswerable_turns=sum(turn.speaker == "dialogue_agent" and not turn.answerable for turn in turns),
    )


def _write_turns(material: Material, rng: random.Random, plan: Plan) -> tuple[Turn, ...]:
    teller = Teller(material, Speech(rng, plan.persona))
    chair, answerer = Chair(teller, plan), Answerer(teller)
    turns: list[Turn] = []

    def add(speaker: str, act: str, sentences: Sequence[Sentence], answerable: bool) -> None:
        text, evidence = _lay_out(material, sentences)
        turns.append(Turn(len(turns), speaker, text, act, answerable, evidence))  # type: ignore[arg-type]

    last: Answer | None = None
    said: Sequence[Statement] = ()
    for exchange in plan.exchanges:
        question = chair.ask(exchange, said, last) if turns else chair.open(exchange)
        last = answerer.answer(exchange)
        add("meta_reviewer", exchange.act, [Sentence(question)], last.answerable)
        add("dialogue_agent", ANSWER_ACTS[exchange.act], _fit(last.sentences), last.answerable)
        said = exchange.statements
    add("meta_reviewer", plan.closing, chair.decide(), True)
    return tuple(turns)


def _fit(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Keep the sentences from the first on that fit one spoken turn."""
    kept: list[Sentence] = []
    words = 0
    for sentence in sentences:
        words += count_words(sentence.text)
        if kept and words > LONGEST_ANSWER:
            break
        kept.append(sentence)
    return kept


def _lay_out(material: Material, sentences: Sequence[Sentence]) -> tuple[str, tuple[Evidence, ...]]:
    """Join sentences to a turn, and turn their places into evidence at the sentence's offsets."""
    text = ""
    evidence: list[Evidence] = []
    for sentence in sentences:
        start = len(text) + 1 if text else 0
        text = f"{text} {sentence.text}" if text else sentence.text
        seen: set[Place] = set()
        for place in sentence.places:
            for piece in _cut_pieces(material, place, sentence.text):
                if piece in seen:
                    continue
                seen.add(piece)
                note_id, field, left, right = piece
                words = material.sources[note_id, field][left:right]
                evidence.append(
                    make_evidence(
                        material.sources,
                        note_id,
                        field,
                        left,
                        right,
                        turn_start=start,
                        turn_end=len(text),
                        quote=words in sentence.text,
                    )
                )
    return text, tuple(evidence)


def _cut_pieces(material: Material, place: Place, text: str) -> Iterable[Place]:
    """Cite a wrapped passage line by line where its words stand in the sentence, else as one span."""
    note_id, field, start, end = place
    source = material.sources[note_id, field]
    if "\n" not in source[start:end]:
        return [place]
    lines = split_lines(source, start, end)
    if all(source[left:right] in text for left, right in lines):
        return [(note_id, field, left, right) for left, right in lines]
    return [place]
