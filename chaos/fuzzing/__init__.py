"""Hostile requests: how they are drawn, judged, made smaller and kept."""
