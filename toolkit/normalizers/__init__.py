"""Forums from notes: who speaks, which field is what, scores, decisions, threads, points."""

from toolkit.normalizers.forums import NormalizedForum, normalize_forum, normalize_notes, normalize_shard
from toolkit.normalizers.percentiles import fill_build_percentiles
from toolkit.normalizers.points import find_points
from toolkit.normalizers.refusals import RefusedForumError

__all__ = [
    "NormalizedForum",
    "RefusedForumError",
    "fill_build_percentiles",
    "find_points",
    "normalize_forum",
    "normalize_notes",
    "normalize_shard",
]
