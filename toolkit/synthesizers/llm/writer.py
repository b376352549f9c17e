"""One dialogue from a model: asked for, repaired, verified, refined where it fails, or given up with a reason.

The steps depend on nothing but the answers, so the same answers give the same dialogue, whenever they were asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from toolkit.records import Dialogue, DialogueMetrics, Finding, Forum, Generator, Quarantined, Turn
from toolkit.synthesizers.agenda import UnusableForumError, draw_plans
from toolkit.synthesizers.grounded import build_messages, measure_dialogue, write_dialogue
from toolkit.synthesizers.llm.answers import InvalidAnswerError, SaidTurn, build_turn, build_turns, parse_answer
from toolkit.synthesizers.llm.calls import Answer, Call
from toolkit.synthesizers.llm.endpoint import Asker
from toolkit.synthesizers.llm.passages import Passage, index_passages, list_passages
from toolkit.synthesizers.llm.prompting import Prompts
from toolkit.synthesizers.material import gather_material
from toolkit.synthesizers.policy import Policy
from toolkit.text import collect_sources

VERSION = "1"
SAMPLES = 2
"""How often the same question is asked when its answer is cut, refused or empty."""
LAST_WORD = frozenset(("no-decision", "last-word-not-meta-reviewer"))
"""Rules about what the last turn lacks."""
Verify = Callable[[Dialogue, Forum], Sequence[Finding]]
"""The auditors' judgement; the pipeline hands it in."""


@dataclass(frozen=True, slots=True)
class WriterOptions:
    """How dialogues are asked for and when they are given up."""

    model: str
    temperature: float = 0.7
    max_output_tokens: int = 4096
    rounds: int = 2
    """How often failing turns go back."""
    fall_back: bool = False
    """Write a dialogue that fails, or has no usable answer, with the offline generator instead of setting it aside."""


class Round(NamedTuple):
    """What one version of a dialogue scored."""

    errors: int
    warnings: int


class Written(NamedTuple):
    """A dialogue, or why there is none."""

    dialogue: Dialogue | None
    quarantined: Quarantined | None
    rounds: tuple[Round, ...]
    """The score of the first version, and of each after it."""


