"""Dialogues from a language model: asked for once, verified by the auditors, rebuilt from the record of its answers."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from toolkit.errors import ReviewDialError
from toolkit.progress import Progress
from toolkit.records import Dialogue, Forum, Quarantined
from toolkit.synthesizers.llm.calls import AnswerStore, open_answers
from toolkit.synthesizers.llm.endpoint import Asker, Endpoint, EndpointOptions, Usage, replay_from
from toolkit.synthesizers.llm.prompting import Prompts
from toolkit.synthesizers.llm.writer import Round, Verify, Writer, WriterOptions, Written

__all__ = [
    "AnswerStore",
    "EndpointOptions",
    "Prompts",
    "Rebuilt",
    "Round",
    "Usage",
    "Verify",
    "Writer",
    "WriterOptions",
    "Written",
    "ask_for_dialogues",
    "open_answers",
    "rebuild_dialogues",
]


class Rebuilt(NamedTuple):
    """What the answers on record make of one forum."""

    dialogues: tuple[Dialogue, ...]
    quarantined: tuple[Quarantined, ...]
    rounds: tuple[tuple[Round, ...], ...]


def ask_for_dialogues(
    forums: Iterable[Forum],
    writer: Writer,
    endpoint_options: EndpointOptions,
    store: AnswerStore,
    *,
    per_forum: int,
    seed: int,
    progress: Progress,
) -> Usage:
    """Get every answer that the dialogues need into the record; what is there already is not asked for.

    Raises:
        SynthesisError: the endpoint refuses, or there is no client or key.
        StoppedError: it does not answer, or the budget is used up; the same call goes on.
    """
    return asyncio.run(_ask_all(forums, writer, endpoint_options, store, per_forum, seed, progress))


async def _ask_all(
    forums: Iterable[Forum],
    writer: Writer,
    options: EndpointOptions,
    store: AnswerStore,
    per_forum: int,
    seed: int,
    progress: Progress,
) -> Usage:
    endpoint = Endpoint(options, store)
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
            progress.show({"calls": endpoint.usage.calls, "tokens": endpoint.usage.tokens}, None)

    try:
        await asyncio.gather(*(work() for _ in range(options.concurrency)))
    finally:
        await endpoint.close()
    if failures:
        raise failures[0]
    return endpoint.usage


def rebuild_dialogues(
    forums: Iterable[Forum], writer: Writer, store: AnswerStore, *, per_forum: int, seed: int, used: set[str]
) -> Iterator[Rebuilt]:
    """Yield what the answers on record make of each forum, in order; no endpoint is asked.

    ``used`` collects the keys of the answers that were needed.

    Raises:
        MissingAnswerError: an answer is not on record.
    """
    ask = replay_from(store, used)
    for forum in forums:
        written = asyncio.run(_write_all(writer, forum, ask, per_forum, seed))
        seen: dict[tuple[str, str], Quarantined] = {}
        for item in written:
            if item.quarantined is not None:
                seen.setdefault((item.quarantined.item, item.quarantined.reason), item.quarantined)
        yield Rebuilt(
            tuple(item.dialogue for item in written if item.dialogue is not None),
            tuple(seen.values()),
            tuple(item.rounds for item in written),
        )


async def _write_all(writer: Writer, forum: Forum, ask: Asker, per_forum: int, seed: int) -> Sequence[Written]:
    return [await writer.write(forum, seed=seed, index=index, ask=ask) for index in range(per_forum)]
