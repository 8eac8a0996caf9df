"""Hangtag: reads product photos and writes attribute tags, without knowing its server."""

from hangtag.telemetry import switch_off_telemetry

switch_off_telemetry()

__version__ = "0.1.0"
