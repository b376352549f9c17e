"""Many dialogues: asked for at once, looked up in the record, and made of it in order."""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from toolkit.errors import ReviewDialError
from toolkit.progress import Progress
from toolkit.records import Dialogue, Forum, Quarantined
from toolkit.synthesizers.llm.budget import CHARACTERS_A_TOKEN, Limits, Usage, count_characters
from toolkit.synthesizers.llm.calls import Answer, AnswerStore, Call
from toolkit.synthesizers.llm.endpoint import Asker, Endpoint, EndpointOptions, replay_from
from toolkit.synthesizers.llm.openings import draw_opening, plan_turns
from toolkit.synthesizers.llm.refining import Round
from toolkit.synthesizers.llm.writer import Writer, Written

BATCH = 32
"""Papers whose dialogues are made side by side."""
SAMPLED = 16
"""Papers whose prompts an estimate looks at. Ids are random, so the first papers are as good as any."""


class Rebuilt(NamedTuple):
    """What the answers on record make of one forum."""

    dialogues: tuple[Dialogue, ...]
    quarantined: tuple[Quarantined, ...]
    rounds: tuple[tuple[str, tuple[Round, ...]], ...]
    """Id of a dialogue, kept or not, and what its versions scored."""


class Estimate(NamedTuple):
    """What a run will ask for; tokens are counted from characters."""

    dialogues: int
    tokens_in: int
    """Refinement and repair left out: how many there will be is not known."""
    most_tokens_out: int

    def describe(self, limits: Limits) -> str:
        """Say it in a line."""
        text = (
            f"{self.dialogues:,} dialogues to ask for: about {self.tokens_in:,} tokens in, "
            f"at most {self.most_tokens_out:,} out, before refinement"
        )
        if limits.price_in or limits.price_out:
            least, most = (limits.count_cost(self.tokens_in, out) for out in (0, self.most_tokens_out))
            text += f"; from {least:,.2f} to {most:,.2f} in money"
        return text


def estimate_run(
    forums: Iterable[Forum], papers: int, writer: Writer, store: AnswerStore, *, per_forum: int, seed: int
) -> Estimate:
    """Estimate what dialogues about so many papers still need, from the prompts of the first ones."""
    sampled = list(islice(forums, SAMPLED))
    characters = answers = usable = 0
    for forum in sampled:
        opening = draw_opening(forum, seed, 0, writer.policy)
        if isinstance(opening, Quarantined):
            continue
        call = writer.write_first_call(forum, opening, seed=seed, index=0)
        if store.find(call.key) is not None:
            continue
        usable += 1
        turns = len(plan_turns(opening.agenda)) if writer.options.mode == "turns" else 1
        characters += turns * count_characters(call)
        answers += turns
    dialogues = round(papers * per_forum * usable / len(sampled)) if sampled else 0
    share = dialogues / usable if usable else 0
    return Estimate(
        dialogues,
        round(characters * share / CHARACTERS_A_TOKEN),
        round(answers * share) * writer.options.max_output_tokens,
    )


def ask_for_dialogues(
    forums: Iterable[Forum],
    writer: Writer,
    endpoint_options: EndpointOptions,
    store: AnswerStore,
    *,
    per_forum: int,
    seed: int,
    progress: Progress,
    total: int | None = None,
) -> Usage:
    """Get every answer that the dialogues need into the record; what is there already is not asked for.

    ``total`` is the number of dialogues, where it is known, for those who watch.

    Raises:
        SynthesisError: the endpoint refuses, or there is no client or key.
        StoppedError: it does not answer, or the budget is used up; the same call goes on.
    """
    return asyncio.run(_ask_all(forums, writer, endpoint_options, store, per_forum, seed, progress, total))


