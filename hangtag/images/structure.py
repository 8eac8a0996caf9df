"""How many pieces a photo file may be made of, checked before a decoder walks them.

Decoders walk a file's segments, chunks, blocks and tags one by one: Pillow in Python, holding the
interpreter's lock, libjpeg once over the whole picture for each scan, libavif with a search for
each item. A small file of very many pieces would so cost minutes or a gigabyte. No camera and no
program writes such files; they are refused. The bounds leave a wide margin to those that do exist.
"""

import re
from dataclasses import dataclass
from typing import NoReturn

from hangtag.errors import ImageUndecodable
from hangtag.images.heif_structure import check_heif
from hangtag.images.jpeg_structure import (
    END_OF_IMAGE,
    SCAN,
    START_OF_IMAGE,
    has_hole,
    read_frame,
    segments,
)
from hangtag.images.png_chunks import SIGNATURE as PNG_SIGNATURE
from hangtag.images.png_chunks import read_png
from hangtag.images.tiff_kinds import TiffKind
from hangtag.images.tiff_structure import check_tiff
from hangtag.images.webp_chunks import is_webp, read_webp
from hangtag.recognition.foreign_files import is_heic
from hangtag.recognition.lookalikes import TIFF_SIGNATURES

_MAX_JPEG_SEGMENTS = 1024
_MAX_JPEG_EXIF_SEGMENTS = 16
# libjpeg writes 10 scans; libtiff draws the same line.
_MAX_JPEG_SCANS = 100
# A sample that is arithmetic coded takes 0.1 µs, and one in a scan of Huffman codes without detail
# 0.4 ns (measured on an AMD EPYC). Detail takes 50 ns a byte, which the size of the file bounds.
_ARITHMETIC_SAMPLES = 250
# A file of 20 MB in blocks of the largest size has 78,000.
_MAX_GIF_BLOCKS = 131_072
_MAX_STRAY_BYTES = 65_536
_MAX_RLE_BMP_BYTES = 1_000_000

_GIF_BLOCK = re.compile(rb"[,!;]")
_GIF_IMAGE, _GIF_EXTENSION = ord(","), ord("!")
_RLE_COMPRESSIONS = (1, 2)
_AVIF_BRANDS = (b"avif", b"avis", b"mif1", b"msf1")


@dataclass(frozen=True)
class PhotoStructure:
    """What a file's pieces tell that Pillow does not, or only at a price.

    data : the file as the decoder gets it: of a PNG, without what is not its picture, of a WebP,
        without a last chunk that is cut short
    scalable : whether it is a JPEG that can be decoded at a reduced scale; lossless ones cannot
    several_frames : whether there is more than one picture; None for formats where Pillow knows it
        without reading them
    is_cut_short : whether a JPEG, PNG or WebP lacks its end
    exifs : what the texts of a PNG hold of it
    tiff : which kind of TIFF it is
    is_streamed : whether it is a JPEG of one scan, of which the decoder never holds more than a few
        rows before they are reduced
    samples_per_pixel : of a JPEG, how many samples the decoder goes over for each pixel, in all
        scans; 0 for others
    """

    data: bytes
    scalable: bool = False
    several_frames: bool | None = None
    is_cut_short: bool = False
    exifs: tuple[bytes, ...] = ()
    tiff: TiffKind | None = None
    is_streamed: bool = False
    samples_per_pixel: float = 0.0


def check_structure(data: bytes, max_pixels: int) -> PhotoStructure:
    """Check the pieces of a photo of any format; broken files are left to the decoder.

    Raises
    ------
    ImageUndecodable : if there are absurdly many pieces.
    FormatUnsupported : if it is of a kind that would be read wrongly.
    """
    if data.startswith(START_OF_IMAGE):
        return _check_jpeg(data)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _check_gif(data)
    if data.startswith(PNG_SIGNATURE):
        png = read_png(data)
        return PhotoStructure(png.data, is_cut_short=png.is_cut_short, exifs=png.exifs)
    if is_webp(data):
        webp = read_webp(data)
        return PhotoStructure(
            webp.data,
            several_frames=True if webp.is_cut_animation else None,
            is_cut_short=webp.is_cut_short,
        )
    if data.startswith(TIFF_SIGNATURES):
        return PhotoStructure(data, tiff=check_tiff(data, max_pixels))
    if data.startswith(b"BM"):
        _check_bmp(data)
    elif is_heic(data) or (data[4:8] == b"ftyp" and data[8:12] in _AVIF_BRANDS):
        check_heif(data)
    return PhotoStructure(data)


