"""Hangtag: reads product photos and writes attribute tags, without knowing its server."""
