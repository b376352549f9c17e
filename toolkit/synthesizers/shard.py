"""The synthesis stage over one shard of forums."""

from collections.abc import Iterable

from toolkit.records import Dialogue, Forum, Quarantined, StageResult
from toolkit.synthesizers.agenda import UnusableForumError
from toolkit.synthesizers.grounded import compose_dialogues
from toolkit.synthesizers.policy import Policy


def synthesize_shard(
    forums: Iterable[Forum], *, per_forum: int, seed: int, policy: Policy | None = None
) -> StageResult:
    """Write ``per_forum`` dialogues about every forum; a forum that allows none goes to quarantine with the reason."""
    dialogues: list[Dialogue] = []
    quarantined: list[Quarantined] = []
    for forum in forums:
        try:
            dialogues.extend(compose_dialogues(forum, seed=seed, count=per_forum, policy=policy or Policy()))
        except UnusableForumError as error:
            quarantined.append(Quarantined("synthesize", forum.forum, error.reason, str(error)))
    return StageResult(tuple(dialogues), tuple(quarantined))
