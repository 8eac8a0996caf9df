"""What Prometheus reads: every request by outcome, what the tagger saw, and how the house is."""

from collections.abc import Callable, Iterable
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hangtag.bundle import ReferenceDistribution
from hangtag.handover import OK, Measured
from hangtag.label_space import LabelSpace
from hangtag.scoring.decisions import Decision

# What is looked at only when Prometheus asks.
WATCHED = {
    "hangtag_workers_ready": "Workers that have loaded the model.",
    "hangtag_workers_wanted": "Workers that shall have.",
    "hangtag_worker_restarts_total": "Workers that were started anew because they had died.",
    "hangtag_waiting": "Requests that wait for a worker.",
    "hangtag_in_flight": "Requests that the backend has.",
    "hangtag_held_bytes": "Of bodies, while they arrive, wait and are worked on.",
    "hangtag_connections": "Open connections of the API.",
    "hangtag_connections_limit": "How many there may be.",
    "hangtag_lost_log_lines_total": "Lines that could not be written, for want of space.",
}
_MODEL = ("model_name", "model_version")
_NONE = ("none", "none")
_DECISIONS = get_args(Decision)
# What is the service's fault, and never the caller's: these begin at zero, since a counter that is
# born with its first error hides that error (rates need two values).
_OUR_FAULT = (
    ("500", "internal"),
    ("503", "overloaded"),
    ("503", "worker_lost"),
    ("504", "deadline_exceeded"),
)


class Metrics:
    """The metrics of one edge, in a registry of its own."""

    def __init__(self, model_name: str, model_version: str) -> None:
        self.registry = CollectorRegistry()
        self._model = (model_name, model_version)
        self._answers = self._counter(
            "hangtag_answers",
            "Requests that were answered, pings left out; outcome: ok, client_left (status 499), "
            "caller_deadline (the caller's own, shorter limit), or the code of the problem.",
            *_MODEL,
            "status",
            "outcome",
        )
        self._answer_seconds = self._histogram(
            "hangtag_answer_seconds",
            "From a request's last byte to its answer; those that were answered with tags.",
            *_MODEL,
        ).labels(*self._model)
        self._queue_seconds = self._histogram(
            "hangtag_queue_seconds", "Until a worker took the request, or it left.", *_MODEL
        ).labels(*self._model)
        self._requests = self._counter(
            "hangtag_requests", "Requests that a worker answered.", "model_name", "outcome"
        )
        self._photos = self._counter(
            "hangtag_photos", "Photos that were decoded, or why not.", "model_name", "outcome"
        )
        self._tags = self._counter(
            "hangtag_tags", "Decisions on groups.", "model_name", "group", "decision"
        )
        self._score = self._histogram(
            "hangtag_score", "The best score of each group, in [0, 1].", "model_name", "group"
        )
        self._decode_seconds = self._of_model("hangtag_decode_seconds", "Of each photo.")
        self._inference_seconds = self._of_model("hangtag_inference_seconds", "Of each batch.")
        self._decision_seconds = self._of_model("hangtag_decision_seconds", "Of each batch.")
        for status, outcome in (("200", OK), *_OUR_FAULT):
            self._answers.labels(*self._model, status, outcome)

    def begin(self, label_space: LabelSpace, profile: ReferenceDistribution | None) -> None:
        """Report what is known before the first request.

        What training expects, and a zero for each decision, since a decision that is never taken
        must show as a share of none.
        """
        name = self._model[0]
        for group in label_space.groups:
            for decision in _DECISIONS:
                self._tags.labels(name, group.name, decision)
        if profile is None:
            return
        score = Gauge(
            "hangtag_profile_score",
            "The mean best score of test photos in training.",
            ("model_name", "group"),
            registry=self.registry,
        )
        share = Gauge(
            "hangtag_profile_share",
            "The share of each decision among test photos in training.",
            ("model_name", "group", "decision"),
            registry=self.registry,
        )
        for each in profile.groups:
            score.labels(name, each.group).set(each.mean_best_score)
            for decision in _DECISIONS:
                share.labels(name, each.group, decision).set(each.shares.get(decision, 0.0))

    def answered(self, status: int, outcome: str, seconds: float | None, *, by_model: bool) -> None:
        """Count an answer; `seconds` are None where it was refused before it had arrived."""
        model = self._model if by_model else _NONE
        self._answers.labels(*model, str(status), outcome).inc()
        # What is refused at once would make the rest look fast.
        if status < 400 and seconds is not None:
            self._answer_seconds.observe(seconds)

    def waited(self, seconds: float) -> None:
        """Count how long a request waited for a worker."""
        self._queue_seconds.observe(seconds)

    def measured(self, measured: Measured) -> None:
        """Count what a worker says of an answer."""
        name = self._model[0]
        self._requests.labels(name, measured.outcome).inc()
        for outcome, count in measured.photos.items():
            self._photos.labels(name, outcome).inc(count)
        for seconds in measured.decode_seconds:
            self._decode_seconds.observe(seconds)
        if measured.inference_seconds > 0:
            self._inference_seconds.observe(measured.inference_seconds)
            self._decision_seconds.observe(measured.decision_seconds)
        for group, said in measured.groups.items():
            self._tags.labels(name, group, said.decision).inc()
            if said.best_score is not None:
                self._score.labels(name, group).observe(said.best_score)

    def watch(self, name: str, value: Callable[[], float]) -> None:
        """Show one of `WATCHED` as a function has it whenever Prometheus asks."""
        self.registry.register(_Watched(name, value, self._model))

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(name, help_text, labels, registry=self.registry)

    def _histogram(self, name: str, help_text: str, *labels: str) -> Histogram:
        return Histogram(name, help_text, labels, registry=self.registry)

    def _of_model(self, name: str, help_text: str) -> Histogram:
        return self._histogram(name, help_text, "model_name").labels(self._model[0])


class _Watched(Collector):
    """A gauge, or a counter where the name ends as one."""

    def __init__(self, name: str, value: Callable[[], float], model: tuple[str, str]) -> None:
        self._name, self._value, self._model = name, value, model

    def collect(self) -> Iterable[Metric]:
        kind = CounterMetricFamily if self._name.endswith("_total") else GaugeMetricFamily
        family = kind(self._name, WATCHED[self._name], labels=_MODEL)
        family.add_metric(self._model, self._value())
        return [family]
