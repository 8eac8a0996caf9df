"""The names of all that the edge tells Prometheus."""

from service.metrics import WATCHED, Metrics

_ENDINGS = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",), "gauge": ("",)}
# Only with a bundle that has a profile.
_OF_PROFILES = {"hangtag_profile_score", "hangtag_profile_share"}


def declared_metrics() -> set[str]:
    families = Metrics("tagger", "1.0").registry.collect()
    names = {each.name + ending for each in families for ending in _ENDINGS[each.type]}
    return names | _OF_PROFILES | WATCHED.keys()
