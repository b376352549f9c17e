"""Dialogues: from forum records (agenda, the offline generator), and from transcripts of others."""

from toolkit.synthesizers.agenda import UnusableForumError, draw_agenda
from toolkit.synthesizers.faults import spoil_dialogue
from toolkit.synthesizers.grounded import compose_dialogue
from toolkit.synthesizers.policy import Policy
from toolkit.synthesizers.shard import synthesize_shard
from toolkit.synthesizers.transcripts import ParsedFiles, find_files, parse_files, parse_transcript, read_mapping

__all__ = [
    "ParsedFiles",
    "Policy",
    "UnusableForumError",
    "compose_dialogue",
    "draw_agenda",
    "find_files",
    "parse_files",
    "parse_transcript",
    "read_mapping",
    "spoil_dialogue",
    "synthesize_shard",
]
