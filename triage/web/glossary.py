"""Hard words explained where they stand: the first one on a page becomes a button that opens its meaning.

The button needs no script (HTML popover); a browser that does not know popovers shows the meaning in the text. A word
in brackets is left alone, because the plain word stands before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from flask import g
from markupsafe import Markup, escape

from triage.knowledge import Knowledge
from triage.knowledge.model import HardWord

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

    def explained(self, text: str, done: set[str], prefix: str = "") -> Markup:
        """The text as HTML, with a button for each hard word that is not in `done`, which grows."""
        parts, end = [Markup()], 0
        for found, hard in self._found(text, done):
            parts += [escape(text[end : found.start()]), _button(found[0], found[0], hard, prefix)]
            end = found.end()
        return Markup().join([*parts, escape(text[end:])])

    def asked(self, texts: Iterable[str], done: set[str], prefix: str) -> Markup:
        """For texts that cannot hold a button, such as the label of a box: one button for each of their hard words."""
        found = [(match[0], hard) for text in texts for match, hard in self._found(text, done)]
        return Markup(" ").join(
            _button(f"What does “{_as_listed(word, hard)}” mean?", word, hard, prefix) for word, hard in found
        )

    def _found(self, text: str, done: set[str]) -> Iterable[tuple[re.Match[str], HardWord]]:
        for found in self._pattern.finditer(text):
            word = found["word"] or ""
            hard = self._hard.get(word) or self._hard.get(word[:1].lower() + word[1:])
            if hard and hard.id not in done:
                done.add(hard.id)
                yield found, hard


def _either_case(word: str) -> str:
    """A word as it stands, or with the capital that begins a sentence."""
    return f"[{word[0].lower()}{word[0].upper()}]{re.escape(word[1:])}" if word[0].islower() else re.escape(word)


def _as_listed(word: str, hard: HardWord) -> str:
    return next(listed for listed in hard.words if listed.lower() == word.lower())


def _button(said: str, word: str, hard: HardWord, prefix: str) -> Markup:
    capital = word[0].upper() + word[1:]
    return _BUTTON.format(id=f"{prefix}{hard.id}", said=said, word=capital, meaning=hard.meaning)


def begin() -> str:
    """From here on `on_page` explains hard words on the page of this request; a template says so at its top."""
    g.explained = set()
    return ""


def on_page(glossary: Glossary, text: str) -> Markup:
    """A text of a page: with its hard words explained where the page began to do so, else as it is."""
    done: set[str] | None = g.get("explained")
    return escape(text) if done is None else glossary.explained(text, done)
