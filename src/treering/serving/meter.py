"""What a model server counts, in Prometheus' format."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from treering.serving.counts import exposition

__all__ = ["CONTENT_TYPE", "Meter"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Meter:
    """The counters of one server; safe to use from any thread."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "treering_model_requests", "Requests answered.", ["route", "status"], registry=self._registry
        )
        self._latency = Histogram(
            "treering_model_request_seconds",
            "Time from a request's head to its answer.",
            ["route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._predict = Histogram(
            "treering_model_predict_seconds",
            "Time that the model itself took.",
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self.in_flight = Gauge(
            "treering_model_requests_in_flight",
            "Requests being answered now.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request. `route` is one of a few names, never what a client wrote."""
        self._requests.labels(route, str(status)).inc()
        self._latency.labels(route).observe(seconds)

    def predicted(self, seconds: float) -> None:
        """Note how long the model took."""
        self._predict.observe(seconds)

    def text(self) -> bytes:
        """Everything counted so far."""
        return exposition(self._registry)