async def _ask_all(
    forums: Iterable[Forum],
    writer: Writer,
    options: EndpointOptions,
    store: AnswerStore,
    per_forum: int,
    seed: int,
    progress: Progress,
    total: int | None,
) -> Usage:
    endpoint = Endpoint(options, store)
    usage = endpoint.budget.usage
    jobs = ((forum, index) for forum in forums for index in range(per_forum))
    failures: list[ReviewDialError] = []

    async def work() -> None:
        for forum, index in jobs:  # one iterator for all workers: forums are read as they are needed
            if failures:
                return
            try:
                await writer.write(forum, seed=seed, index=index, ask=endpoint.ask)
            except ReviewDialError as error:
                failures.append(error)
                return
            progress.advance()
            progress.show(_list_facts(usage, options.limits), total)

    # Twice as many as there may be questions under way: while some wait for an answer, others plan and verify.
    try:
        await asyncio.gather(*(work() for _ in range(2 * options.concurrency)))
    finally:
        await endpoint.close()
    if failures:
        raise failures[0]
    return usage


def _list_facts(usage: Usage, limits: Limits) -> dict[str, float]:
    facts: dict[str, float] = {"calls": usage.calls, "tokens in": usage.tokens_in, "out": usage.tokens_out}
    if limits.price_in or limits.price_out:
        facts["cost"] = round(limits.count_cost(usage.tokens_in, usage.tokens_out), 2)
    return {**facts, **dict(sorted(usage.failures.items()))}


def find_waiting(
    forums: Iterable[Forum], writer: Writer, store: AnswerStore, *, per_forum: int, seed: int, progress: Progress
) -> Iterator[Call]:
    """Yield the next question of every dialogue that waits for an answer; nobody is asked."""

    async def ask(call: Call) -> Answer:
        if (answer := store.find(call.key)) is None:
            raise _WaitingError(call)
        return answer

    async def look(forum: Forum, index: int) -> Call | None:
        try:
            await writer.write(forum, seed=seed, index=index, ask=ask)
        except _WaitingError as waiting:
            return waiting.call
        return None

    async def look_at_all(batch: list[Forum]) -> list[Call | None]:
        return await asyncio.gather(*(look(forum, index) for forum in batch for index in range(per_forum)))

    for batch in _take_batches(forums):
        yield from (call for call in asyncio.run(look_at_all(batch)) if call is not None)
        progress.advance(len(batch) * per_forum)


class _WaitingError(Exception):
    def __init__(self, call: Call) -> None:
        self.call = call
        super().__init__(call.key)


def rebuild_dialogues(
    forums: Iterable[Forum], writer: Writer, store: AnswerStore, *, per_forum: int, seed: int, used: set[str]
) -> Iterator[Rebuilt]:
    """Yield what the answers on record make of each forum, in order; no endpoint is asked.

    ``used`` collects the keys of the answers that were needed.

    Raises:
        MissingAnswerError: an answer is not on record.
    """
    ask = replay_from(store, used)
    for batch in _take_batches(forums):
        for written in asyncio.run(_write_batch(writer, batch, ask, per_forum, seed)):
            seen: dict[tuple[str, str], Quarantined] = {}
            for item in written:
                if item.quarantined is not None:
                    seen.setdefault((item.quarantined.item, item.quarantined.reason), item.quarantined)
            yield Rebuilt(
                tuple(item.dialogue for item in written if item.dialogue is not None),
                tuple(seen.values()),
                tuple((item.name, item.rounds) for item in written if item.rounds),
            )


def _take_batches(forums: Iterable[Forum]) -> Iterator[list[Forum]]:
    remaining = iter(forums)
    while batch := list(islice(remaining, BATCH)):
        yield batch


async def _write_batch(
    writer: Writer, forums: list[Forum], ask: Asker, per_forum: int, seed: int
) -> list[list[Written]]:
    async def write_all(forum: Forum) -> list[Written]:
        return [await writer.write(forum, seed=seed, index=index, ask=ask) for index in range(per_forum)]

    return await asyncio.gather(*(write_all(forum) for forum in forums))
