"""The photo: paint, background, light, shadow, noise."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from training.demo.backgrounds import background, cloud
from training.demo.camera import Box, Camera, frame
from training.demo.layers import Layer
from training.demo.outlines import Points
from training.demo.patterns import Fabric, Field, Rgb

SUPERSAMPLING = 3


def take_photo(
    layers: Sequence[Layer], fabric: Fabric, *, view: int, rng: np.random.Generator
) -> Image.Image:
    """Return a photo of the garment; view 0 is the plain front, later ones vary more."""
    camera = frame(layers, view, rng)
    light_deg = rng.uniform(-60, 60)
    garment, alpha = _paint(layers, fabric, camera, light_deg, rng)
    scene = background(camera.width_px, camera.height_px, rng)
    scene *= (1 - _shadow(alpha, camera, light_deg, rng))[..., None]
    scene *= (1 - alpha)[..., None]
    scene += garment
    return _develop(_lit(scene, light_deg, rng), rng)


def _paint(
    layers: Sequence[Layer],
    fabric: Fabric,
    camera: Camera,
    light_deg: float,
    rng: np.random.Generator,
) -> tuple[Rgb, Field]:
    """Return the garment's colours, already weighted by its coverage, and the coverage."""
    size = camera.height_px, camera.width_px
    colours, alpha = np.zeros((*size, 3), np.float32), np.zeros(size, np.float32)
    folds = _folds(camera, rng)
    for layer in layers:
        outlines_px = [camera.project(polygon) for polygon in layer.polygons]
        left, top, right, bottom = box = camera.visible_box(outlines_px)
        if right <= left or bottom <= top:
            continue
        here = np.s_[top:bottom, left:right]
        mask = _coverage(outlines_px, box)
        paint = _cloth(layer, fabric, camera, box, folds[here])
        if layer.material == "fabric":
            paint *= _roundness(mask, camera, light_deg)[..., None]
        weight = (mask * np.float32(layer.opacity))[..., None]
        paint -= colours[here]
        paint *= weight
        colours[here] += paint
        alpha[here] += weight[..., 0] * (1 - alpha[here])
    return colours, alpha


def _cloth(layer: Layer, fabric: Fabric, camera: Camera, box: Box, folds: Field) -> Rgb:
    """Return the layer's colours in a box of pixels; folds bend its pattern and shade it."""
    u, v = camera.unproject(box, layer.grain_deg)
    u, v = u + np.float32(0.06) * (folds - 1), v + np.float32(0.10) * (folds - 1)
    colour = fabric.colour(layer.material, u, v, softness=1 / camera.scale_px)
    return np.asarray(colour * (folds * np.float32(layer.shade))[..., None])


def _coverage(outlines_px: Sequence[Points], box: Box) -> Field:
    """Return the share of each pixel of the box that the outlines cover, in [0, 1]."""
    left, top, right, bottom = box
    canvas = Image.new("L", ((right - left) * SUPERSAMPLING, (bottom - top) * SUPERSAMPLING))
    draw = ImageDraw.Draw(canvas)
    for outline in outlines_px:
        draw.polygon(((outline - (left, top)) * SUPERSAMPLING).ravel().tolist(), fill=255)
    return _shares(canvas.reduce(SUPERSAMPLING))


def _silhouette(coverage: Field) -> Image.Image:
    return Image.fromarray((coverage * 255).astype(np.uint8))


def _shares(grey: Image.Image) -> Field:
    """Return a grey image as shares in [0, 1]."""
    return np.asarray(np.asarray(grey, dtype=np.float32) / np.float32(255))


def _folds(camera: Camera, rng: np.random.Generator) -> Field:
    """Return the light and dark of folds, around 1; folds hang, so they are tall."""
    size = camera.height_px, camera.width_px
    hanging = cloud(size, (3, 11), rng) * np.float32(rng.uniform(0.03, 0.055))
    creases = cloud(size, (13, 9), rng) * np.float32(rng.uniform(0.025, 0.05))
    return np.asarray(np.clip(1 + hanging + creases, 0.82, 1.12))


def _roundness(mask: Field, camera: Camera, light_deg: float) -> Field:
    """Return darker tones towards a panel's edges, most on the side away from the light."""
    radius_px = max(2.0, 0.045 * camera.scale_px)
    margin = int(2 * radius_px)
    soft = _shares(_silhouette(np.pad(mask, margin)).filter(ImageFilter.BoxBlur(radius_px)))
    shift_px = int(np.round(0.5 * radius_px * np.sin(np.radians(light_deg))))
    soft = np.roll(soft, shift_px, axis=1)[margin:-margin, margin:-margin]
    return np.asarray(np.clip(0.62 + 0.40 * soft, 0.6, 1.0))


def _shadow(alpha: Field, camera: Camera, light_deg: float, rng: np.random.Generator) -> Field:
    """Return how dark the garment's shadow makes the background, in [0, 1]."""
    radius_px = rng.uniform(0.02, 0.05) * camera.width_px
    silhouette = _silhouette(alpha)
    right_px = -radius_px * np.sin(np.radians(light_deg))
    cast = silhouette.rotate(0, translate=(round(right_px), round(0.6 * radius_px)))
    soft = _shares(cast.filter(ImageFilter.GaussianBlur(radius_px)))
    contact = _shares(silhouette.filter(ImageFilter.BoxBlur(2)))
    depth = np.float32(rng.uniform(0.25, 0.45))
    return np.asarray(np.minimum(depth * soft + np.float32(0.25) * contact, 0.7))


def _lit(photo: Rgb, light_deg: float, rng: np.random.Generator) -> Rgb:
    """Put the photo under a lamp from one side, slightly warm or cool, and return it."""
    height_px, width_px = photo.shape[:2]
    to_side = np.float32(np.sin(np.radians(light_deg)))
    side = np.linspace(-to_side, to_side, width_px, dtype=np.float32)
    above = np.linspace(0.5, -0.5, height_px, dtype=np.float32)
    falloff = 1 + np.float32(rng.uniform(0.02, 0.06)) * (side[None, :] + above[:, None])
    warmth = rng.normal(0, 0.018)
    temperature = np.array([1 + warmth, 1.0, 1 - warmth]) * rng.uniform(0.95, 1.03)
    photo *= falloff[..., None]
    photo *= temperature.astype(np.float32)
    return photo


def _develop(photo: Rgb, rng: np.random.Generator) -> Image.Image:
    """Return the photo as the sensor and the lens leave it; what is given is used up."""
    grain = rng.standard_normal(photo.shape[:2], dtype=np.float32)[..., None]
    photo *= 255
    photo += grain * np.float32(rng.uniform(0.8, 3.0))
    image = Image.fromarray(np.clip(photo, 0, 255, out=photo).astype(np.uint8))
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.7)))
