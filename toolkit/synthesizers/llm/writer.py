"""One dialogue from a model: asked for, repaired, verified, refined where it fails, or given up with a reason.

The steps depend on nothing but the answers, so the same answers give the same dialogue, whenever they were asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from toolkit.engines import Run, run_here
from toolkit.records import Dialogue, DialogueMetrics, Forum, Generator, Quarantined, SynthesisMode, Turn
from toolkit.synthesizers.grounded import compose_dialogue
from toolkit.synthesizers.llm.answers import InvalidAnswerError, SaidTurn, build_turns, parse_answer, parse_turn
from toolkit.synthesizers.llm.calls import Answer, Call, Form
from toolkit.synthesizers.llm.endpoint import Asker
from toolkit.synthesizers.llm.openings import Opening, PlannedTurn, draw_opening, plan_turns
from toolkit.synthesizers.llm.prompting import Messages, Prompts
from toolkit.synthesizers.llm.refining import Round, Verify, Version, check_version, pick_better, set_turns
from toolkit.synthesizers.policy import Policy

VERSION = "2"
SAMPLES = 2
"""How often the same question is asked when its answer is cut, refused or empty."""


@dataclass(frozen=True, slots=True)
class WriterOptions:
    """How dialogues are asked for and when they are given up."""

    model: str
    mode: SynthesisMode = "dialogue"
    temperature: float = 0.7
    max_output_tokens: int = 4096
    rounds: int = 2
    """How often failing turns go back."""
    fall_back: bool = False
    """Write a dialogue that fails, or has no usable answer, with the offline generator instead of setting it aside."""


class Written(NamedTuple):
    """A dialogue, or why there is none."""

    name: str
    """Its id."""
    dialogue: Dialogue | None
    quarantined: Quarantined | None
    rounds: tuple[Round, ...]
    """What the first version scored, and each after it."""


class Writer:
    """Writes dialogues about forums with one model and one set of prompts."""

    def __init__(
        self, prompts: Prompts, options: WriterOptions, policy: Policy, verify: Verify, run: Run = run_here
    ) -> None:
        """Nothing is asked yet; ``run`` is where the heavy work is done."""
        self.prompts, self.options, self.policy, self.verify, self.run = prompts, options, policy, verify, run

    async def write(self, forum: Forum, *, seed: int, index: int, ask: Asker) -> Written:
        """Write dialogue number ``index`` about a forum."""
        name = f"{forum.forum}-llm-{index}"
        opening = await self.run(draw_opening, forum, seed, index, self.policy)
        if isinstance(opening, Quarantined):
            return Written(name, None, opening, ())
        call = self.write_first_call(forum, opening, seed=seed, index=index)
        rounds: tuple[Round, ...] = ()
        try:
            said, messages = await self._ask_for_turns(call, opening, ask)
        except _GivenUpError as error:
            reason, message = error.reason, str(error)
        else:
            turns = build_turns(said, forum, opening.passages)
            draft = self._draft(name, forum, opening, turns, seed)
            version, rounds = await self._refine(draft, forum, opening, replace(call, messages=messages), ask)
            if not version.score.errors:
                return Written(name, version.dialogue, None, rounds)
            rules = ", ".join(sorted({found.rule for found in version.findings if found.severity == "error"}))
            reason, message = "fails-audit", f"after {len(rounds)} versions: {rules}"
        if not self.options.fall_back:
            return Written(name, None, Quarantined("synthesize", name, reason, message), rounds)
        grounded = compose_dialogue(forum, seed=seed, index=index, policy=self.policy)
        return Written(name, replace(grounded, dialogue_id=name), None, rounds)

    def write_first_call(self, forum: Forum, opening: Opening, *, seed: int, index: int) -> Call:
        """Return the first question of a dialogue: for all of it, or for its first turn."""
        options = self.options
        messages = self.prompts.write_opening(forum, opening, options.mode)
        if options.mode == "turns":
            messages = self.prompts.add_turn_request(messages, plan_turns(opening.agenda)[0])
        form: Form = "turn" if options.mode == "turns" else "dialogue"
        return Call(options.model, messages, options.temperature, options.max_output_tokens, seed + index, 0, form)

    def _draft(self, name: str, forum: Forum, opening: Opening, turns: tuple[Turn, ...], seed: int) -> Dialogue:
        draft = Dialogue(
            dialogue_id=name,
            forum=forum.forum,
            venue=forum.venue,
            year=forum.year,
            title=forum.title,
            decision=None if forum.decision.outcome == "unknown" else forum.decision.outcome,
            generator=Generator("llm", VERSION, self.options.model, self.prompts.sha256, seed),
            agenda=opening.agenda,
            turns=(),
            messages=(),
            metrics=DialogueMetrics(0, 0, 0, 0, 0, 0, 0),
            license=forum.license,
            source_url=forum.url,
            synthetic=True,
            persona=opening.persona,
        )
        return set_turns(draft, forum, turns)

    async def _ask_for_turns(self, call: Call, opening: Opening, ask: Asker) -> tuple[tuple[SaidTurn, ...], Messages]:
        """Ask for the whole dialogue, or for one turn after the other; returns them, and the conversation up to it."""
        if self.options.mode == "dialogue":
            return await self._ask_for(call, ask)
        first, *further = plan_turns(opening.agenda)
        said, messages = await self._ask_for(call, ask, first)
        for planned in further:
            question = replace(call, messages=self.prompts.add_turn_request(messages, planned))
            turn, messages = await self._ask_for(question, ask, planned)
            said = (*said, *turn)
        return said, messages

    async def _ask_for(
        self, call: Call, ask: Asker, planned: PlannedTurn | None = None
    ) -> tuple[tuple[SaidTurn, ...], Messages]:
        """Ask until an answer has the form asked for; returns it, and the conversation up to it.

        What went wrong on the way is not kept in the conversation: it would be paid for again with every turn.
        """
        reason, fault = "no-answer", "nothing came back"
        for sample in range(SAMPLES):
            answer = await ask(replace(call, sample=sample))
            if (found := _find_fault(answer)) is not None:
                reason, fault = found
                continue
            messages = call.messages
            for last in (False, True):
                try:
                    said = _read_answer(answer, call, planned)
                    return said, (*call.messages, ("assistant", answer.text))
                except InvalidAnswerError as error:
                    reason, fault = "invalid-answer", str(error)
                if last:
                    break
                repair = self.prompts.render("repair", {"fault": fault})
                messages = (*messages, ("assistant", answer.text), ("user", repair))
                answer = await ask(replace(call, messages=messages, sample=sample))
                if (found := _find_fault(answer)) is not None:
                    reason, fault = found
                    break
        raise _GivenUpError(reason, fault)

    async def _refine(
        self, draft: Dialogue, forum: Forum, opening: Opening, call: Call, ask: Asker
    ) -> tuple[Version, tuple[Round, ...]]:
        """Send failing turns back, and keep what is better."""
        version: Version = await self.run(check_version, self.verify, draft, forum)
        rounds = [version.describe(kept=True)]
        for _ in range(self.options.rounds):
            if not (failing := version.failing):
                break
            request = self.prompts.write_refinement(version.dialogue.turns, failing)
            messages: Messages = (*call.messages, ("user", request))
            try:
                said, messages = await self._ask_for(replace(call, messages=messages, form="refinement"), ask)
            except _GivenUpError:
                break
            proposed = _pick_asked_for(said, version, forum, opening)
            version, better = await self.run(pick_better, self.verify, version, proposed, forum)
            rounds.append(version.describe(kept=better))
            if not better:
                break
            call = replace(call, messages=messages)
        return version, tuple(rounds)


class _GivenUpError(Exception):
    def __init__(self, reason: str, fault: str) -> None:
        self.reason = reason
        super().__init__(fault)


def _read_answer(answer: Answer, call: Call, planned: PlannedTurn | None) -> tuple[SaidTurn, ...]:
    if planned is not None:
        return (parse_turn(answer.text, planned.place, planned.speaker, planned.act),)
    return parse_answer(answer.text, call.form)


def _find_fault(answer: Answer) -> tuple[str, str] | None:
    """Return why an answer is no use before it is read: cut, refused or empty."""
    if answer.finish == "length":
        return "cut-answer", "the answer was cut at its longest"
    if answer.finish in ("refusal", "content_filter"):
        return "refused", "the model refused"
    if not answer.text.strip():
        return "empty-answer", "the answer was empty"
    return None


def _pick_asked_for(said: Sequence[SaidTurn], version: Version, forum: Forum, opening: Opening) -> Mapping[int, Turn]:
    """Return the new turns for the places that were asked for, by the same speakers; a model may write others too."""
    wanted = {finding.turn for finding in version.failing}
    turns = version.dialogue.turns
    kept = [turn for turn in said if turn.place in wanted and turn.speaker == turns[turn.place].speaker]
    return {turn.index: turn for turn in build_turns(kept, forum, opening.passages)}
