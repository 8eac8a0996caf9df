"""The public set of real product photos, where this machine has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
FASHION_PRODUCTS = Path(
    os.environ.get("HANGTAG_FASHION_PRODUCTS")
    or PROJECT.parent / "shared" / "data" / "fashion-products"
)

needs_fashion_products = pytest.mark.skipif(
    not FASHION_PRODUCTS.is_dir(),
    reason=f"{FASHION_PRODUCTS} is not there; set HANGTAG_FASHION_PRODUCTS",
)
