"""What a batch did -> Prometheus metrics, as declared in serve_config/metrics.yaml."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, get_args

from ts.metrics.metric_type_enum import MetricTypes

from hangtag.bundle import ReferenceDistribution
from hangtag.label_space import LabelSpace
from hangtag.schema import Problem, TagResponse
from hangtag.scoring.decisions import Decision
from hangtag.tagger import BatchMeasurements

_COUNTERS = ("hangtag_requests_total", "hangtag_photos_total", "hangtag_tags_total")
_HISTOGRAMS = (
    "hangtag_decode_seconds",
    "hangtag_inference_seconds",
    "hangtag_decision_seconds",
    "hangtag_score",
)
_GAUGES = ("hangtag_profile_score", "hangtag_profile_share")
_DECISIONS = get_args(Decision)


class Measurements:
    """The tagger's metrics in TorchServe's cache; a missing declaration fails at start."""

    def __init__(self, cache: Any, model_name: str) -> None:
        self._model_name = model_name
        self._metrics = {
            **{name: cache.get_metric(name, MetricTypes.COUNTER) for name in _COUNTERS},
            **{name: cache.get_metric(name, MetricTypes.HISTOGRAM) for name in _HISTOGRAMS},
            **{name: cache.get_metric(name, MetricTypes.GAUGE) for name in _GAUGES},
        }

    def begin(self, label_space: LabelSpace, profile: ReferenceDistribution | None) -> None:
        """Report what is known before the first request.

        What training expects, and a zero for each decision, since a decision that is never taken
        must show as a share of none.
        """
        for group in label_space.groups:
            for decision in _DECISIONS:
                self._add("hangtag_tags_total", 0, group.name, decision)
        for each in profile.groups if profile else ():
            self._add("hangtag_profile_score", each.mean_best_score, each.group)
            for decision in _DECISIONS:
                share = each.shares.get(decision, 0.0)
                self._add("hangtag_profile_share", share, each.group, decision)

    def report(self, answers: Sequence[TagResponse | Problem], measured: BatchMeasurements) -> None:
        """Report one batch.

        TorchServe carries each value as a line of text, so values that can be added up are, before
        they are sent.
        """
        for outcome, count in Counter(_outcome(answer) for answer in answers).items():
            self._add("hangtag_requests_total", count, outcome)
        for outcome, count in Counter(measured.photo_outcomes).items():
            self._add("hangtag_photos_total", count, outcome)
        for seconds in measured.decode_seconds:
            self._add("hangtag_decode_seconds", seconds)
        if measured.inference_seconds > 0:
            self._add("hangtag_inference_seconds", measured.inference_seconds)
            self._add("hangtag_decision_seconds", measured.decision_seconds)
        self._report_decisions([each for each in answers if isinstance(each, TagResponse)])

    def _report_decisions(self, answers: Sequence[TagResponse]) -> None:
        groups = [pair for answer in answers for pair in answer.groups.items()]
        decisions = Counter((name, group.decision) for name, group in groups)
        for (name, decision), count in decisions.items():
            self._add("hangtag_tags_total", count, name, decision)
        for name, group in groups:
            if group.candidates:
                self._add("hangtag_score", group.candidates[0].score, name)

    def _add(self, name: str, value: float, *dimensions: str) -> None:
        values = [_as_dimension(text) for text in (self._model_name, *dimensions)]
        self._metrics[name].add_or_update(round(value, 6), values)


def _as_dimension(text: str) -> str:
    # These separate the fields of the line that carries the metric to TorchServe's frontend.
    return text.translate(str.maketrans(":,|#\n", "_____"))


def _outcome(answer: TagResponse | Problem) -> str:
    return answer.code if isinstance(answer, Problem) else "ok"
