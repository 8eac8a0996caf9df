"""The demo catalogue: rendered product photos with their attributes, as a dataset folder."""

from training.demo.catalogue import render_catalogue

__all__ = ["render_catalogue"]
