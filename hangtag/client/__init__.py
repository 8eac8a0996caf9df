"""The Python client of a tagger's REST contract."""

from hangtag.client.tagger_client import ProblemAnswered, TaggerClient

__all__ = ["ProblemAnswered", "TaggerClient"]
