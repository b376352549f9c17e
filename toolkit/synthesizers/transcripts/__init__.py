"""Dialogues that somebody else wrote, read from raw transcripts and chat formats without losing a character."""

from toolkit.synthesizers.transcripts.files import ParsedFiles, find_files, parse_files, read_mapping
from toolkit.synthesizers.transcripts.parsing import parse_transcript

__all__ = ["ParsedFiles", "find_files", "parse_files", "parse_transcript", "read_mapping"]
