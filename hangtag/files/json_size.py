"""How much a JSON text holds, known before it is parsed: small lists cost many times their text."""

import re
from itertools import islice

# No request of the contract has a tenth of them.
MAX_JSON_ITEMS = 20_000
_MARKS = "[{,"
# A text, which may hold such marks itself, or a mark. What was read is never read again.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{,]', re.DOTALL)
# Between two marks there are a name and a value at the most.
_MAX_TOKENS = 3 * MAX_JSON_ITEMS


def holds_too_much(text: str) -> bool:
    """Whether a JSON text has more lists, objects and items in them than `MAX_JSON_ITEMS`."""
    if sum(map(text.count, _MARKS)) <= MAX_JSON_ITEMS:
        return False
    tokens = [text[token.start()] for token in islice(_TOKEN.finditer(text), _MAX_TOKENS + 1)]
    return len(tokens) > _MAX_TOKENS or sum(map(tokens.count, _MARKS)) > MAX_JSON_ITEMS
