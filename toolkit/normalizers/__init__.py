"""Forums from notes: who speaks, which field is what, scores, decisions, threads, points."""

from toolkit.normalizers.forums import ForumInput, NormalizedForum, normalize_forum, normalize_notes, normalize_shard
from toolkit.normalizers.points import find_points
from toolkit.normalizers.refusals import RefusedForumError
from toolkit.normalizers.survey import Survey, UnknownScale, complete_forum, survey_build

__all__ = [
    "ForumInput",
    "NormalizedForum",
    "RefusedForumError",
    "Survey",
    "UnknownScale",
    "complete_forum",
    "find_points",
    "normalize_forum",
    "normalize_notes",
    "normalize_shard",
    "survey_build",
]
