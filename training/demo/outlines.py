"""Outlines in garment coordinates: x to the right from the middle, y down from the shoulder."""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""Float64 array of shape (N, 2)."""

Xy = tuple[float, float] | Points
"""One point, x and y."""


def line(*corners: Xy) -> Points:
    """Return the corners as an outline."""
    return np.array(corners, dtype=np.float64)


def curve(start: Xy, control: Xy, end: Xy, steps: int = 14) -> Points:
    """Return a quadratic Bezier curve as `steps` points."""
    t = np.linspace(0.0, 1.0, steps)[:, None]
    a, b, c = line(start, control, end)
    return np.asarray((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c)


def join(*pieces: Points) -> Points:
    """Return one outline of several pieces, end to start."""
    return np.vstack(pieces)


def mirrored(outline: Points) -> Points:
    """Return the outline on the other side of the middle."""
    return np.asarray(outline * (-1.0, 1.0))


def symmetric(right_half: Points) -> Points:
    """Return the closed outline whose right half is given from the top middle to the bottom."""
    return join(right_half, mirrored(right_half)[::-1])


def moved(outline: Points, right: float, down: float) -> Points:
    """Return the outline, or a single point, shifted."""
    return np.asarray(outline + np.array([right, down]))


def both_sides(outline: Points) -> tuple[Points, Points]:
    """Return the outline and its mirror image."""
    return outline, mirrored(outline)


def ribbon(path: Points, width: float) -> Points:
    """Return the outline of a band of the given width along a path."""
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    across = along[:, ::-1] * (-width / 2, width / 2)
    return join(path + across, (path - across)[::-1])


def disc(x: float, y: float, radius: float) -> Points:
    """Return a circle as a polygon of 16 corners."""
    angle = np.linspace(0.0, 2 * np.pi, 16, endpoint=False)
    return np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])


def box(x: float, y: float, width: float, height: float) -> Points:
    """Return a rectangle around its middle."""
    left, right, top, bottom = x - width / 2, x + width / 2, y - height / 2, y + height / 2
    return line((left, top), (right, top), (right, bottom), (left, bottom))


def closed(outline: Points) -> Points:
    """Return the outline with its first point repeated at the end."""
    return join(outline, outline[:1])
