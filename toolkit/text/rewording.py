"""Light rewording: a statement into a clause after "that", authors' first person into the third.

Every function returns ``None`` where the change could alter what is claimed; the caller then quotes instead.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

from toolkit.text.quotes import FINITE_VERBS, WORDS, strip_asides

_STARTERS = frozenset(WORDS["subject_starters"].split())
_POINTING = frozenset(WORDS["pointing_starters"].split())
_SELF_EXPLAINING = frozenset(WORDS["self_explaining_nouns"].split())
_REQUEST_VERBS = frozenset(WORDS["request_verbs"].split())
_WORD = re.compile(r"[A-Za-z]+(?:[-'’][A-Za-z]+)*")
_FIRST_PERSON: Mapping[str, str] = WORDS["first_person"]
_FIRST_SINGULAR = re.compile(r"\b(?:I|I'm|I’m|me|my|mine|myself)\b")
_FIRST_PLURAL = re.compile(r"\b(?:we|us|our|ours|ourselves)\b", re.IGNORECASE)
_SECOND = re.compile(r"\b(?:you|your|yours|yourself|yourselves)\b", re.IGNORECASE)
_PRAISING = frozenset(WORDS["praising_openings"].split())
_THIRD_PERSON = re.compile(r"(?!is$|was$|has$|does$|works$|results$|uses$|claims$|studies$)[a-z]{3,}s$", re.IGNORECASE)
_NUMBER_NAMES = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)

_REQUEST = re.compile(
    r"(?:please|kindly|(?:can|could|would) (?:you|the authors) (?:also |please )*)\s*(?P<rest>\w+.*)",
    re.IGNORECASE | re.DOTALL,
)

_PLURAL_WORDS = {
    "we": "they",
    "our": "their",
    "ours": "theirs",
    "us": "them",
    "ourselves": "themselves",
    "we've": "they have",
    "we’ve": "they have",
    "we're": "they are",
    "we’re": "they are",
    "we'll": "they will",
    "we’ll": "they will",
    "we'd": "they would",
    "we’d": "they would",
}
_PLURAL = re.compile(r"\b(?:we['’](?:ve|re|ll|d)|we|ours|ourselves|our|us)\b", re.IGNORECASE)


_RUN_ON = re.compile(r",\s(?:it|this|they|there|these|that is|he|she|i|please)\b|[;:?!(]|\s-\s|[–—]", re.IGNORECASE)
"""Two sentences with a comma between them, and other signs of writing that reads badly after "says that"."""
_SHARED_OURS = re.compile(r"\b(?:our|us|we) (?:community|field|society|world|humans|all|both)\b", re.IGNORECASE)


class Reported(NamedTuple):
    """A statement turned into indirect speech."""

    text: str
    needs_that: bool
    """True: a clause ("the proof is short") to stand after "says that"; false: a predicate ("is not convinced")."""


def has_finite_verb(text: str) -> bool:
    """Whether one of the first 16 words, after the first, is a finite verb of the word list."""
    words = _WORD.findall(text.lower().replace("’", "'"))[1:16]
    return not FINITE_VERBS.isdisjoint(words)


def points_back(text: str) -> bool:
    """Whether a passage can only be understood with the sentence before it.

    >>> points_back("This makes it hard to follow"), points_back("This paper is hard to follow")
    (True, False)
    """
    words = [word.lower() for word in _WORD.findall(text)[:7]]
    if not words or words[0] not in _POINTING:
        return False
    if words[0] in ("this", "these", "that", "such", "the") and any(word in _SELF_EXPLAINING for word in words[1:4]):
        return False
    if words[0] == "it":
        return _EXPLETIVE.match(text) is None
    if words[0] == "both":
        return len(words) < 3 or words[1] in FINITE_VERBS or words[1] == "of"
    return not (words[0] == "there" and len(words) > 1)


_EXPLETIVE = re.compile(WORDS["expletive_it"])


def lower_opening(text: str, source: str = "") -> str | None:
    """Return a passage with its first letter in lower case, where that letter is a capital only by position.

    A word that no list knows is lowered only when ``source``, the text around it, has it in lower case too.

    >>> lower_opening("The proof is short"), lower_opening("Adam is used throughout")
    ('the proof is short', None)
    >>> lower_opening("Experiments are few", "more experiments are needed")
    'experiments are few'
    """
    found = _WORD.match(text)
    if found is None or text[0].islower():
        return text if text[:1].islower() or text[:1].isdigit() else None
    word = found[0]
    if word.lower().replace("’", "'").partition("'")[0] in _STARTERS or f" {word.lower()} " in source:
        return text[0].lower() + text[1:]
    return text if not re.fullmatch(r"[A-Z][a-z]+", word) else None


def report_reviewer(text: str, source: str = "") -> Reported | None:
    """Turn a reviewer's statement into indirect speech; what runs on or keeps an "I" is left to a quotation.

    >>> report_reviewer("The gain is small (see Table 2)")
    Reported(text='the gain is small', needs_that=True)
    >>> report_reviewer("Please add error bars to Figure 2")
    Reported(text='asks the authors to add error bars to Figure 2', needs_that=False)
    >>> report_reviewer("I am not convinced that the gain is real")
    Reported(text='is not convinced that the gain is real', needs_that=False)
    >>> report_reviewer("I would use our own method") is None
    True
    >>> report_reviewer("The gain is small, it is not clear why") is None
    True
    """
    text = strip_asides(text)
    if _FIRST_PLURAL.search(text) or text.count('"') % 2:
        return None
    request = _report_request(text)
    if request is not None:
        return request
    if text.endswith("?") or _SECOND.search(text) or _RUN_ON.search(text):
        return None
    own = _report_own(text)
    if own is not None:
        return own
    if _FIRST_SINGULAR.search(text) or points_back(text):
        return None
    lack = _LACK.fullmatch(text)
    if lack is not None and not has_finite_verb(text):
        return Reported(f"misses {lack['what']}", False)
    first = _WORD.match(text)
    if first is not None and first[0].lower() in FINITE_VERBS:
        return Reported(f"it {text[0].lower()}{text[1:]}", True) if _THIRD_PERSON.match(first[0]) else None
    if not _is_clause(text):
        return None
    lowered = lower_opening(text, source)
    return None if lowered is None else Reported(lowered, True)


_OWN_CONCERN = re.compile(
    r"My (?P<noun>(?:\w+ ){0,3}(?:concern|worry|issue|problem|criticism|objection|complaint|reservation|doubt|question)"
    r"(?: with the \w+| here)?) is (?P<that>that )?(?P<what>(?:the|a|an|no|there|lack|how|whether|its|some|it is) ?.*)"
)
_LACK = re.compile(r"(?:Lack of|Missing|Absence of) (?P<what>[a-z].{6,})")


def _report_own(text: str) -> Reported | None:
    """Turn what a reviewer says as "I" or "my" into a predicate of the reviewer.

    >>> _report_own("My main concern is that the proof is short")
    Reported(text='names as the main concern that the proof is short', needs_that=False)
    >>> _report_own("I also find the notation heavy"), _report_own("I find this heavy")
    (Reported(text='also finds the notation heavy', needs_that=False), None)
    """
    concern = _OWN_CONCERN.fullmatch(text)
    if concern is not None and not _is_personal(concern["what"]):
        is_clause = concern["that"] or concern["what"].startswith(("how", "whether"))
        if is_clause or not _COPULA.search(concern["what"]):
            article = "the" if " " in concern["noun"] else "a"
            return Reported(f"names as {article} {concern['noun']} {concern['that'] or ''}{concern['what']}", False)
        return None
    words = text.replace("’", "'").split()
    if words[0] == "I":
        words = words[1:]
    elif words[0].startswith("I'"):
        words[0] = words[0][1:]
    else:
        return None
    adverbs = list(takewhile(_ADVERBS.__contains__, words))
    verb, rest = (words[len(adverbs)], words[len(adverbs) + 1 :]) if len(words) > len(adverbs) + 1 else ("", [])
    said, after = _FIRST_PERSON.get(verb), " ".join(rest)
    if said is None or (verb == "do" and rest[0] != "not") or _is_personal(after) or _SECOND_VERB.search(after):
        return None
    if rest[0] in _BACKWARD or (rest[0] == "it" and rest[1:2] not in _EXPECTED_AFTER_IT):
        return None
    return Reported(" ".join([*adverbs, said, *rest]), False)


_ADVERBS = frozenset(WORDS["adverbs_of_mine"].split())
_BACKWARD = frozenset(("this", "these", "those", "they", "them", "so", "here"))
_EXPECTED_AFTER_IT = (["hard"], ["difficult"], ["unclear"], ["is"], ["would"], ["might"], ["odd"], ["important"])
_COPULA = re.compile(r"\b(?:is|are|was|were|does|do|has|have)\b")
_SECOND_VERB = re.compile(
    rf"\b(?:and|but|or|nor) (?:also |still |really |then )?(?:{'|'.join(map(re.escape, _FIRST_PERSON))})\b"
)
"""A second verb of the same "I" would have to change with the first."""


def _is_personal(text: str) -> bool:
    """Whether words still speak as their writer, or to the authors."""
    return bool(_FIRST_SINGULAR.search(text) or _FIRST_PLURAL.search(text) or _SECOND.search(text))


def _is_clause(text: str) -> bool:
    """Whether a passage has a subject and its verb; "Interesting method, seems new" has none that can be reported."""
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    if words[0] in _STARTERS:
        return has_finite_verb(text)
    before_comma = _WORD.findall(text.partition(",")[0])
    return words[0] not in _PRAISING and any(word.lower() in FINITE_VERBS for word in before_comma[1:])


def _report_request(text: str) -> Reported | None:
    found = _REQUEST.fullmatch(text)
    if found is None:
        return None
    rest = found["rest"].rstrip("? ")
    verb = rest.split()[0].lower()
    if verb not in _REQUEST_VERBS or _FIRST_SINGULAR.search(rest) or _SECOND.search(rest) or "?" in rest:
        return None
    return Reported(f"asks the authors to {rest}", False)


def report_authors(text: str, source: str = "") -> str | None:
    """Turn what authors write of themselves into a clause about them.

    >>> report_authors("We have added our own runs to Table 3")
    'they have added their own runs to Table 3'
    """
    if _FIRST_SINGULAR.search(text) or _SECOND.search(text) or text.endswith("?") or _SHARED_OURS.search(text):
        return None
    if _PLURAL.match(text):
        lowered: str | None = text
    elif points_back(text) or not has_finite_verb(text):
        return None
    else:
        lowered = lower_opening(text, source)
    return None if lowered is None else _PLURAL.sub(lambda match: _PLURAL_WORDS[match[0].lower()], lowered)


def name_reviewer(reviewer: str) -> str:
    """Return how a reviewer is called in a dialogue.

    >>> name_reviewer("R2")
    'Reviewer 2'
    """
    return f"Reviewer {reviewer[1:]}"


def name_reviewers(reviewers: Sequence[str]) -> str:
    """Name several reviewers at once.

    >>> name_reviewers(["R1", "R2", "R4"]), name_reviewers(["R3"])
    ('Reviewers 1, 2 and 4', 'Reviewer 3')
    """
    if len(reviewers) == 1:
        return name_reviewer(reviewers[0])
    return f"Reviewers {join_words([reviewer[1:] for reviewer in reviewers])}"


def join_words(words: Sequence[str]) -> str:
    """Join words the way prose does.

    >>> join_words(["a", "b", "c"])
    'a, b and c'
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def spell_number(count: int) -> str:
    """Return a small number as a word.

    >>> spell_number(3), spell_number(40)
    ('three', '40')
    """
    return _NUMBER_NAMES[count] if 0 <= count < len(_NUMBER_NAMES) else str(count)


def add_article(number: str) -> str:
    """Put the article before a number that is read aloud.

    >>> add_article("8"), add_article("6")
    ('an 8', 'a 6')
    """
    return f"an {number}" if re.match(r"(?:8|11(?!\d)|18(?!\d))", number) else f"a {number}"


def capitalise(text: str) -> str:
    """Return a sentence with its first letter as a capital, and the rest as it is."""
    return text[:1].upper() + text[1:]
