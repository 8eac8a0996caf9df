"""Logits to scores, tags, decisions and sets."""
