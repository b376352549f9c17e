"""Prose with exact offsets: cleaning, sentences, and the sources that evidence points into."""

from toolkit.text.cleaning import CleanedText, clean_text, mask_addresses
from toolkit.text.names import Name, hide_name, is_same_person, read_name
from toolkit.text.sentences import Span, split_sentences
from toolkit.text.sources import Sources, collect_sources, hash_span, make_evidence, verify_evidence

__all__ = [
    "CleanedText",
    "Name",
    "Sources",
    "Span",
    "clean_text",
    "collect_sources",
    "hash_span",
    "hide_name",
    "is_same_person",
    "make_evidence",
    "mask_addresses",
    "read_name",
    "split_sentences",
    "verify_evidence",
]
