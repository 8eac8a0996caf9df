"""What mining must know of a language; english.py and german.py fill it in.

Words are compared by their stem (snowballstemmer, https://snowballstem.org), so that the lists
name each word once: `checked` is also `checks`, `rot` is also `rotes`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from textwrap import dedent

import snowballstemmer

# 'T-shirt' and 'V-Ausschnitt' are one word, 'blue-white' is two.
_WORD = re.compile(r"\b[^\W\d_]-[^\W\d_]+|[^\W\d_]+(?:['’][^\W\d_]+)?")
_PHRASE_END = re.compile(r"[,;:!?()|•\n]|\s[-–—]\s")
_SENTENCE_END = re.compile(r"\.(?=\s|$)")


@dataclass(frozen=True)
class Word:
    """A word as written, and the stem by which it is compared."""

    text: str
    stem: str


Phrase = tuple[Word, ...]
Stems = tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """One language; the lists of words are separated by spaces.

    Attributes
    ----------
    code : such as `en`
    stemmer : the language's name in snowballstemmer
    nouns_are_capitalised : whether a noun can be told by its first letter
    ends_phrase : words after which a text no longer names the product itself
    joins : words such as `and`, which mining does not see
    never_type : nouns that end titles but are no article types
    adjective_endings : by which adjectives are told
    tags : kind -> lines of `Name: other, spellings`
    """

    code: str
    stemmer: str
    nouns_are_capitalised: bool
    ends_phrase: str
    joins: str
    never_type: str
    adjective_endings: str
    tags: Mapping[str, str]

    @cached_property
    def phrase_enders(self) -> frozenset[str]:
        """`ends_phrase`, word by word."""
        return frozenset(self.ends_phrase.split())

    @cached_property
    def joiners(self) -> frozenset[str]:
        """`joins`, word by word."""
        return frozenset(self.joins.split())

    @cached_property
    def no_types(self) -> frozenset[str]:
        """Words that no article type ends with."""
        return self.phrase_enders | frozenset(self.never_type.split())

    @cached_property
    def known_tags(self) -> dict[Stems, tuple[str, str]]:
        """The stems of every spelling -> (kind, name)."""
        return {
            self.stems(spelling): (kind, name)
            for kind, lines in self.tags.items()
            for name, spellings in _entries(lines)
            for spelling in (*spellings, name)
        }

    @cached_property
    def _stem(self) -> Callable[[str], str]:
        # Catalogues repeat their words: without the cache stemming takes most of the time.
        stem: Callable[[str], str] = cache(snowballstemmer.stemmer(self.stemmer).stemWord)
        return stem

    def stems(self, text: str) -> Stems:
        """Return the stems of all words of a text, but for joiners."""
        return tuple(word.stem for phrase in self.phrases(text) for word in phrase)

    def phrases(self, text: str, sentences: bool = False) -> list[Phrase]:
        """Return the words between punctuation marks; full stops count only in sentences.

        In titles they belong to abbreviations: 'U.S. Polo Assn. Men Green T-shirt'.
        """
        if sentences:
            text = _SENTENCE_END.sub("\n", text)
        phrases = (self._words(part) for part in _PHRASE_END.split(text))
        return [phrase for phrase in phrases if phrase]

    def _words(self, text: str) -> Phrase:
        texts = _WORD.findall(text)
        return tuple(self._word(text) for text in texts if text.lower() not in self.joiners)

    def _word(self, text: str) -> Word:
        plain = text.lower().replace("-", "").replace("’", "'")
        return Word(text, self._stem(plain))


def _entries(lines: str) -> Iterator[tuple[str, list[str]]]:
    for line in dedent(lines).strip().splitlines():
        name, _, spellings = line.partition(":")
        yield name.strip(), [spelling for spelling in spellings.split(",") if spelling.strip()]
