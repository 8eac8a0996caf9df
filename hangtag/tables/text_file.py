"""A text file in whatever encoding spreadsheets write -> its text."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from hangtag.errors import DataInvalid

# Longer marks first: that of UTF-32 begins like that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, ("utf-32", "UTF-32")),
    (codecs.BOM_UTF32_BE, ("utf-32", "UTF-32")),
    (codecs.BOM_UTF16_LE, ("utf-16", "UTF-16")),
    (codecs.BOM_UTF16_BE, ("utf-16", "UTF-16")),
    (codecs.BOM_UTF8, ("utf-8-sig", "")),
)
_OTHER_FORMATS = (
    (b"PK\x03\x04", "is a spreadsheet (.xlsx, .ods) or a zip file"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook (.xls)"),
    (b"\x1f\x8b", "is a gzip file"),
    (b"%PDF", "is a PDF"),
    (b"PAR1", "is a Parquet file"),
    (b"SQLite format 3", "is a database"),
    (b"{\\rtf", "is an RTF document"),
    (b"version https://git-lfs", "is a pointer of Git LFS and not the file itself"),
)
_MARK_UP = re.compile(rb"(?i)\s*<(!doctype|html|head|table|meta|\?xml|workbook)")
# Of a file in any language the first names of columns are Latin.
_SAMPLE_BYTES = 40
# What other encodings look like as Windows-1252, and no Western word does.
_LETTER, _LOWER = r"[^\W\d_]", "[a-z\u00df-\u00ff]"
_GARBLED = re.compile(
    "|".join(
        (
            # The umlauts of DOS and old Macs: marks and capitals within words.
            "\\w{0,20}" + _LETTER
            + "[\u201a\u02c6\u201e\u201d\u2020\u2021\u2030"
            + "\u00a7\u00a2\u00a4\u0160\u0178\u0152\u017d]"
            + f"(?={_LOWER})\\w{{0,20}}",
            # Of DOS at a word's edge: those of Over, Oil, Sleeve and August.
            "(?<!\\w)[\u0161\u2122](?=[a-z])\\w{1,20}",
            "(?<!\\w)\u017d(?=[b-df-hj-np-tv-xz])\\w{1,20}",
            "[a-z]{1,20}\u2013[a-z](?!\\w)",
            # Polish and Romanian.
            _LOWER + "{1,20}[\u00bf\u00b3\u00b9\u00be\u00ba](?=[a-z])\\w{1,20}",
            # Cyrillic, Greek, Hebrew, Arabic; Chinese, Korean, Thai.
            r"[^\W\d_\x00-\x7f]{4,20}",
            r"(?=[^\x00-\x7f\s]{0,5}[^\W\d_\x00-\x7f])[^\x00-\x7f\s]{6,20}",
        )
    )
)  # fmt: skip
_BEGINNING_BYTES = 1 << 16
# Cells are padded with a few of them; a block of a disk that was never written has thousands.
_MOST_NULS_IN_A_ROW = 512


@dataclass(frozen=True)
class FileText:
    """A file's text, and how it was read.

    `encoding` is empty where it is UTF-8; `remarks` are what whoever wrote the file may like to
    know.
    """

    text: str
    encoding: str = ""
    remarks: tuple[str, ...] = ()


def read_text(path: Path) -> FileText:
    """Read UTF-8, UTF-16 and UTF-32, with a byte order mark or without, else Windows-1252.

    Raises
    ------
    DataInvalid : if the file cannot be read, is no text, or its encoding is none of these.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataInvalid(f"{path} cannot be read: {error.strerror}.") from error
    _refuse_other_formats(path, content)
    # Ctrl-Z ended a file in the days of DOS, and some programs still write it.
    decoded = _decoded(path, content.removesuffix(b"\x1a"))
    nuls = decoded.text.count("\0")
    if not nuls:
        return decoded
    if (at := decoded.text.find("\0" * _MOST_NULS_IN_A_ROW)) >= 0:
        line = decoded.text.count("\n", 0, at) + 1
        raise DataInvalid(
            f"{path} has a hole of NUL bytes at line {line:,}: a part of it was lost while it was "
            "written or copied; get it anew."
        )
    remark = f"{nuls:,} NUL bytes are left out"
    return FileText(decoded.text.replace("\0", ""), decoded.encoding, (*decoded.remarks, remark))


