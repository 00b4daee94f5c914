"""The word finder: which words of the rules stand in a piece of a letter. It explains words and judges nothing.

A letter is read as spelled tokens, never as sentences: "no", sizes and numbers next to a word mean nothing here, and a
number belongs to a word only where the rules say so. Spelling is folded first (case, accents, hyphens, plural, British
or American), so that what is left over is a typing mistake. A mistake is mended only in a long word, and only when one
word of the rules lies nearest and no other could have been meant.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from triage.knowledge.model import Deposit, Knowledge, LetterWord, Urgency

LONGEST = 1000
"""Characters of a letter that are read at once; what comes after them is not looked at, and the page has to say so."""

_SKIPPED = frozenset(["a", "an", "at", "in", "of", "on", "the", "within", "your", "my", "left", "right"])
"""Small words that a phrase may or may not contain: "calcification of the aorta", "in the left breast"."""
_NUMBER = r"\d++(?:[.,]\d++)*+[a-z]{0,2}+"
_RANGE = rf"(?:(?:[-/]|\s+(?:to|or|and|-)\s+){_NUMBER}(?!\s*(?:mm|cm|days?|weeks?|months?|years?)\b))"
_TOKEN = re.compile(rf"(?:(?:[a-z]*+{_NUMBER}){_RANGE}*|[a-z]+(?:'s\b)?)")
"""A word, a word with a number ("m4"), or a number. A range ("2-3", "4 or 5") is one token, never its first number."""
_APOSTROPHES = "\u2018\u2019\u02bc\u00b4`"
_STOP = re.compile(r"[.;!?,](?!\d)")
_SPELLING = (
    (re.compile(r"ph"), "f"),
    (re.compile(r"^oe|ae"), "e"),
    (re.compile(r"our(?=$|al|ed|ing)"), "or"),
    (re.compile(r"is(?=ation|ing$|ed$|e$)"), "iz"),
    (re.compile(r"(?<=[tb])re(?=d?$)"), "er"),
    (re.compile(r"omata$"), "oma"),
    (re.compile(r"(?<=[ot])ses$"), "sis"),
    (re.compile(r"(?<=[b-df-hj-np-tv-z])i$"), "us"),
    (re.compile(r"ies$"), "y"),
    (re.compile(r"(?<=ss|ch|sh)es$"), ""),
    (re.compile(r"(?<=[^sui])s$"), ""),
    (re.compile(r"([b-df-hj-np-tv-z])\1"), r"\1"),
)
"""How spellings of one word are made alike: British and American, the plural, doubled letters. Not for short words."""
_SHORT = 5
"""A word of so many letters is taken as it stands."""
_LONG = 8
"""In a longer word than this, two mistakes can be mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A word of the rules that stands in the letter, and what is said about it."""

    entry: LetterWord
    word: str
    """As the rules write it."""
    written: str
    """As the person wrote it."""
    mended: bool
    """Whether a typing mistake was mended, so that the person has to be told."""
    places: tuple[Deposit, ...]
    """Where the calcium is, if there is one; where it can be, if there are several; often nobody can tell."""
    withheld: bool = False
    """Whether the meaning soothes while another word asks for help today; then only the caution is said."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    raw: str
    start: int
    end: int
    ends_phrase: bool
    """Whether a stop follows: no phrase reaches over it."""


@dataclass(frozen=True, slots=True)
class _Phrase:
    tokens: tuple[str, ...]
    word: str
    entry: LetterWord

    @property
    def length(self) -> int:
        return sum(map(len, self.tokens))


@dataclass(frozen=True, slots=True)
class _Match:
    phrase: _Phrase
    first: int
    last: int
    mistakes: int


