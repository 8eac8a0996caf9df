"""Which tags a product's texts mention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from training.labels.article_types import ArticleType, naming_part
from training.labels.lexicon import Lexicon, Phrase, Stems, Word
from training.labels.product_texts import ProductText

TYPE, SUBTYPE, COLOUR, STYLE = "type", "subtype", "colour", "style"
EXCLUSIVE_KINDS = (TYPE, SUBTYPE, COLOUR)

_SHORTEST_ADJECTIVE = 5
# A word that mostly is one of a title's first words is part of a brand, such as 'Indigo Nation'.
_BRAND_SHARE = 0.5
_BRAND_WORDS = 2


class Tag(NamedTuple):
    """A candidate label."""

    kind: str
    name: str


class Mention(NamedTuple):
    """A tag, said by the words `start` up to `end` of a phrase."""

    start: int
    end: int
    tag: Tag


@dataclass(frozen=True)
class TagFinder:
    """Finds the tags of the lexicon and the article types, the longest spelling first."""

    lexicon: Lexicon
    types: dict[Stems, ArticleType]
    adjectives: dict[str, str]
    known: dict[Stems, Tag]
    longest: int

    @classmethod
    def of(
        cls, lexicon: Lexicon, types: Iterable[ArticleType], products: Sequence[ProductText]
    ) -> TagFinder:
        """Return the finder for these products."""
        by_stems = {article.stems: article for article in types}
        known = {stems: Tag(*tag) for stems, tag in lexicon.known_tags.items()}
        known |= {stems: Tag(TYPE, article.name) for stems, article in by_stems.items()}
        adjectives = _adjectives(lexicon, products, known)
        return cls(lexicon, by_stems, adjectives, known, max(map(len, known)))

    def tags_of(self, product: ProductText) -> list[Tag]:
        """Return each tag once; of an exclusive kind the one that the product is named by.

        What stands in the naming part of a title counts before the rest of the title, and a title
        before a description: 'Blue shirt with white collar' is blue.
        """
        titles = self._phrases(product.titles, sentences=False)
        descriptions = self._phrases(product.descriptions, sentences=True)
        sources = (self._naming_parts(titles), titles,
                   self._naming_parts(descriptions), descriptions)  # fmt: skip
        everything = (*titles, *descriptions)
        tags = [
            mention.tag
            for phrase in everything
            for mention in self._mentions(phrase)
            if mention.tag.kind not in EXCLUSIVE_KINDS
        ]
        styles = [
            Tag(STYLE, self.adjectives[word.stem])
            for phrase in everything
            for word in phrase
            if word.stem in self.adjectives
        ]
        named = [*self._type(sources), *self._colour(sources)]
        return list(dict.fromkeys([*named, *tags, *styles]))

    def _phrases(self, texts: Iterable[str], sentences: bool) -> list[Phrase]:
        return [phrase for text in texts for phrase in self.lexicon.phrases(text, sentences)]

    def _naming_parts(self, phrases: Iterable[Phrase]) -> list[Phrase]:
        return [naming_part(phrase, self.lexicon) for phrase in phrases]

    def _mentions(self, phrase: Phrase) -> Iterator[Mention]:
        stems = tuple(word.stem for word in phrase)
        start = 0
        while start < len(stems):
            ends = range(min(start + self.longest, len(stems)), start, -1)
            end = next((end for end in ends if stems[start:end] in self.known), None)
            if end is not None:
                yield Mention(start, end, self.known[stems[start:end]])
            start = end or start + 1

    def _type(self, sources: Sequence[list[Phrase]]) -> list[Tag]:
        """Return the type, and before it the wider one."""
        for phrases in sources:
            found = [
                article for phrase in phrases if (article := self._last_type(phrase)) is not None
            ]
            if found:
                article = Counter(found).most_common(1)[0][0]
                if article.parent is None:
                    return [Tag(TYPE, article.name)]
                return [Tag(TYPE, self.types[article.parent].name), Tag(SUBTYPE, article.name)]
        return []

    def _last_type(self, phrase: Phrase) -> ArticleType | None:
        stems = tuple(word.stem for word in phrase)
        spoken = [m for m in self._mentions(phrase) if m.tag.kind == TYPE]
        return self.types[stems[spoken[-1].start : spoken[-1].end]] if spoken else None

    def _colour(self, sources: Sequence[list[Phrase]]) -> list[Tag]:
        for phrases in sources:
            found = [tag for phrase in phrases if (tag := self._main_colour(phrase)) is not None]
            if found:
                return [Counter(found).most_common(1)[0][0]]
        return []

    def _main_colour(self, phrase: Phrase) -> Tag | None:
        """Return the first colour of the last run of them.

        Brands such as 'Red Tape' come first, and of 'Black & White' the first is the main one.
        """
        colours = [m for m in self._mentions(phrase) if m.tag.kind == COLOUR]
        main: Mention | None = None
        for colour in reversed(colours):
            if main is not None and colour.end != main.start:
                break
            main = colour
        return main.tag if main else None


def all_phrases(products: Sequence[ProductText], lexicon: Lexicon) -> Iterator[Phrase]:
    """Yield every phrase of the texts."""
    for product in products:
        for text in product.titles:
            yield from lexicon.phrases(text)
        for text in product.descriptions:
            yield from lexicon.phrases(text, sentences=True)


def _adjectives(
    lexicon: Lexicon, products: Sequence[ProductText], known: dict[Stems, Tag]
) -> dict[str, str]:
    """Return stem -> name of the adjectives that are no tag of another kind."""
    spellings: dict[str, Counter[str]] = {}
    for phrase in all_phrases(products, lexicon):
        for word in phrase:
            if (word.stem,) not in known and _is_adjective(word, lexicon):
                spellings.setdefault(word.stem, Counter())[word.text.capitalize()] += 1
    openings = Counter(
        word.stem
        for product in products
        for title in product.titles
        for phrase in lexicon.phrases(title)[:1]
        for word in phrase[:_BRAND_WORDS]
    )
    return {
        # The shortest is the least inflected.
        stem: min(counts, key=lambda text: (len(text), text))
        for stem, counts in spellings.items()
        if openings[stem] < _BRAND_SHARE * counts.total()
    }


def _is_adjective(word: Word, lexicon: Lexicon) -> bool:
    text = word.text
    return (
        len(text) >= _SHORTEST_ADJECTIVE
        and text.lower().endswith(tuple(lexicon.adjective_endings.split()))
        and text.lower() not in lexicon.phrase_enders
        and not (lexicon.nouns_are_capitalised and text[0].isupper())
    )
