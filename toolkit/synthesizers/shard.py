"""The synthesis stage over one shard of forums."""

from collections.abc import Iterable

from toolkit.records import Dialogue, Forum, Quarantined, StageResult
from toolkit.synthesizers.agenda import UnusableForumError
from toolkit.synthesizers.grounded import compose_from_material
from toolkit.synthesizers.material import gather_material


def synthesize_shard(forums: Iterable[Forum], *, per_forum: int, seed: int) -> StageResult:
    """Write ``per_forum`` dialogues about every forum; a forum that allows none goes to quarantine with the reason."""
    dialogues: list[Dialogue] = []
    quarantined: list[Quarantined] = []
    for forum in forums:
        material = gather_material(forum)
        try:
            dialogues.extend(compose_from_material(material, seed=seed, index=index) for index in range(per_forum))
        except UnusableForumError as error:
            quarantined.append(Quarantined("synthesize", forum.forum, error.reason, str(error)))
    return StageResult(tuple(dialogues), tuple(quarantined))
