"""The public set of real product photos, where HANGTAG_FASHION_PRODUCTS names it."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
FASHION_PRODUCTS = Path(os.environ.get("HANGTAG_FASHION_PRODUCTS") or PROJECT / "fashion-products")

needs_fashion_products = pytest.mark.skipif(
    not FASHION_PRODUCTS.is_dir(),
    reason="set HANGTAG_FASHION_PRODUCTS to the folder of the real photos",
)
