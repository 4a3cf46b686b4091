"""All counts of a server, in Prometheus' format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from treering.serving.front.meter import Histogram, lines_of

if TYPE_CHECKING:
    from treering.serving.front.engine import Engine
    from treering.serving.front.lanes import Lane

__all__ = ["exposition"]

Labels = dict[str, str]


def exposition(engine: Engine) -> bytes:
    """Everything counted so far."""
    lines: list[str] = []
    name = "treering_model_"
    lines += lines_of(f"{name}requests_total", "counter", "Requests answered.", _requests(engine))
    lines += lines_of(
        f"{name}request_seconds", "histogram", "Time from a request's body to its answer.", _seconds(engine)
    )
    lanes = [(_lane(lane), lane) for lane in engine.dispatcher.lanes.values()]
    for metric, text, histograms in (
        ("queue_seconds", "Time that requests waited for a worker.", [(at, lane.counts.waited) for at, lane in lanes]),
        ("predict_seconds", "Time that a worker had a group.", [(at, lane.counts.predicted) for at, lane in lanes]),
        (
            "batch_requests",
            "Requests that went to a worker together.",
            [(at, lane.counts.requests) for at, lane in lanes],
        ),
    ):
        lines += lines_of(name + metric, "histogram", text, histograms)
    for metric, kind, text, numbers in (
        ("rows_total", "counter", "Rows predicted.", [(at, float(lane.counts.rows)) for at, lane in lanes]),
        ("rejected_total", "counter", "Requests told 429.", [(at, float(lane.rejected)) for at, lane in lanes]),
        ("queue_length", "gauge", "Requests that wait now.", [(at, float(len(lane.queue))) for at, lane in lanes]),
        ("requests_in_flight", "gauge", "Requests being answered now.", [({}, float(engine.dispatcher.in_flight))]),
        ("workers_ready", "gauge", "Processes that answer.", [({}, float(engine.ready_workers))]),
        ("worker_restarts_total", "counter", "Workers that were replaced.", [({}, float(engine.restarts))]),
    ):
        lines += lines_of(name + metric, kind, text, numbers)
    lines += _traffic(engine)
    return ("\n".join(lines) + "\n").encode()


def _traffic(engine: Engine) -> list[str]:
    name = "treering_model_"
    split: list[tuple[Labels, float]] = []
    agreement: list[tuple[Labels, float]] = []
    dropped: list[tuple[Labels, float]] = []
    router = engine.traffic.router
    for endpoint in router.endpoints():
        known = router.endpoint(endpoint)
        split += [({"endpoint": endpoint, "variant": variant}, share) for variant, share in known.shares().items()]
        for shadow, told in known.copies.told().items():
            labels = {"endpoint": endpoint, "variant": shadow}
            dropped.append((labels, float(told["dropped"])))
            if told["agreement"] is not None:
                agreement.append((labels, told["agreement"]))
    events = [
        ({"endpoint": endpoint, "kind": kind}, float(times))
        for (endpoint, kind), times in sorted(engine.traffic.events.items())
    ]
    kept = [({"state": state}, float(count)) for state, count in engine.kept_counts().items()]
    lines: list[str] = []
    for metric, kind, text, rows in (
        ("traffic_share", "gauge", "Share of the requests that a variant gets.", split),
        ("traffic_events_total", "counter", "Canaries and bandits that moved, and others.", events),
        ("shadow_dropped_total", "counter", "Copies for shadows for which there was no room.", dropped),
        ("shadow_agreement", "gauge", "Share of the copies that were answered alike.", agreement),
        ("prediction_log_answers", "gauge", "Answers that were to be kept, by what became of them.", kept),
    ):
        lines += lines_of(name + metric, kind, text, rows) if rows else []
    return lines


def _lane(lane: Lane) -> Labels:
    return {"lane": lane.name}


def _requests(engine: Engine) -> Iterator[tuple[Labels, float]]:
    for target in engine.targets():
        labels = {
            "route": target.label, "model": target.model, "version": target.version, "variant": target.variant,
        }  # fmt: skip
        for status, times in sorted(target.statuses.items()):
            yield {**labels, "status": str(status)}, float(times)
    for (route, status), times in sorted(engine.plain.items()):
        yield {"route": route, "model": "", "version": "", "variant": "", "status": str(status)}, float(times)


def _seconds(engine: Engine) -> Iterator[tuple[Labels, Histogram]]:
    for target in engine.targets():
        if target.statuses:
            yield {
                "route": target.label, "model": target.model, "version": target.version, "variant": target.variant,
            }, target.seconds  # fmt: skip
