"""Passages as HTML, with their hard words explained: the first one on a page becomes a button that opens its meaning.

The button needs no script (HTML popover); a browser that does not know popovers shows the meaning in the text. A word
in brackets is left alone, because the plain word stands before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from flask import g
from markupsafe import Markup, escape

from triage.knowledge import Knowledge
from triage.knowledge.model import HardWord
from triage.sheet import Passage

_BUTTON = Markup(
    '<button type="button" class="term" popovertarget="{id}">{said}</button>'
    '<span class="means" id="{id}" popover><strong>{word}:</strong> {meaning}</span>'
)


class Glossary:
    """The hard words of the rules, and how they are explained on a page."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._hard = {word: hard for hard in knowledge.of_kind(HardWord) for word in hard.words}
        longest_first = sorted(self._hard, key=len, reverse=True)
        words = "|".join(f"{_either_case(word)}" for word in longest_first)
        self._pattern = re.compile(rf"\([^)]*\)|(?<![\w-])(?P<word>{words})(?![\w-])" if words else r"(?P<word>(?!))")
        # The texts are those of the rules, and each is looked through for some hundred words.
        self._found = lru_cache(maxsize=4096)(self._look_through)

    def explained(self, text: str, done: set[str], prefix: str = "") -> Markup:
        """The text as HTML, with a button for each hard word that is not in `done`, which grows."""
        whole, hard_words = self._found(text)
        if not hard_words:
            return whole
        parts, end = [Markup()], 0
        for found, hard in _new(hard_words, done):
            parts += [escape(text[end : found.start()]), _button(found[0], found[0], hard, prefix)]
            end = found.end()
        return Markup().join([*parts, escape(text[end:])])

    def asked(self, texts: Iterable[str], done: set[str], prefix: str) -> Markup:
        """For texts that cannot hold a button, such as the label of a box: one button for each of their hard words."""
        found = [(match[0], hard) for text in texts for match, hard in _new(self._found(text)[1], done)]
        return Markup(" ").join(
            _button(f"What does “{_as_listed(word, hard)}” mean?", word, hard, prefix) for word, hard in found
        )

    def _look_through(self, text: str) -> tuple[Markup, tuple[tuple[re.Match[str], HardWord], ...]]:
        """The text as HTML, and every hard word in it."""
        hard_words = []
        for found in self._pattern.finditer(text):
            word = found["word"] or ""
            hard = self._hard.get(word) or self._hard.get(word[:1].lower() + word[1:])
            if hard:
                hard_words.append((found, hard))
        return escape(text), tuple(hard_words)


def _new(
    hard_words: Iterable[tuple[re.Match[str], HardWord]], done: set[str]
) -> Iterator[tuple[re.Match[str], HardWord]]:
    for found, hard in hard_words:
        if hard.id not in done:
            done.add(hard.id)
            yield found, hard


def _either_case(word: str) -> str:
    """A word as it stands, or with the capital that begins a sentence."""
    return f"[{word[0].lower()}{word[0].upper()}]{re.escape(word[1:])}" if word[0].islower() else re.escape(word)


def _as_listed(word: str, hard: HardWord) -> str:
    return next(listed for listed in hard.words if listed.lower() == word.lower())


def _button(said: str, word: str, hard: HardWord, prefix: str) -> Markup:
    return _button_html(f"{prefix}{hard.id}", said, word[0].upper() + word[1:], hard.meaning)


@lru_cache(maxsize=2048)
def _button_html(id: str, said: str, word: str, meaning: str) -> Markup:
    return _BUTTON.format(id=id, said=said, word=word, meaning=meaning)


def begin() -> str:
    """From here on `said` explains hard words on the page of this request; a template says so at its top."""
    g.explained = set()
    return ""


def said(glossary: Glossary, passage: Passage, notes: bool = True) -> Markup:
    """A passage, with its hard words explained where the page began to do so, and with the numbers of its sources."""
    done: set[str] | None = g.get("explained")
    text = escape(passage.text) if done is None else glossary.explained(passage.text, done)
    return text + _notes(passage.notes) if notes and passage.notes else text


_NOTE = Markup('<a href="#source-{0}"><span class="nhsuk-u-visually-hidden">Source </span>{0}</a>')


@lru_cache(maxsize=1024)
def _notes(numbers: tuple[int, ...]) -> Markup:
    return Markup('<sup class="notes">{}</sup>').format(Markup(", ").join(map(_NOTE.format, numbers)))
