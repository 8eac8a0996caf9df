"""What people get wrong in JSON, in words that say how it is written."""

_TYPOGRAPHIC = "\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
_MISTAKES = {
    "'": "names and texts stand in double quotes, not in single ones",
    "\\": "quotes around names and texts have no backslash before them",
    "/": "comments are no part of JSON",
    "#": "comments are no part of JSON",
    "N": "None and NaN are not known, only null",
    "T": "True is written true",
    "F": "False is written false",
    "u": "undefined is not known, only null",
}


def mistake_at(text: str, position: int, message: str) -> str:
    """Return what is wrong at the place where Python's parser stopped with a message."""
    here, rest = text[position : position + 1], text[position + 1 : position + 200].lstrip()
    before = text[max(0, position - 200) : position].rstrip()[-1:]
    if (here in "]}" and before == ",") or (here == "," and rest[:1] in ("]", "}")):
        return "there is a comma too many before the end of a list or an object"
    if here in ("/", "#"):
        return _MISTAKES[here]
    if message.startswith("Unterminated string"):
        return "a text begins that does not end"
    if message.startswith("Invalid control"):
        return "a text holds a line break or another control character"
    if message.startswith("Invalid \\"):
        return "a text holds a backslash that should be written twice"
    if message.startswith("Extra data"):
        return "there is more after its end"
    if not text[position:].strip():
        return "it ends too early"
    if here and here in _TYPOGRAPHIC:
        return f'names and texts stand in straight quotes ("), not in {here}'
    if "property name" in message and here.isalnum():
        return "names stand in double quotes"
    if message.startswith("Expecting ','"):
        return f"a comma is missing before {here!r}"
    return _MISTAKES.get(here) or f"{here!r} was not expected"