class Writer:
    """Writes dialogues about forums with one model and one set of prompts."""

    def __init__(self, prompts: Prompts, options: WriterOptions, policy: Policy, verify: Verify) -> None:
        """Nothing is asked yet."""
        self.prompts, self.options, self.policy, self.verify = prompts, options, policy, verify

    async def write(self, forum: Forum, *, seed: int, index: int, ask: Asker) -> Written:
        """Write dialogue number ``index`` about a forum."""
        name = f"{forum.forum}-llm-{index}"
        try:
            material = gather_material(forum)
            rng, plan = draw_plans(material, seed=seed, count=index + 1, policy=self.policy)[index]
        except UnusableForumError as error:
            return Written(None, Quarantined("synthesize", forum.forum, error.reason, str(error)), ())

        def give_up(reason: str, message: str, rounds: tuple[Round, ...]) -> Written:
            if not self.options.fall_back:
                return Written(None, Quarantined("synthesize", name, reason, message), rounds)
            grounded = write_dialogue(material, rng, plan, seed=seed, index=index)
            return Written(replace(grounded, dialogue_id=name), None, rounds)

        passages = list_passages(forum)
        opening = self.prompts.write_opening(forum, passages, plan.items, plan.persona)
        call = Call(
            self.options.model,
            opening,
            self.options.temperature,
            self.options.max_output_tokens,
            seed + index,
            0,
            indexed=False,
        )
        try:
            said, messages = await self._ask_for(call, ask)
        except _GivenUpError as error:
            return give_up(error.reason, str(error), ())
        empty = DialogueMetrics(0, 0, 0, 0, 0, 0, 0)
        draft = Dialogue(
            dialogue_id=name,
            forum=forum.forum,
            venue=forum.venue,
            year=forum.year,
            title=forum.title,
            decision=None if forum.decision.outcome == "unknown" else forum.decision.outcome,
            generator=Generator("llm", VERSION, self.options.model, self.prompts.sha256, seed),
            agenda=plan.items,
            turns=(),
            messages=(),
            metrics=empty,
            license=forum.license,
            source_url=forum.url,
            synthetic=True,
            persona=plan.persona,
        )
        dialogue = _with_turns(draft, forum, build_turns(said, forum, passages))
        dialogue, rounds, findings = await self._refine(dialogue, forum, passages, call, messages, ask)
        if not any(finding.severity == "error" for finding in findings):
            return Written(dialogue, None, rounds)
        rules = ", ".join(sorted({finding.rule for finding in findings if finding.severity == "error"}))
        return give_up("fails-audit", f"after {len(rounds)} versions: {rules}", rounds)

    async def _ask_for(self, call: Call, ask: Asker) -> tuple[tuple[SaidTurn, ...], tuple[tuple[str, str], ...]]:
        """Ask until an answer has the form asked for; returns it, and the conversation up to it."""
        reason, fault = "no-answer", "nothing came back"
        for sample in range(SAMPLES):
            answer = await ask(replace(call, sample=sample))
            if (found := _find_fault(answer)) is not None:
                reason, fault = found
                continue
            messages = call.messages
            for last in (False, True):
                messages = (*messages, ("assistant", answer.text))
                try:
                    return parse_answer(answer.text, indexed=call.indexed), messages
                except InvalidAnswerError as error:
                    reason, fault = "invalid-answer", str(error)
                if last:
                    break
                messages = (*messages, ("user", self.prompts.render("repair", {"fault": fault})))
                answer = await ask(replace(call, messages=messages, sample=sample))
                if (found := _find_fault(answer)) is not None:
                    reason, fault = found
                    break
        raise _GivenUpError(reason, fault)

    async def _refine(
        self,
        dialogue: Dialogue,
        forum: Forum,
        passages: Sequence[Passage],
        call: Call,
        messages: tuple[tuple[str, str], ...],
        ask: Asker,
    ) -> tuple[Dialogue, tuple[Round, ...], Sequence[Finding]]:
        """Send failing turns back, and keep a version only when it scores better."""
        findings = self._check(dialogue, forum)
        rounds = [_score(findings)]
        sources, by_id = collect_sources(forum), index_passages(passages)
        for _ in range(self.options.rounds):
            failing = [finding for finding in findings if finding.severity == "error" and finding.turn is not None]
            if not failing:
                break
            message = self.prompts.write_refinement(dialogue.turns, failing)
            question = replace(call, messages=(*messages, ("user", message)), indexed=True)
            try:
                said, after = await self._ask_for(question, ask)
            except _GivenUpError:
                break
            wanted = {finding.turn for finding in failing}
            turns = list(dialogue.turns)
            for turn in said:
                if turn.place in wanted and turn.place is not None and turn.speaker == turns[turn.place].speaker:
                    turns[turn.place] = build_turn(turn, turn.place, sources, by_id)
            better = _with_turns(dialogue, forum, turns)
            checked = self._check(better, forum)
            rounds.append(_score(checked))
            if _score(checked) >= _score(findings):
                break
            dialogue, findings, messages = better, checked, after
        return dialogue, tuple(rounds), findings

    def _check(self, dialogue: Dialogue, forum: Forum) -> Sequence[Finding]:
        """Verify; what is missing from the dialogue as a whole is the last turn's to mend."""
        last = len(dialogue.turns) - 1
        return [
            replace(finding, turn=last) if finding.turn is None and finding.rule in LAST_WORD else finding
            for finding in self.verify(dialogue, forum)
        ]


class _GivenUpError(Exception):
    def __init__(self, reason: str, fault: str) -> None:
        self.reason = reason
        super().__init__(fault)


def _find_fault(answer: Answer) -> tuple[str, str] | None:
    """Return why an answer is no use before it is read: cut, refused or empty."""
    if answer.finish == "length":
        return "cut-answer", "the answer was cut at its longest"
    if answer.finish in ("refusal", "content_filter"):
        return "refused", "the model refused"
    if not answer.text.strip():
        return "empty-answer", "the answer was empty"
    return None


def _score(findings: Sequence[Finding]) -> Round:
    return Round(
        sum(finding.severity == "error" for finding in findings),
        sum(finding.severity == "warning" for finding in findings),
    )


def _with_turns(dialogue: Dialogue, forum: Forum, turns: Sequence[Turn]) -> Dialogue:
    kept = tuple(turns)
    return replace(dialogue, turns=kept, messages=build_messages(kept), metrics=measure_dialogue(forum, kept))
