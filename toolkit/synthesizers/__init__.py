"""Dialogues from forum records: what is talked about (agenda), and the offline generator (grounded)."""

from toolkit.synthesizers.agenda import UnusableForumError, draw_agenda
from toolkit.synthesizers.faults import spoil_dialogue
from toolkit.synthesizers.grounded import compose_dialogue
from toolkit.synthesizers.policy import Policy
from toolkit.synthesizers.shard import synthesize_shard

__all__ = ["Policy", "UnusableForumError", "compose_dialogue", "draw_agenda", "spoil_dialogue", "synthesize_shard"]