class Finder:
    """Finds the words of the rules in a piece of text."""

    def __init__(self, knowledge: Knowledge) -> None:
        """Fold every word of the rules once."""
        self._deposits = knowledge.deposits
        self._soothing = tuple(word for soothing in knowledge.soothing for word in soothing.words)
        self._starting: dict[str, list[_Phrase]] = {}
        self._entries: dict[str, set[str]] = {}
        self._taken: set[str] = set()
        for entry in knowledge.of_kind(LetterWord):
            for word in entry.words:
                for tokens in dict.fromkeys(_spellings(word)):
                    self._starting.setdefault(tokens[0], []).append(_Phrase(tokens, word, entry))
                    for token in tokens:
                        self._entries.setdefault(token, set()).add(entry.id)
            self._taken.update(token for word in entry.not_to_confuse for token in _folded(word))
        self._alone = {tokens for tokens, phrases in self._starting.items() if any(len(p.tokens) == 1 for p in phrases)}
        self._alone |= self._taken
        self._known = [token for token in {*self._entries, *self._taken} if len(token) > _SHORT and token.isalpha()]

    def find(self, letter: str) -> tuple[Hit, ...]:
        """The words that the letter contains, each entry once, in the order of the text.

        The longest phrase counts, and shorter ones inside it do not. A general word counts only where no other tells a
        place. Only the first `LONGEST` characters are read.
        """
        text, origin = _plain(letter[:LONGEST])
        tokens = _tokens(text)
        found: list[_Match] = []
        for match in sorted(self._matches(tokens), key=lambda m: (-m.phrase.length, m.mistakes, m.first)):
            if all(match.last < other.first or match.first > other.last for other in found) and self._meant(
                match, letter, origin, tokens
            ):
                found.append(match)
        hits: dict[str, Hit] = {}
        for match in sorted(found, key=lambda m: m.first):
            written = _slice(letter, origin, tokens[match.first], tokens[match.last])
            entry = match.phrase.entry
            hit = Hit(
                entry=entry,
                word=match.phrase.word,
                written=written,
                mended=match.mistakes > 0,
                places=tuple(self._deposits[place] for place in (entry.place, *entry.may_be) if place),
            )
            hits.setdefault(entry.id, hit)
        told = any(hit.places for hit in hits.values())
        alarm = max((hit.entry.urgency for hit in hits.values()), default=Urgency.SELF_CARE) >= Urgency.SAME_DAY
        return tuple(
            replace(hit, withheld=alarm and self._soothes(hit.entry.meaning))
            for hit in hits.values()
            if not (hit.entry.general and told)
        )

    def _soothes(self, text: str) -> bool:
        return any(word in text.lower() for word in self._soothing)

    def _matches(self, tokens: list[_Token]) -> Iterator[_Match]:
        steps = [self._steps(tokens, at) for at in range(len(tokens))]
        for first, readings in enumerate(steps):
            for token, _, _ in readings:
                for phrase in self._starting.get(token, ()):
                    for last, mistakes in _follow(phrase.tokens, tokens, steps, first):
                        yield _Match(phrase, first, last, mistakes)

    def _steps(self, tokens: list[_Token], at: int) -> list[tuple[str, int, int]]:
        """How the text can be read from here: a word of the rules, the last token it takes, and the mistakes in it."""
        token = tokens[at]
        # As folded and as it stands: what looks like a plural can be a slip ("pancreatits").
        readings = dict(self._readings(token.text))
        if token.text not in self._entries:
            readings |= self._readings(token.raw)
        steps = [(word, at, mistakes) for word, mistakes in readings.items()]
        if not token.ends_phrase and at + 1 < len(tokens):
            # "peri-articular", "micro calcification", "BI RADS": one word of the rules, written as two.
            joined = _fold(token.raw + tokens[at + 1].raw)
            if len(joined) >= _SHORT and joined.isalpha() and joined in self._entries:
                steps.append((joined, at + 1, 0))
        return steps

    def _readings(self, token: str) -> list[tuple[str, int]]:
        """The words of the rules that this token can be, with the mistakes that would have to be mended."""
        if token in self._entries or token in self._taken or len(token) <= _SHORT or not token.isalpha():
            return [(token, 0)]
        near = {
            word: int(distance)
            for word, distance, _ in process.extract(
                token, self._known, scorer=DamerauLevenshtein.distance, score_cutoff=3, limit=None
            )
        }
        fewest = min(near.values(), default=9)
        nearest = [word for word, distance in near.items() if distance == fewest and _is_slip(token, word, fewest)]
        if not nearest or any(self._could_be(word, near, fewest, meant) for meant in nearest for word in near):
            return []
        return [(word, fewest) for word in nearest if word in self._entries]

    def _could_be(self, other: str, near: Mapping[str, int], fewest: int, meant: str) -> bool:
        """Whether another word could have been meant: the slip is where the two differ, and so do their meanings."""
        if (
            other == meant
            or other not in self._alone
            or self._entries.get(other, set()) & self._entries.get(meant, set())
        ):
            return False
        return near[other] <= fewest + 1 and near[other] < fewest + DamerauLevenshtein.distance(other, meant)

    def _meant(self, match: _Match, letter: str, origin: list[int], tokens: list[_Token]) -> bool:
        """Whether a word that is an everyday word too stands in capitals, or alone."""
        if match.phrase.word not in match.phrase.entry.in_capitals or len(tokens) == 1:
            return True
        return _slice(letter, origin, tokens[match.first], tokens[match.last]).isupper()


