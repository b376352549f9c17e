"""How the points of a forum meet: reviewers who say the same or the opposite, the authors' replies, what came after.

One file a question; what decides stands in ``links.toml``.
"""

from collections.abc import Mapping, Sequence

from toolkit.normalizers.links.agreement import link_reviewers
from toolkit.normalizers.links.follow_ups import find_follow_ups, link_follow_ups
from toolkit.normalizers.links.reading import read_points
from toolkit.normalizers.links.replies import link_replies
from toolkit.records import Comment, PointLink, Review

__all__ = ["find_follow_ups", "link_points"]


def link_points(
    reviews: Sequence[Review], discussion: Sequence[Comment], *, subject: str, handles: Mapping[str, str]
) -> tuple[PointLink, ...]:
    """Find how points meet, in the order of the points; of one point the surest link of a kind comes first.

    Args:
        reviews: the reviews, with their points and follow-ups.
        discussion: the discussion in thread order.
        subject: title and abstract; words of the paper's own subject say less about whether two points belong together.
        handles: what the venue calls reviewers, in lower case -> reviewer (``"3"`` -> ``R1``), as authors write it.
    """
    read = read_points(reviews, subject)
    found = [
        *link_reviewers(read),
        *link_replies(read, reviews, discussion, handles),
        *link_follow_ups(read, reviews, discussion),
    ]
    order = {(item.review.note_id, item.point.field, item.point.start): item.place for item in read.points}

    def rank(link: PointLink) -> tuple[int, str, float, str, str, int]:
        place = order[link.note_id, link.field, link.start]
        return place, link.kind, -link.strength, link.to_note_id, link.to_field, link.to_start

    return tuple(sorted(found, key=rank))
