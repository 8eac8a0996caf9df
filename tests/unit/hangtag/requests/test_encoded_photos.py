"""Photos as text: what clients make of base64."""

import base64
import contextlib
import json
import sys
import time
import tracemalloc
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from hangtag.errors import ImageTooLarge, RequestError
from hangtag.requests.encoded_photos import decode_photo
from hangtag.requests.parsing import Part, read_product
from hangtag.settings import TaggerSettings
from tests.tiny_tagger import photo

PATH = "$.images[0].content"


def noisy_photo(**save: Any) -> bytes:
    """Bytes in which every letter of base64 comes up, `++` too."""
    noise = np.random.default_rng(7).integers(0, 256, 60_000, np.uint8).tobytes()
    return photo(**save) + noise + base64.b64decode("++//++//") + b"!"


PHOTO = noisy_photo()
TEXT = base64.b64encode(PHOTO).decode()
URL_SAFE = base64.urlsafe_b64encode(PHOTO).decode()


def decode(text: str, max_bytes: int = 1_000_000) -> bytes:
    return decode_photo(text, PATH, max_bytes)


def wrapped(text: str, at: int, by: str) -> str:
    return by.join(text[i : i + at] for i in range(0, len(text), at))


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        URL_SAFE,
        TEXT.rstrip("="),
        URL_SAFE.rstrip("="),
        TEXT.replace("+", " "),
        TEXT.rstrip("=").replace("+", " "),
        wrapped(TEXT, 76, "\n"),
        wrapped(TEXT, 76, "\r\n"),
        wrapped(TEXT, 64, " "),
        wrapped(TEXT, 76, "\\n"),
        wrapped(TEXT, 76, "\n   "),
        f"  {TEXT}\n",
        TEXT.replace("/", "\\/"),
        quote(TEXT, safe=""),
        f"data:image/jpeg;base64,{TEXT}",
        f"DATA:IMAGE/JPEG;BASE64,{TEXT}",
        f"data:image/jpeg;charset=utf-8;base64, {TEXT}",
        f"data:;base64,{URL_SAFE}",
        f"data:image/jpeg,{TEXT}",
        f"data:image/jpeg;base64,{quote(TEXT, safe='')}",
        f"data:image/jpeg;base64,{TEXT.replace('+', ' ')}",
        f"data:image/jpeg,{quote(PHOTO, safe='')}",
        f"image/jpeg;base64,{TEXT}",
        f"base64,{TEXT}",
        f"\ufeff{TEXT}",
        "\r\n".join(["-----BEGIN CERTIFICATE-----", TEXT, "-----END CERTIFICATE-----"]),
        f"b'{TEXT}'",
        f'"{TEXT}"',
        PHOTO.hex(),
        PHOTO.hex(" ").upper(),
        f"0x{PHOTO.hex()}",
        f"\\x{PHOTO.hex()}",
        PHOTO.hex("-").upper(),
        PHOTO.hex(":"),
        "".join(f"\\x{byte:02x}" for byte in PHOTO),
        ", ".join(f"0x{byte:02X}" for byte in PHOTO),
        ",".join(f"0x{byte:02x}" for byte in PHOTO),
        f"data:image/jpeg;base64,data:image/jpeg;base64,{TEXT}",
        f"data:image/jpeg;base64, base64,{TEXT}",
        quote(f"data:image/jpeg;base64,{TEXT}", safe=""),
        quote(f"data:image/jpeg;base64,{TEXT}", safe="/"),
    ],
    ids=lambda text: text[:24],
)
def test_the_spellings_of_clients_are_read(text: str) -> None:
    assert decode(text) == PHOTO


def test_spaces_that_end_lines_are_no_plus() -> None:
    """One space says nothing by itself; the length does."""
    text = base64.b64encode(photo()).decode().replace("+", "-")
    assert decode(text[:100] + " " + text[100:]) == photo()
    with_plus = "/9j/" + "A" * 50 + "+" + "A" * 45
    assert decode(with_plus.replace("+", " ")) == base64.b64decode(with_plus)


