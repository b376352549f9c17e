"""What a dialogue starts from: what it is to talk about, and the passages that it may point to."""

from typing import NamedTuple

from toolkit.records import AgendaItem, Forum, Persona, Quarantined, Speaker
from toolkit.synthesizers.agenda import UnusableForumError, draw_plans
from toolkit.synthesizers.answers import ANSWER_ACTS
from toolkit.synthesizers.llm.passages import Passage, list_passages
from toolkit.synthesizers.material import gather_material
from toolkit.synthesizers.policy import Policy


class Opening(NamedTuple):
    """An agenda and the record as passages."""

    agenda: tuple[AgendaItem, ...]
    persona: Persona | None
    passages: tuple[Passage, ...]


def draw_opening(forum: Forum, seed: int, index: int, policy: Policy) -> Opening | Quarantined:
    """Draw the agenda of dialogue number ``index``, as the offline generator does, or say why there can be none."""
    try:
        _, plan = draw_plans(gather_material(forum), seed=seed, count=index + 1, policy=policy)[index]
    except UnusableForumError as error:
        return Quarantined("synthesize", forum.forum, error.reason, str(error))
    return Opening(plan.items, plan.persona, list_passages(forum))


class PlannedTurn(NamedTuple):
    """A turn that is asked for by itself."""

    place: int
    """Which turn of the dialogue it is."""
    speaker: Speaker
    act: str
    item: AgendaItem
    """What it is about."""
    last: bool


def plan_turns(agenda: tuple[AgendaItem, ...]) -> tuple[PlannedTurn, ...]:
    """Return the turns of an agenda: a question and an answer for each item, and the last item is the last word."""
    turns: list[PlannedTurn] = []
    for item in agenda[:-1]:
        turns.append(PlannedTurn(len(turns), "meta_reviewer", item.act, item, last=False))
        turns.append(PlannedTurn(len(turns), "dialogue_agent", ANSWER_ACTS[item.act], item, last=False))
    return (*turns, PlannedTurn(len(turns), "meta_reviewer", agenda[-1].act, agenda[-1], last=True))
