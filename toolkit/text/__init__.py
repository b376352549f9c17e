"""Prose with exact offsets: cleaning, sentences, and the sources that evidence points into."""

from toolkit.text.cleaning import CleanedText, clean_text
from toolkit.text.sentences import Span, split_sentences
from toolkit.text.sources import Sources, collect_sources, hash_span, make_evidence, verify_evidence

__all__ = [
    "CleanedText",
    "Sources",
    "Span",
    "clean_text",
    "collect_sources",
    "hash_span",
    "make_evidence",
    "split_sentences",
    "verify_evidence",
]
