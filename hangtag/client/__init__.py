"""The Python client of a tagger's REST contract."""

from hangtag.client.answers import ProblemAnswered
from hangtag.client.async_client import AsyncTaggerClient, Tagged
from hangtag.client.tagger_client import TaggerClient

__all__ = ["AsyncTaggerClient", "ProblemAnswered", "Tagged", "TaggerClient"]
