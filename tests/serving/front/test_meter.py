"""The counts are in the format that Prometheus reads, by its own client."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from toy_servers import Toy


def test_prometheus_understands_the_counts(toy: Toy):
    for _ in range(3):
        toy.post("/v2/models/toy/infer", {})
    toy.get("/nowhere%22else")
    found = {family.name: family for family in text_string_to_metric_families(toy.get("/metrics").data.decode())}
    requests = found["treering_model_requests"]
    mine = [one for one in requests.samples if one.labels["route"] == "/v2/models/{model}/infer"]
    assert [(one.labels["model"], one.labels["version"], one.labels["status"]) for one in mine] == [("toy", "1", "200")]
    assert mine[0].value >= 3
    for name in ("request_seconds", "queue_seconds", "predict_seconds", "batch_requests"):
        family = found[f"treering_model_{name}"]
        assert family.type == "histogram"
        by_labels: dict[tuple[str, ...], list[float]] = {}
        for one in family.samples:
            if one.name.endswith("_bucket"):
                labels = tuple(value for label, value in one.labels.items() if label != "le")
                by_labels.setdefault(labels, []).append(one.value)
        assert by_labels
        assert all(values == sorted(values) for values in by_labels.values())
    assert found["treering_model_workers_ready"].samples[0].value == 1
