"""Runs a bundle's network: uint8 photos in, logits and embeddings out.

One interface, `Engine`, over the fastest runtime of each kind of hardware; `load_engine` chooses.
"""

from hangtag.engine.choice import DECIDED_PRECISION, load_engine, supported_precisions
from hangtag.engine.interface import Engine, EngineOutput, Precision

__all__ = [
    "DECIDED_PRECISION",
    "Engine",
    "EngineOutput",
    "Precision",
    "load_engine",
    "supported_precisions",
]
