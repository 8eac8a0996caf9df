"""The languages that texts can be mined in; another one is another module like english.py."""

from collections.abc import Sequence

from training.labels.english import ENGLISH
from training.labels.german import GERMAN
from training.labels.lexicon import Lexicon
from training.labels.mentions import all_phrases
from training.labels.product_texts import ProductText

LEXICONS = {lexicon.code: lexicon for lexicon in (ENGLISH, GERMAN)}


def guess_language(products: Sequence[ProductText]) -> str:
    """Return the code of the language whose function words and tags are most in the texts."""
    counts = {code: _known_words(lexicon, products) for code, lexicon in LEXICONS.items()}
    return max(counts, key=counts.__getitem__)


def _known_words(lexicon: Lexicon, products: Sequence[ProductText]) -> int:
    function_words = lexicon.phrase_enders | lexicon.joiners
    return sum(
        word.text.lower() in function_words or (word.stem,) in lexicon.known_tags
        for phrase in all_phrases(products, lexicon)
        for word in phrase
    )
