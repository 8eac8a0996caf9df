"""Texts as exporters send them, and what a shopper would read."""

import time

import pytest

from hangtag.text import clean_text, clean_title

LENGTH = 100_000
# Enough for a slow machine; what grows with the square takes minutes.
MOST_S = 2.0


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ('<p style="color: black">Red shirt</p>', "Red shirt"),
        ("<P\nCLASS='a>b'\n>Red</P >", "Red"),
        ("<b>B</b>lue <font color=black>shirt</font>", "Blue shirt"),
        ("super<wbr>long", "superlong"),
        ("Red<br>Shirt<br/>Cotton", "Red\nShirt\nCotton"),
        ("<ul><li>Red</li><li>Cotton</li></ul>", "Red\nCotton"),
        ("<td>Red</td><td>Cotton</td>", "Red\nCotton"),
        ("red<img src=a.png>shirt", "red shirt"),
        ("<o:p></o:p>red", "red"),
        ('<img alt="15" black"> red', "red"),
        ("a<!-- black -->b<!---->c<!-->d", "a b c d"),
        ("red <!-- black", "red"),
        ("<style>.a > .b {color: black}</style>red", "red"),
        ("<SCRIPT>if (a < b) black()</SCRIPT >red", "red"),
        ('red <script src="a.js"/> blue', "red blue"),
        ('<?xml version="1.0"?><!DOCTYPE html>red', "red"),
        ("<![CDATA[<p>Red</p>]]>", "Red"),
        ('red <span style="color: bla', "red"),
        ('red <span style="color: black" <b>shirt</b>', "red shirt"),
        ("red</sp", "red"),
        ("<Farbe>rot</Farbe>", "rot"),
        ("red<custom/>shirt", "red shirt"),
        ("<custom size=3>red", "red"),
        ("<blink>red<o:p>", "red"),
        ("<td nowrap>red<hr noshade />shirt", "red\nshirt"),
        ("<b><i>red</i></b>", "red"),
        ("<u>red", "red"),
    ],
)
def test_mark_up_is_no_text(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@pytest.mark.parametrize(
    "text",
    ["a<b and c>d", "size <M and >L", "size <M>", "<XL>", "x <s or >m", "slim&regular fit",
     "black&notched", "H&Micro", "?a=1&copyright=2", "B&regular;", "m² ™ ½ Ⅳ",
     "5 < 6", "I <3 it", "a <b and c", "6 > 5", "H&M, R&B & AT&T", "size <XL", "100 % <", "<>",
     "*bold* _it_", "👨\u200d👩\u200d👧 ❤️", "Größe „Ä“", "Ã", "naïve – “café”", "çÃ", "日本", ""],
)  # fmt: skip
def test_what_only_looks_like_mark_up_stays(text: str) -> None:
    assert clean_text(text) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Wei&szlig;", "Weiß"),
        ("Wei&szlig Hemd", "Weiß Hemd"),
        ("Wei&szlig", "Weiß"),
        ("Red&nbspshirt &nbsp shirt &parallel;", "Red shirt shirt ∥"),
        ("x&lt5 &frac12 &sup2", "x<5 ½ ²"),
        ("Gr&uumln, Caf&eacutes", "Grün, Cafés"),
        ("Red&nbsp, &copy-Tee &#223Hemd", "Red , ©-Tee ßHemd"),
        ("Wei&#223; &#xDF;", "Weiß ß"),
        ("&amp;lt;b&amp;gt;Wei&amp;amp;szlig;", "Weiß"),
        ("&lt;p title=&quot;black&quot;&gt;red", "red"),
        ("5 &lt; 6 &amp; 7", "5 < 6 & 7"),
        ("&bogus; &", "&bogus; &"),
        ("a&#" + "1" * 5000 + ";b", "ab"),
        ("a&#0;&#1;b", "a\ufffdb"),
    ],
)
def test_entities_are_characters(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Gru\u0308n", "Grün"),
        ("ﬁt ﬂoral oﬀ-white oﬃce ﬅyle", "fit floral off-white office style"),
        ("Schu\u00adhe", "Schuhe"),
        ("\ufeffRed\u200b shirt\u200e", "Red shirt"),
        ("Red\u00a0\u2003shirt\t\t!", "Red shirt !"),
        ("T\u2011Shirt", "T-Shirt"),
        ("Wei\u200dß", "Weiß"),
        ("a\x00b\x1fc\x9fd", "a b c d"),
        ("Red_x000D_\r\nshirt", "Red\nshirt"),
        ("Red\rshirt \n\n \n blue\u2028", "Red\nshirt\nblue"),
        ("GrÃ¼n", "Grün"),
        ("WeiÃŸ, 5 â‚¬", "Weiß, 5 €"),
        ("Wei\u00c3\u009f", "Weiß"),
        ("GrÃƒÂ¼n", "Grün"),
        ("GrÃ¼n und weiß", "GrÃ¼n und weiß"),
        *(
            (words.encode().decode("cp1252"), words)
            for words in (
                "pokój",
                "Złoty",
                "Żona",
                "Żółty",
                "DŮM",
                "příliš",
                "roșu",
                "KIRMIZI ŞAL",
                "Kırmızı",
                "ŽENA",
                "Юбка",
                "Παντς",
                "日本",
                "áo sơ mi",
                "Tee – „cool“",
                "5 €",
                "CAFÉ",
                "😀 Tee",
                "Größe 5 µ",
                "señora",
                "łosoś",
            )
        ),
    ],
)
def test_characters_are_what_they_look_like(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "NESCAFÉ® Tasse", "BEYONCÉ’s Tee", "OLÉ… Shirt", "ROSÉ™", "MALMÖ® Regal", "SMÅ® Stuhl",
        "GLÅ™", "MENÜ…", "À LA CARTE, CAFÉ–BAR", "Weiß®", "Weiß…", "Rosé…”", "Nescafé®™", "DÉJÀ®",
        "PAPÁ’s", "NIÑ®", "ESPAÑA ©", "FJÖRD®", "FRÜH’s", "BLAÚ“", "CITROËN™",
    ],
)  # fmt: skip
def test_a_capital_and_a_sign_stay(text: str) -> None:
    assert clean_text(text) == text


def test_a_title_is_one_line() -> None:
    assert clean_title("<h1>Red<br>shirt</h1>\n") == "Red shirt"


@pytest.mark.parametrize(
    "unit",
    ["<a ", "<a =\"", "<a ='\" =\"", "<", "</a", "<a>", "<a b",
     "<td nowrap ", "&reg", "&nbsp", "ﬁ", "<!", "<!--", "<![CDATA[", "<style>",
     "</style", "<?", "&", "&amp;", "&lt;", "&#1", "1", "=", " ", "\n ", "\r",
     "_x", "-", "Ã¼", "\u200d", "\u0301\u0316", "\u1ab0\u0316"],
)  # fmt: skip
@pytest.mark.parametrize("start", ["", "<a ", "&#", "a"])
def test_long_texts_take_no_time(start: str, unit: str) -> None:
    text = start + unit * (LENGTH // len(unit))
    began = time.perf_counter()
    clean_text(text)
    assert time.perf_counter() - began < MOST_S