def _follow(
    words: tuple[str, ...], tokens: list[_Token], steps: list[list[tuple[str, int, int]]], at: int
) -> Iterator[tuple[int, int]]:
    """Where a phrase that begins here ends in the text, and the mistakes on the way."""
    for token, last, mistakes in steps[at]:
        if token != words[0]:
            continue
        if len(words) == 1:
            yield last, mistakes
        elif last + 1 < len(tokens) and not tokens[last].ends_phrase:
            for end, more in _follow(words[1:], tokens, steps, last + 1):
                yield end, mistakes + more


def _is_slip(token: str, word: str, distance: int) -> bool:
    """Whether so many mistakes can happen in a word of this length, and not all of them where words differ in meaning.

    Beginnings and endings carry the meaning (hyper- and hypo-, -itis and -osis): two changes in one are two words.
    """
    shorter = min(len(token), len(word))
    if distance == 1:
        swapped = sorted(token) == sorted(word)
        return shorter > _SHORT + 1 or (shorter > _SHORT and token[0] == word[0] and (swapped or token[-1] == word[-1]))
    return (
        distance == 2
        and shorter > _LONG
        and all(DamerauLevenshtein.distance(token[end], word[end]) < 2 for end in (slice(5), slice(-5, None)))
    )


def _plain(letter: str) -> tuple[str, list[int]]:
    """The text in small letters without accents, and for each of its characters the place it comes from."""
    plain, origin = [], []
    for place, character in enumerate(letter):
        if unicodedata.category(character) == "Pd":
            folded = "-"
        elif character in _APOSTROPHES:
            folded = "'"
        elif character == "&":
            folded = " and "
        else:
            folded = unicodedata.normalize("NFKD", character).lower()
        for part in folded:
            if not unicodedata.combining(part) and unicodedata.category(part) != "Cf":
                plain.append(part)
                origin.append(place)
    return "".join(plain), origin


def _tokens(text: str) -> list[_Token]:
    """The tokens of a plain text, folded, without the small words."""
    tokens = []
    spots = list(_TOKEN.finditer(text))
    for spot, following in pairwise([*spots, None]):
        assert spot is not None  # noqa: S101 - only the last one is None
        stop = _STOP.search(text, spot.end(), following.start() if following else len(text)) is not None
        tokens += [
            _Token(_fold(raw), raw, start, end, False) for raw, start, end in _pieces(spot) if raw not in _SKIPPED
        ]
        if tokens and stop:
            tokens[-1] = replace(tokens[-1], ends_phrase=True)
    return tokens


def _pieces(spot: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """A token, or a long word and the number that is written on to it ("birads4"). A range of numbers stays whole."""
    whole = re.sub(r"\s+|'s$", "", spot[0])
    glued = re.fullmatch(r"([a-z]{4,})(\d.*)", whole)
    if glued:
        cut = spot.start() + len(glued[1])
        yield glued[1], spot.start(), cut
        yield glued[2], cut, spot.end()
    else:
        yield whole, spot.start(), spot.end()


def _fold(token: str) -> str:
    """A token in the one spelling that stands for all of its spellings."""
    folded = token
    if len(token) >= _SHORT and token.isalpha():
        for pattern, instead in _SPELLING:
            folded = pattern.sub(instead, folded)
    return folded if len(folded) > 3 else token


def _folded(word: str) -> tuple[str, ...]:
    return tuple(token.text for token in _tokens(_plain(word)[0]))


def _spellings(word: str) -> Iterator[tuple[str, ...]]:
    """A word of the rules as tokens: as it stands, and with its hyphens closed up."""
    yield _folded(word)
    yield _folded(re.sub(r"(?<=[a-zA-Z])-(?=[a-zA-Z])", "", word))


def _slice(letter: str, origin: list[int], first: _Token, last: _Token) -> str:
    return letter[origin[first.start] : origin[last.end - 1] + 1]
