"""Recipes of published write-ups, trained beside a finished run: same photos, split, backbone."""
