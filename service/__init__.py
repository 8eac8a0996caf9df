"""The edge: the API that callers meet, in front of whatever runs the tagger."""
