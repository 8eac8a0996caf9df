"""A run: its folder, its lock, its sequence."""
