"""Article types out of texts: the nouns that product names end with.

'Nike Men Sports White Sports Shoes' and 'Blaues Kleid mit Kragen' both name their product by the
last noun before a comma or preposition: the head of the noun phrase, in English as in German.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from training.labels.lexicon import Lexicon, Phrase, Stems, Word

# Of a noun's occurrences, those after one and the same word ('flip flops', 'track pants'):
# above the upper share they are one name, above the lower one a kind of their own.
_ALWAYS_TOGETHER = 0.9
_OFTEN_TOGETHER = 0.1
# A noun that seldom ends the name is a brand or the like.
_HEAD_SHARE = 0.5
_SHORTEST_NOUN = 3


@dataclass(frozen=True)
class ArticleType:
    """A type by its stems; `parent` is the wider type of a two-word one."""

    stems: Stems
    name: str
    parent: Stems | None = None


def find_article_types(
    phrases: Sequence[Phrase], lexicon: Lexicon, least_count: int, most: int
) -> list[ArticleType]:
    """Return the most frequent heads of the phrases that name products, wider types first."""
    heads = [head for phrase in phrases if (head := _head(phrase, lexicon))]
    names = _names(heads)
    head_stems = [_stems(head) for head in heads]
    single = Counter(stems[-1:] for stems in head_stems)
    pairs: dict[Stems, Counter[Stems]] = defaultdict(Counter)
    for stems in head_stems:
        if len(stems) > 1:
            pairs[stems[-1:]][stems] += 1
    spoken = Counter(word.stem for phrase in phrases for word in phrase)
    frequent = [
        (stems, count)
        for stems, count in single.most_common()
        if count >= max(least_count, _HEAD_SHARE * spoken[stems[0]])
    ]
    return [
        found
        for stems, count in frequent[:most]
        for found in _with_pairs(stems, count, pairs[stems], names, least_count)
    ]


def naming_part(phrase: Phrase, lexicon: Lexicon) -> Phrase:
    """Return the words up to the first preposition, article or verb after a possible name."""
    named = False
    for position, word in enumerate(phrase):
        if word.text.lower() in lexicon.phrase_enders:
            if named:
                return phrase[:position]
        elif _is_noun(word, lexicon):
            named = True
    return phrase


def _head(phrase: Phrase, lexicon: Lexicon) -> Phrase:
    """Return the last noun that is no tag of another kind, after the word that may belong to it."""
    words = naming_part(phrase, lexicon)
    for position in range(len(words) - 1, -1, -1):
        if _is_noun(words[position], lexicon):
            pair = position > 0 and _may_begin_name(words[position - 1], lexicon)
            return words[position - pair : position + 1]
    return ()


def _is_noun(word: Word, lexicon: Lexicon) -> bool:
    return (
        len(word.text) >= _SHORTEST_NOUN
        and (word.text[0].isupper() or not lexicon.nouns_are_capitalised)
        and word.text.lower() not in lexicon.no_types
        and (word.stem,) not in lexicon.known_tags
    )


def _may_begin_name(word: Word, lexicon: Lexicon) -> bool:
    # German writes such names as one word; 'Elegantes Kleid' is no type of its own.
    return not lexicon.nouns_are_capitalised and _is_noun(word, lexicon)


def _stems(words: Phrase) -> Stems:
    return tuple(word.stem for word in words)


def _names(heads: Iterable[Phrase]) -> dict[Stems, str]:
    """Return the most frequent spelling of each head, and of its last word alone."""
    spellings: dict[Stems, Counter[str]] = defaultdict(Counter)
    for head in heads:
        for words in {head, head[-1:]}:
            text = " ".join(word.text[0].upper() + word.text[1:] for word in words)
            spellings[_stems(words)][text] += 1
    return {stems: counts.most_common(1)[0][0] for stems, counts in spellings.items()}


def _with_pairs(
    stems: Stems, count: int, pairs: Counter[Stems], names: dict[Stems, str], least_count: int
) -> list[ArticleType]:
    (always, always_count), *_ = pairs.most_common(1) or [(stems, 0)]
    if always_count >= _ALWAYS_TOGETHER * count:
        return [ArticleType(always, names[always])]
    often = max(least_count, _OFTEN_TOGETHER * count)
    narrower = [
        ArticleType(pair, names[pair], parent=stems)
        for pair, pair_count in pairs.most_common()
        if pair_count >= often
    ]
    return [ArticleType(stems, names[stems]), *narrower]