def test_no_text_is_no_photo() -> None:
    assert decode("") == decode(" \n") == b""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://cdn.example/a.jpg", "is a URL, not base64"),
        ("www.example.com/a", "is a URL, not base64"),
        ("//cdn.example/a.jpg?w=100", "is a URL, not base64"),
        ("//cdn/a.jpg", "is a URL, not base64"),
        ("//cdn.example/a?b", "is a URL, not base64"),
        ("blob:https://x.example/0a-1b", "is a URL, not base64"),
        ("blob:null/0a-1b", "is a URL, not base64"),
        *(
            (text, "is what a program prints in the place of bytes, not base64")
            for text in (
                "System.Byte[]",
                "[B@1a2b",
                "[B@6d06d69c",
                "[Ljava.lang.Byte;@1a2b3c",
                "[object Blob]",
                "[object ArrayBuffer]",
                "<Buffer ff d8 ff e0>",
                "<memory at 0x7f00>",
                "<_io.BytesIO object at 0x7f00>",
                "<PIL.Image.Image image>",
                "java.nio.HeapByteBuffer[pos=0]",
                "bytearray(b'abc')",
                "System.IO.MemoryStream",
                "com.example.Photo@1b6d3586",
                "array([255, 216])",
            )
        ),
        ("255, 216, 255, 224", "is a photo as a list of numbers, not base64"),
        ("[-1,-40,-1,-32]", "is a photo as a list of numbers, not base64"),
        ("137,80,78,71", "is a photo as a list of numbers, not base64"),
        ("/srv/photos/a.jpg", "is the name of a file, not base64"),
        ("C:\\photos\\a.JPEG", "is the name of a file, not base64"),
        ("a.webp", "is the name of a file, not base64"),
        ("data:image/png;base64", "is a data URL, not base64"),
        (repr(photo()), "is Python's notation of bytes, not base64"),
        (photo().decode("latin-1"), "holds a photo's bytes as if they were text"),
        (photo().decode("utf-8", "replace"), "holds a photo's bytes as if they were text"),
        (base64.b64encode(TEXT.encode()).decode(), "is base64 of base64"),
        (TEXT[:-4] + "=" + TEXT[:8], "has its end, `=`, in the middle"),
        (TEXT[:4001], "is base64 that was cut off"),
        (TEXT.replace("+", "*"), "is not base64: it holds '*'"),
        ("Größe", "is not base64: it holds 'ö'"),
        (PHOTO.hex() + "xy", "hexadecimal digits that are broken"),
        ("null", "is the text 'null', no photo"),
        ("undefined", "is the text 'undefined', no photo"),
        ("[object Object]", "is the text '[object Object]', no photo"),
        ("<html><body>", "is an HTML or XML page, not base64"),
    ],
    ids=lambda text: text[:24],
)
def test_what_is_no_base64_is_named(text: str, said: str) -> None:
    with pytest.raises(RequestError) as raised:
        decode(text)
    assert said in str(raised.value)
    assert str(raised.value).startswith(f"{PATH} ")
    assert str(raised.value).endswith("; send the bytes of the photo's file in base64.")
    assert raised.value.path == PATH
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize(
    "text", [TEXT, PHOTO.hex(), f"data:image/jpeg,{quote(PHOTO)}", wrapped(TEXT, 8, "\n")]
)
def test_a_large_photo_is_refused_however_it_is_written(text: str) -> None:
    with pytest.raises(ImageTooLarge, match=r"more than the 50,000 that are taken"):
        decode(text, max_bytes=50_000)
    assert decode(text, max_bytes=len(PHOTO)) == PHOTO


@pytest.mark.parametrize(
    "piece", ["A ", "+ab ", "data:,", "0xff, ", " ", "\\n", "%2B", "-", "'", "="]
)
def test_absurd_texts_cost_little(piece: str) -> None:
    text = piece * (10_000_000 // len(piece))
    if piece.startswith("0x"):
        text = "0xff, 0xd8, " + text
    started = time.process_time()
    with contextlib.suppress(RequestError):
        decode(text, 20_000_000)
    assert time.process_time() - started < 3
    tracemalloc.start()
    with contextlib.suppress(RequestError):
        decode(text, 20_000_000)
    assert tracemalloc.get_traced_memory()[1] < 6 * len(text)
    tracemalloc.stop()


@pytest.mark.parametrize("space", [" ", "\t", "\u00a0", "\u3000"])
def test_spaces_between_all_letters_cost_little(space: str) -> None:
    photo = PHOTO * 150
    letters = base64.b64encode(photo).decode()
    text = space.join(letters)
    started = time.process_time()
    assert decode(text, len(photo)) == photo
    # It took 1 s to look up each letter.
    assert time.process_time() - started < 0.6
    tracemalloc.start()
    decode(text, len(photo))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 1.5 * sys.getsizeof(text) + 2 * len(letters)


def test_a_request_takes_a_small_multiple_of_its_body() -> None:
    """Of a photo with a space behind each letter: the body, its text, the letters, the photo."""
    photo = PHOTO * 50
    spaced = " ".join(base64.b64encode(photo).decode())
    body = Part("body", "application/json", json.dumps({"images": [{"content": spaced}]}).encode())
    settings = TaggerSettings(max_image_bytes=len(photo))
    del spaced
    tracemalloc.start()
    product = read_product("application/json", [body], settings)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert list(product.images) == [photo]
    assert peak_bytes < 2.6 * len(body.value)