def read_beginning(path: Path) -> str:
    """Return the first lines of a file; what cannot be read is empty, and letters may be wrong."""
    try:
        with path.open("rb") as file:
            content = file.read(_BEGINNING_BYTES)
    except OSError:
        return ""
    codec, _ = _by_mark(content) or _by_zeros(content) or ("utf-8", "")
    return content.decode(codec, "replace")


def _refuse_other_formats(path: Path, content: bytes) -> None:
    found = next((what for magic, what in _OTHER_FORMATS if content.startswith(magic)), None)
    if found is None and _MARK_UP.match(content.removeprefix(codecs.BOM_UTF8)):
        found = "is a page of HTML or XML"
    if found is not None:
        wanted = path.suffix.removeprefix(".") or "text"
        raise DataInvalid(
            f"{path} {found}, whatever its name says; open it where it came from and save it as "
            f"{'CSV UTF-8' if wanted == 'csv' else wanted}."
        )


def _decoded(path: Path, content: bytes) -> FileText:
    codec, name = _by_mark(content) or _by_zeros(content) or ("utf-8", "")
    try:
        return FileText(content.decode(codec), name)
    except UnicodeDecodeError as error:
        if name:
            raise DataInvalid(
                f"{path} begins as {name} and is none from byte {error.start:,} on; save it as "
                "UTF-8."
            ) from error
        return _windows(path, content, error.start)


def _by_mark(content: bytes) -> tuple[str, str] | None:
    return next((names for mark, names in _MARKS if content.startswith(mark)), None)


def _by_zeros(content: bytes) -> tuple[str, str] | None:
    """Every other byte of Latin text in UTF-16 is zero."""
    sample = content[:_SAMPLE_BYTES]
    if len(sample) < 4:
        return None
    for offset, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros, others = sample[offset::2].count(0), sample[1 - offset :: 2].count(0)
        if zeros > 0.7 * (len(sample) // 2) and not others:
            return codec, "UTF-16"
    return None


def _windows(path: Path, content: bytes, at: int) -> FileText:
    line = content.count(b"\n", 0, at) + 1
    # One broken letter among sound ones of UTF-8: read as Windows-1252 all of them were garbled.
    letters = re.sub("[\x00-\x7f\ufffd]", "", content.decode("utf-8", "replace"))
    broken = content.decode("utf-8", "replace").count("\ufffd")
    if letters:
        how_many = (
            "its other letters are" if len(letters) >= broken else "some of its letters seem so"
        )
        raise DataInvalid(
            f"{path} is not UTF-8 (byte {at:,}, line {line:,}), though {how_many}; save it "
            "as 'CSV UTF-8'."
        )
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise DataInvalid(
            f"{path} is not UTF-8 (byte {at:,}, line {line:,}) and not Windows-1252; save it as "
            "'CSV UTF-8'."
        ) from error
    if garbled := _GARBLED.search(text):
        line = text.count("\n", 0, garbled.start()) + 1
        raise DataInvalid(
            f"{path} is not UTF-8, and as Windows-1252 it says {garbled[0]!r} (line {line:,}), as "
            "files of DOS and old Macs do, and those of other alphabets; save it as 'CSV UTF-8'."
        )
    start = max(text.rfind(mark, 0, at) for mark in ' ,;\t|"\r\n') + 1
    word = re.split(r'[\s,;|"]', text[start:], maxsplit=1)[0]
    return FileText(text, "Windows-1252", (f"such as {word[:40]!r} in line {line:,}",))