def _check_jpeg(data: bytes) -> PhotoStructure:
    stray_bytes, end, pixels_start = 0, 2, len(data)
    exif_count, scans, samples_per_pixel = 0, 0, 0.0
    frame = None
    for count, segment in enumerate(segments(data), 1):
        if not scans:
            stray_bytes += segment.gap_bytes
            frame = frame or read_frame(data, segment)
        if segment.marker == SCAN:
            scans += 1
            if frame is not None:
                samples_per_pixel += frame.samples_per_pixel(data[segment.start : segment.end])
            pixels_start = min(pixels_start, segment.end)
        exif_count += data.startswith(b"Exif\0\0", segment.start)
        if scans > _MAX_JPEG_SCANS:
            _refuse("many scans")
        if count > _MAX_JPEG_SEGMENTS or exif_count > _MAX_JPEG_EXIF_SEGMENTS:
            _refuse("many segments")
        end = segment.end
    if stray_bytes > _MAX_STRAY_BYTES or (not scans and len(data) - end > _MAX_STRAY_BYTES):
        _refuse("much between its segments")
    if has_hole(data):
        raise ImageUndecodable(
            "The JPEG photo has a hole, a part that is nothing but zeros; send it again."
        )
    # A JPEG is one photo: the thumbnails, gain maps and second views that cameras put behind it
    # (CIPA DC-007) are not looked at.
    scalable = frame is None or not frame.is_lossless
    return PhotoStructure(
        data,
        scalable=scalable,
        several_frames=False,
        is_cut_short=scans > 0 and data.rfind(END_OF_IMAGE, pixels_start) < 0,
        is_streamed=scalable and scans == 1,
        samples_per_pixel=samples_per_pixel
        * (_ARITHMETIC_SAMPLES if frame is not None and frame.is_arithmetic else 1),
    )


def _check_gif(data: bytes) -> PhotoStructure:
    """Walk to the second frame, if there is one."""
    position, blocks, stray_bytes, frames = 13 + _gif_palette_bytes(data[10:11]), 0, 0, 0
    while found := _GIF_BLOCK.search(data, position):
        stray_bytes += found.start() - position
        kind, position = data[found.start()], found.end()
        if kind == _GIF_IMAGE:
            frames += 1
            # Nine bytes of place and flags, the palette, one byte of code size.
            position += 10 + _gif_palette_bytes(data[position + 8 : position + 9])
        elif kind == _GIF_EXTENSION:
            position += 1
        if frames > 1 or kind not in (_GIF_IMAGE, _GIF_EXTENSION):
            break
        while position < len(data) and data[position]:
            position += 1 + data[position]
            blocks += 1
            if blocks > _MAX_GIF_BLOCKS:
                _refuse("many blocks")
        position += 1
    if stray_bytes > _MAX_STRAY_BYTES:
        _refuse("much between its blocks")
    return PhotoStructure(data, several_frames=frames > 1)


def _gif_palette_bytes(flags: bytes) -> int:
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _check_bmp(data: bytes) -> None:
    """Refuse large run-length encoded ones: Pillow decodes them in Python, run by run."""
    header_bytes = int.from_bytes(data[14:18], "little")
    compression = int.from_bytes(data[30:34], "little") if header_bytes >= 40 else 0
    if compression in _RLE_COMPRESSIONS and len(data) > _MAX_RLE_BMP_BYTES:
        _refuse("many runs")


def _refuse(pieces: str) -> NoReturn:
    raise ImageUndecodable(f"The photo has absurdly {pieces}; save it anew and send that.")
