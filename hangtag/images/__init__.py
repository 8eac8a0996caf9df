"""Photo bytes to pixels: formats, limits, orientation, colour."""
