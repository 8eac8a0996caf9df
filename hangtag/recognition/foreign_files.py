"""What a file is that no decoder here reads: it is recognised only to be refused by its name."""

import re

from hangtag.recognition.lookalikes import without_leading

_HEAD_BYTES = 1024
_VIDEO, _RAW, _ICON = "a video", "a raw camera file", "an icon"
_JPEG_XL, _JPEG_2000, _WMF = "a JPEG XL photo", "a JPEG 2000 photo", "a WMF drawing"
_MACOS = "the file that macOS puts beside a photo (its name begins with ._)"

_SIGNATURES: dict[bytes, str] = {
    b"%PDF": "a PDF document",
    b"8BPS": "a Photoshop document",
    b"\xff\x0a": _JPEG_XL,
    b"\x00\x00\x00\x0cJXL ": _JPEG_XL,
    b"\x00\x00\x00\x0cjP  ": _JPEG_2000,
    b"\xff\x4f\xff\x51": _JPEG_2000,
    b"\xff\xd8\xff\xf7": "a JPEG-LS photo",
    b"II\xbc": "a JPEG XR photo",
    b"II*\x00\x10\x00\x00\x00CR": _RAW,
    b"II\x1a\x00\x00\x00HEAPCCDR": _RAW,
    b"FUJIFILMCCD-RAW": _RAW,
    b"IIRO": _RAW,
    b"IIRS": _RAW,
    b"MMOR": _RAW,
    b"IIU\x00": _RAW,
    b"FOVb": _RAW,
    b"\x00MRM": _RAW,
    b"\x8bJNG": "a JNG photo",
    b"\x8aMNG": "an MNG animation",
    b"BPG\xfb": "a BPG photo",
    b"FLIF": "a FLIF photo",
    b"qoif": "a QOI picture",
    b"farbfeld": "a farbfeld picture",
    b"gimp xcf": "a GIMP picture",
    b"DDS ": "a DDS texture",
    b"icns": _ICON,
    b"\x00\x00\x01\x00": _ICON,
    b"%!PS": "a PostScript document",
    b"\xc5\xd0\xd3\xc6": "an EPS document",
    b"\xd7\xcd\xc6\x9a": _WMF,
    b"\x01\x00\x09\x00\x00\x03": _WMF,
    b"AT&TFORM": "a DjVu document",
    b"\x06\x06\xed\xf5": "an InDesign document",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an Office document",
    b"{\\rtf": "a text document",
    b"#?RADIANCE": "a Radiance HDR picture",
    b"#?RGBE": "a Radiance HDR picture",
    b"\x76\x2f\x31\x01": "an OpenEXR picture",
    b"SIMPLE  =": "a FITS picture",
    b"\x59\xa6\x6a\x95": "a Sun raster picture",
    b"\x01\xda": "an SGI picture",
    b"/* XPM */": "an XPM picture",
    b"\x1aE\xdf\xa3": _VIDEO,
    b"FLV\x01": _VIDEO,
    b"OggS": _VIDEO,
    b"\x00\x00\x01\xba": _VIDEO,
    b"\x00\x00\x01\xb3": _VIDEO,
    b"\x30\x26\xb2\x75": _VIDEO,
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"\x00\x05\x16\x07": _MACOS,
    b"\x00\x05\x16\x00": _MACOS,
    b"version https://git-lfs": "a Git LFS pointer in place of the photo",
}
_PATTERNS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), name)
    for pattern, name in (
        (rb"(?i:<(!doc(?!type svg)|html|head|body))", "an HTML page"),
        (rb"(?i:<(\?xml|!--).*?<(!doctype html|html|head|body))", "an HTML page"),
        (rb"(?i:<svg|<(\?xml|!--|!doctype svg).*?<svg)", "an SVG drawing"),
        (rb"(?i:<\?xml)", "an XML document"),
        (rb"RIFF.{4}AVI ", _VIDEO),
        (rb"RIFF.{4}WAVE", "a sound"),
        (rb"RIFF.{4}CDR", "a CorelDRAW drawing"),
        (rb".{40} EMF", "an EMF drawing"),
        (rb".{128}DICM", "a DICOM picture"),
        (rb".{257}ustar", "a tar archive"),
        (rb"P[1-7][ \t\r\n#]", "a PNM picture"),
        (rb"PF\r?\n", "a PFM picture"),
        (rb"\x0a[\x00\x02-\x05]\x01[\x01\x02\x04\x08]", "a PCX picture"),
        (rb"\x00\x00\x02\x00[^\x00]\x00", "a cursor"),
        # No palette, then true colour or grey, place, size, and a depth that exists.
        (rb".\x00[\x02\x03\x0a\x0b]\x00{5}.{8}[\x08\x0f\x10\x18\x20]", "a TGA picture"),
        # Films of the time before brands.
        (rb"\x00.{3}(moov|mdat|wide|pnot|skip|free)", _VIDEO),
    )
)
_TGA_FOOTER = b"TRUEVISION-XFILE."

# The brands of a container (ISO 14496-12), of which a file has one and lists others.
_HEIC_PHOTO = "a HEIC photo"
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AVIF = frozenset({b"avif", b"avis"})
_HEIF = frozenset({b"mif1", b"mif2", b"msf1", b"miaf", b"avci", b"avcs", b"vvic"})
_OTHER_BRANDS = {
    b"jp2 ": _JPEG_2000, b"jpx ": _JPEG_2000, b"jpm ": _JPEG_2000, b"jph ": _JPEG_2000,
    b"j2ki": _JPEG_2000, b"j2is": _JPEG_2000, b"jxl ": _JPEG_XL, b"crx ": _RAW,
    b"M4A ": "a sound", b"M4B ": "a sound",
}  # fmt: skip


def is_heic(data: bytes) -> bool:
    """Whether the bytes begin as a HEIC photo does, which is read with pi-heif alone."""
    return data[4:8] == b"ftyp" and _media_format(data[:_HEAD_BYTES]) == _HEIC_PHOTO


def format_of(data: bytes) -> str | None:
    """Return what a file of a format that is not read is called, such as a raw camera file."""
    head = data[:_HEAD_BYTES]
    if head[4:8] == b"ftyp":
        return _media_format(head)
    if data[-18:].startswith(_TGA_FOOTER):
        return "a TGA picture"
    for start in (head, without_leading(head)):
        for signature, name in _SIGNATURES.items():
            if start.startswith(signature):
                return name
        for pattern, name in _PATTERNS:
            if pattern.match(start):
                return name
    return None


def _media_format(head: bytes) -> str | None:
    size = int.from_bytes(head[:4], "big")
    brand = bytes(head[8:12])
    listed = {head[place : place + 4] for place in range(16, min(size, len(head)), 4)}
    if brand in _AVIF or (brand in _HEIF and listed & _AVIF):
        return None
    if brand in _HEIC or (brand in _HEIF and listed & _HEIC):
        return _HEIC_PHOTO
    if brand in _HEIF:
        return "a HEIF photo"
    return _OTHER_BRANDS.get(brand, _VIDEO)
