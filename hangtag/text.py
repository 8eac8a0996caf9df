"""Titles and descriptions as suppliers and exporters send them -> what a shopper would read.

Texts are cleaned here and nowhere else, in a time that grows with their length and no faster.
"""

import html
import re
import unicodedata
from collections.abc import Set
from html.entities import html5

# Exports escape again what was escaped before.
_MOST_ESCAPES = 4
# What no right text has and UTF-8 read as Windows-1252 does. A capital and a sign after a word are
# none: `NESCAFÉ®` would be `NESCAFɮ`.
_MISREAD = re.compile(
    "[ÂÃâð]|á[º»]|ï(?:¬|»¿)|[a-z][Ä-Þ]|[Ä-Þ][^\\s’…–—][a-z]|"
    "[ÄÅ](?:[^\\s®™©°’‘”“…–—•«»‹›]|[®™©°][A-Z])"
)
# Of other alphabets, one letter by itself is no word.
_OTHER_ALPHABET = re.compile("[\u0370-\u1fff\u2e80-\ud7ff]{2}")
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
# To the end of the text where nothing closes them, as in browsers.
_COMMENT = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))", re.DOTALL)
_CODE = re.compile(r"<(script|style)\b[^<>]*(?<!/)>.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_DECLARATION = re.compile(r"<[!?][^<>]*>")
# Nothing in here can fail after it has read far. Quotes count after `=` only: `alt="15" screen"`.
_TAG = re.compile(
    r"""<(?P<slash>/?)(?P<name>[a-z][a-z0-9:_-]*)(?=[\s/<>]|\Z)
    (?P<attributes>(?:=\s*"[^"]*"|=\s*'[^']*'|=|[^<>=]+)*)(?P<end>>?)""",
    re.VERBOSE | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"""\s[a-z][\w:.-]*\s*=(?P<quote>\s*["'])?""", re.IGNORECASE)
# These stand within a line, some of them within a word.
_INLINE = re.compile(
    "a|abbr|b|bd[io]|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|"
    "strong|su[bp]|tt|u|var|wbr"
)
_BLOCK = re.compile(
    "address|article|aside|blockquote|br|caption|center|d[dlt]|div|fieldset|figcaption|figure|"
    "footer|form|h[1-6r]|header|legend|li|main|nav|ol|option|p|pre|section|t[dhr]|table|tbody|"
    "tfoot|thead|ul"
)
# Word and its like put a colon into the names of their own, such as `o:p`.
_OTHER_TAGS = re.compile(
    "acronym|applet|area|audio|base|basefont|bgsound|blink|body|button|canvas|col|colgroup|data|"
    "datalist|details|dialog|dir|embed|frame|frameset|head|hgroup|html|iframe|img|input|label|link|"
    "map|marquee|menu|meta|meter|nobr|noframes|noscript|object|optgroup|output|param|path|picture|"
    "progress|r[bpt]|ruby|script|select|slot|source|style|summary|svg|template|textarea|time|title|"
    r"track|video|\w+:\w+"
)
# All that a tag may have without `=`, so that `a<b and c>d` is none.
_NO_VALUES = re.compile(
    r"(?:\s|/|\b(?:alt|autoplay|checked|class|compact|controls|disabled|hidden|loop|multiple|muted|"
    r"noshade|nowrap|open|readonly|required|reversed|selected|style)\b)*",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"</([a-z][a-z0-9:_-]*)", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#(?:x[0-9a-f]+|[0-9]+);?|[a-z]\w*;?)", re.IGNORECASE)
# Entities that begin no word: without a semicolon, they are read in the middle of one, too.
_ENTITY_IN_WORD = re.compile(
    "nbsp|szlig|(?:ae|AE)lig|[A-Za-z](?:acute|cedil|circ|grave|ring|slash|tilde|uml)"
)
# Of PDFs. Other signs that Unicode calls compatible, such as ², mean something else.
_LIGATURES = re.compile("[\ufb00-\ufb06]")
# html.unescape cannot take numbers of thousands of digits; no character has more than seven.
_NO_CHARACTER = re.compile(r"&#x?[0-9a-f]{12,};?", re.IGNORECASE)
# Soft hyphens, zero-width spaces, marks of direction and of byte order.
_INVISIBLE = re.compile("[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
# Elsewhere they hold an emoji together.
_JOINERS_IN_WORDS = re.compile("(?<=\\w)[\u200c\u200d]+(?=\\w)")
# Python sorts a run of accents in a time that grows with its square.
_TOO_MANY_SIGNS = re.compile(r"([^\w\x00-\x7f]{100})[^\w\x00-\x7f]+")
_HYPHEN = re.compile("[\u2010\u2011]")
# As spreadsheets write control characters, such as `_x000D_`.
_CONTROL = re.compile(r"_x00[01][0-9A-F]_|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r" ?\n[ \n]*")


def clean_text(text: str) -> str:
    """Return a text without mark-up, in lines.

    Tags, comments, scripts and styles go; tags that end a line do so; entities become characters,
    also where they are escaped twice or lack the semicolon. What only looks like mark-up (`5 < 6`,
    `a<b and c>d`) stays. Letters are composed (NFC), ligatures taken apart, what cannot be seen is
    left out, and UTF-8 that was read as Windows-1252 (`GrÃ¼n`) is read again where the whole text
    is.
    """
    text = _read_again(text)
    for _ in range(_MOST_ESCAPES):
        before, text = text, _unescaped(_without_markup(text))
        if text == before:
            break
    return _tidy(text)


def clean_title(title: str) -> str:
    """Return a title without mark-up, as one line; see `clean_text`."""
    return clean_text(title).replace("\n", " ")


def _read_again(text: str) -> str:
    while not text.isascii() and (better := _as_utf8(text)) is not None:
        text = better
    return text


def _as_utf8(text: str) -> str | None:
    # With Latin-1 as well: of it browsers and databases make Windows-1252, other programs do not.
    return _decoded(text, "cp1252") or _decoded(text, "latin-1")


def _decoded(text: str, encoding: str) -> str | None:
    try:
        better = text.encode(encoding).decode("utf-8")
    except UnicodeError:
        return None
    return better if _MISREAD.search(text) or _OTHER_ALPHABET.search(better) else None


def _without_markup(text: str) -> str:
    for unseen in (_CDATA, _COMMENT, _CODE, _DECLARATION):
        text = unseen.sub(" ", text)
    closed = {name.lower() for name in _CLOSED.findall(text)}
    return _TAG.sub(lambda tag: _in_place_of_tag(tag, closed), text)


def _in_place_of_tag(tag: re.Match[str], closed: Set[str]) -> str:
    name = tag["name"].lower()
    if not (tag["slash"] or _is_tag(tag, name, closed)):
        return tag[0]
    if _BLOCK.fullmatch(name):
        return "\n"
    return "" if _INLINE.fullmatch(name) else " "


def _is_tag(tag: re.Match[str], name: str, closed: Set[str]) -> bool:
    attribute = _ATTRIBUTE.search(tag["attributes"])
    if not tag["end"]:
        # One that is cut off is one all the same, if it has an attribute.
        return attribute is not None and attribute["quote"] is not None
    if attribute or name in closed or tag["attributes"].endswith("/"):
        return True
    is_known = any(names.fullmatch(name) for names in (_INLINE, _BLOCK, _OTHER_TAGS))
    return is_known and _NO_VALUES.fullmatch(tag["attributes"]) is not None


def _unescaped(text: str) -> str:
    return _ENTITY.sub(_character_of, _NO_CHARACTER.sub("", text))


def _character_of(entity: re.Match[str]) -> str:
    # Without a semicolon, a name is one only if no letter follows: `slim&regular` has none.
    name = entity[0][1:]
    if name.startswith("#") or _ENTITY_IN_WORD.match(name):
        return html.unescape(entity[0])
    stem = name.rstrip("0123456789")
    return html5.get(name) or (html5[stem] + name[len(stem) :] if stem in html5 else entity[0])


def _tidy(text: str) -> str:
    text = _LIGATURES.sub(lambda letter: unicodedata.normalize("NFKC", letter[0]), text)
    text = unicodedata.normalize("NFC", _TOO_MANY_SIGNS.sub(r"\1", text))
    text = _JOINERS_IN_WORDS.sub("", _INVISIBLE.sub("", text))
    text = _LINE_END.sub("\n", _CONTROL.sub(" ", _HYPHEN.sub("-", text)))
    return _LINE_ENDS.sub("\n", _SPACES.sub(" ", text)).strip()
