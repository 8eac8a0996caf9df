"""Names as a plot's font can draw them."""

import unicodedata
from functools import cache

import matplotlib as mpl
from matplotlib import font_manager

# Fonts of systems and containers that have what matplotlib's own lacks: where one is installed, it
# draws the letters.
_WIDER_FONTS = (
    "Noto Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Noto Sans JP",
    "WenQuanYi Zen Hei",
    "Arial Unicode MS",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Noto Sans Thai",
    "Noto Sans Devanagari",
    "Noto Emoji",
)
_LONGEST = 40
_LEFT_OUT = "…"


def drawable(name: str) -> str:
    """Return a name of one line, without the letters that no installed font has, and not too long.

    matplotlib would draw a box for each and warn of it. A name of which nothing is left is "…".
    """
    letters = _letters()
    drawn = "".join(each for each in _one_line(name) if ord(each) in letters)
    drawn = " ".join(drawn.split())
    if len(drawn) > _LONGEST:
        drawn = drawn[: _LONGEST - 1] + _LEFT_OUT
    return drawn or _LEFT_OUT


def _one_line(name: str) -> str:
    return "".join(
        " " if unicodedata.category(each)[0] in "ZC" else each
        for each in unicodedata.normalize("NFC", name)
    )


@cache
def _letters() -> frozenset[int]:
    """Let plots use wider fonts where there are any, and return all that they can draw."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    wider = [name for name in _WIDER_FONTS if name in installed]
    default = list(mpl.rcParams["font.family"])
    mpl.rcParams["font.family"] = [*default, *wider]
    files = [
        font_manager.findfont(font_manager.FontProperties(family=[name]))
        for name in (*default, *wider)
    ]
    return frozenset(
        letter for file in files for letter in font_manager.get_font(file).get_charmap()
    )
