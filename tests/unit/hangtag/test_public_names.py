"""`from hangtag import Tagger` works, and `import hangtag` alone costs nothing."""

import subprocess
import sys

import pytest

import hangtag
from hangtag.client import TaggerClient
from hangtag.errors import HangtagError
from hangtag.requests.product import Product
from hangtag.tagger import Tagger
from tests.documents import PROJECT


def test_what_users_need_is_importable_from_the_package() -> None:
    assert (hangtag.HangtagError, hangtag.Product) == (HangtagError, Product)
    assert (hangtag.Tagger, hangtag.TaggerClient) == (Tagger, TaggerClient)


def test_other_names_are_unknown() -> None:
    with pytest.raises(AttributeError, match="module 'hangtag' has no attribute 'Taggers'"):
        getattr(hangtag, "Taggers")  # noqa: B009


def test_the_package_alone_imports_no_library() -> None:
    program = "import sys, hangtag; print({'numpy', 'pydantic', 'PIL'} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
