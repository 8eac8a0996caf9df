"""The demo catalogue as a dataset folder: photos, products.csv and labels.json."""

import csv
import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np

from hangtag.cli.streams import make_streams_lenient
from hangtag.errors import DataInvalid, LabelSpaceInvalid
from hangtag.label_space import read_label_space
from training.demo.attributes import VERSION, Product, draw_product, label_space
from training.demo.garments import tailor
from training.demo.patterns import weave
from training.demo.photography import take_photo

COLUMNS = ("image", "labels", "product_id", "title", "description")
# What a demo catalogue has; a folder with anything else is not replaced.
_FILES = {"images", "labels.json", "products.csv"}
JPEG_QUALITIES = (80, 96)
PRODUCTS_PER_TASK = 8

Row = tuple[str, ...]


def render_catalogue(
    folder: Path,
    *,
    products: int = 600,
    seed: int = 7,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Render a dataset folder of made-up products; the same arguments give the same bytes.

    The folder appears, or replaces an earlier dataset, only when it is complete.

    Parameters
    ----------
    folder : where the dataset goes
    products : number of products, each with one to three photos
    seed : picks the products and everything about their photos
    on_progress : called with the number of products rendered so far

    Raises
    ------
    ValueError : if `products` is below 1.
    DataInvalid : if `folder` holds something other than a demo catalogue.
    """
    if products < 1:
        raise ValueError(f"products must be at least 1, got {products}")
    if _is_in_use(folder):
        raise DataInvalid(f"{folder} is not empty and not a demo catalogue; choose another folder.")
    partial_folder = _sibling(folder, "partial")
    _remove(partial_folder)
    (partial_folder / "images").mkdir(parents=True)
    rows = _render_products(partial_folder / "images", products, seed, on_progress)
    _write_csv(partial_folder / "products.csv", rows)
    _write_json(partial_folder / "labels.json")
    _replace(folder, partial_folder)


def _is_in_use(folder: Path) -> bool:
    if not folder.exists():
        return False
    if not folder.is_dir():
        return True
    # Hidden files are the system's, such as .DS_Store.
    found = {path.name for path in folder.iterdir() if path.name[0] != "."}
    return bool(found - _FILES) or (bool(found) and not _is_demo(folder))


def _is_demo(folder: Path) -> bool:
    try:
        return read_label_space(folder / "labels.json").version == VERSION
    except LabelSpaceInvalid:
        return False


def _sibling(folder: Path, state: str) -> Path:
    return folder.with_name(f".{folder.name}.{state}")


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _replace(folder: Path, finished: Path) -> None:
    # A rename cannot replace a folder that is not empty, so the old one steps aside first.
    replaced = _sibling(folder, "replaced")
    _remove(replaced)
    if folder.exists():
        folder.rename(replaced)
    finished.rename(folder)
    _remove(replaced)


def _render_products(
    images: Path, products: int, seed: int, on_progress: Callable[[int], None] | None
) -> list[Row]:
    rows: list[Row] = []
    render = partial(_render_product, images, seed)
    # Closed at once when on_progress raises, so that no process goes on rendering.
    with closing(_in_processes(render, products)) as rendered:
        for done, product_rows in enumerate(rendered, start=1):
            rows.extend(product_rows)
            if on_progress is not None:
                on_progress(done)
    return rows


def _in_processes(
    render: Callable[[int], list[Row]], products: int
) -> Generator[list[Row], None, None]:
    """Yield the rows of each product in order, rendered on all cores."""
    # Spawned, because a fork of a process that runs torch's threads may hang.
    context = multiprocessing.get_context("spawn")
    processes = min(os.cpu_count() or 1, products)
    pool = ProcessPoolExecutor(processes, context, make_streams_lenient)
    try:
        yield from pool.map(render, range(products), chunksize=PRODUCTS_PER_TASK)
    finally:
        pool.shutdown(cancel_futures=True)


def _render_product(images: Path, seed: int, index: int) -> list[Row]:
    """Save the product's photos and return their csv rows."""
    product = draw_product(seed, index)
    sewing, *shoots = np.random.SeedSequence([seed, index]).spawn(1 + product.photo_count)
    rng = np.random.default_rng(sewing)
    layers, fabric = tailor(product, rng), weave(product, rng)
    rows = []
    for view, shoot in enumerate(shoots):
        rng = np.random.default_rng(shoot)
        image = f"{product.index:05d}-{view}.jpg"
        photo = take_photo(layers, fabric, view=view, rng=rng)
        photo.save(images / image, quality=int(rng.integers(*JPEG_QUALITIES)))
        rows.append(_row(product, image))
    return rows


def _row(product: Product, image: str) -> Row:
    labels = "_".join(map(str, product.label_ids))
    return image, labels, product.product_id, product.title, product.description


def _write_csv(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def _write_json(path: Path) -> None:
    text = json.dumps(label_space(), indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
