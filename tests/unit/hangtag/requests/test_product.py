"""Photos that a program gives: bytes, paths, and what is neither."""

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from hangtag.errors import ImageMissing
from hangtag.requests.product import Product
from tests.tiny_tagger import photo

PHOTO = photo()
TEXT = base64.b64encode(PHOTO * 5000).decode()


def test_photos_are_bytes_or_paths(tmp_path: Path) -> None:
    path = tmp_path / "photo=1.jpg"
    path.write_bytes(PHOTO)
    assert Product(str(path)).images == Product([path]).images == Product(PHOTO).images


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (TEXT, "The photo is given as a photo in base64; give the bytes of its file, or a path."),
        (f"data:image/jpeg;base64,{TEXT}", "The photo is given as a data URL; give the bytes"),
        ("https://x.example/a.jpg", "The photo is given as a URL; give the bytes"),
        (PHOTO.decode("latin-1"), "The photo is given as a photo's bytes as text; give the bytes"),
        (repr(PHOTO), "The photo is given as Python's notation of bytes; give the bytes"),
        ("no\0path", "cannot be read: it is no path."),
        ("x" * 1_000_000, "The photo a text of 1,000,000 characters cannot be read: "),
        ("missing=1.jpg", "The photo missing=1.jpg cannot be read: No such file or directory."),
        ("photos/a\udcff.jpg", "The photo photos/a\\udcff.jpg cannot be read: No such file or dir"),
    ],
    ids=lambda text: repr(text)[:24],
)
def test_what_is_no_path_is_named_in_short(given: str, said: str) -> None:
    with pytest.raises(ImageMissing) as raised:
        Product(images=given)
    assert said in str(raised.value)
    assert len(str(raised.value)) < 200


def test_photos_are_open_files_or_pictures(tmp_path: Path) -> None:
    picture = Image.effect_noise((20, 10), 50).convert("RGB")
    file = tmp_path / "photo.png"
    picture.save(file)
    with file.open("rb") as opened:
        product = Product(images=[opened, picture, picture.convert("CMYK")])
    assert product.images[0] == file.read_bytes()
    seen = Image.open(io.BytesIO(product.images[1]))
    assert (seen.format, seen.tobytes()) == ("PNG", picture.tobytes())
    assert Image.open(io.BytesIO(product.images[2])).mode == "RGB"
    assert Product(images=picture).images == (product.images[1],)
