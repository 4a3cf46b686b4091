"""A store with one of everything that can be exchanged."""

from __future__ import annotations

from treering.assembly import Services
from treering.core.uri import join
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.lifecycle import LoggedModelStatus, RunStatus
from treering.entities.metric import Metric, MetricColumns
from treering.entities.run import LogBatch, ModelInput, ModelOutput, NewRun
from treering.registry.base import NewModelVersion
from treering.tracking.base import NewLoggedModel

__all__ = ["furnish"]

ODD = [float("nan"), float("inf"), float("-inf"), 0.1 + 0.2, -0.0, 5e-324]


def furnish(services: Services) -> str:
    """Fill the store; the id of the run that has most of it."""
    tracking, registry = services.tracking, services.registry
    trees = tracking.experiments.create("trees", tags={"team": "forest", "a/b": "nested"})
    run = tracking.runs.create(
        NewRun(trees.experiment_id, run_name="grow ü", user_id="ada", start_time=1_700_000_000_000)
    )
    run_id = run.info.run_id
    model = tracking.models.create(
        NewLoggedModel(trees.experiment_id, "forest", "sklearn", run_id, {"p": "1"}, {"kind": "random"})
    )
    read = tracking.models.create(NewLoggedModel(trees.experiment_id, "seed"))
    data = Dataset("iris", "abc123", "code", "{}", '{"x": 1}', '{"rows": 150}')
    series = {
        "loss": MetricColumns(range(6), range(1_700_000_000_000, 1_700_000_000_006), ODD),
        "deep/one": MetricColumns([-4, -4], [7, 8], [1.5, 1.5]),
        "curve": MetricColumns(range(3000), range(3000), [step * 0.5 for step in range(3000)]),
    }
    tracking.runs.log(
        [
            LogBatch(
                run_id,
                {"depth": "3", "text": "a\nb  ", "empty": "", "deep/param": "x", "form": "=1+1"},
                {"colour": "red ü", "mlflow.note.content": "# Title\r\n- point"},
                series,
                [Metric("accuracy", 0.75, 5, 1, model.model_id, "iris", "abc123", run_id)],
                [DatasetInput(data, {"mlflow.data.context": "train"})],
                [ModelInput(read.model_id)],
                [ModelOutput(model.model_id, 2)],
            )
        ]
    )
    services.open_artifacts(run.info.artifact_uri).write("nested/config.json", [b"{}"])
    services.open_artifacts(run.info.artifact_uri).write("note ü.txt", [b"hello\n"])
    services.open_artifacts(model.artifact_uri).write("MLmodel", [b"flavors: {}\n"])
    tracking.models.finalize(model.model_id, LoggedModelStatus.READY)
    tracking.models.finalize(read.model_id, LoggedModelStatus.FAILED)
    tracking.runs.update(run_id, RunStatus.FINISHED, 1_700_000_009_000)
    running = tracking.runs.create(NewRun(trees.experiment_id, run_name="still at it"))
    tracking.runs.log([LogBatch(running.info.run_id, tags={"mlflow.parentRunId": run_id})])
    failed = tracking.runs.create(NewRun(trees.experiment_id, run_name="failed"))
    tracking.runs.update(failed.info.run_id, RunStatus.FAILED, 1_800_000_000_000)
    tracking.runs.delete(failed.info.run_id)
    gone = tracking.experiments.create("gone", tags={"why": "old"})
    lost = tracking.runs.create(NewRun(gone.experiment_id, run_name="lost"))
    services.open_artifacts(lost.info.artifact_uri).write("kept.bin", [bytes(range(256))])
    tracking.runs.log([LogBatch(lost.info.run_id, {"x": "1"}, {}, {"y": MetricColumns([0], [1], [2.0])})])
    tracking.experiments.delete(gone.experiment_id)
    registry.models.create("forest", "many trees", {"a": "b"})
    for source in (join(run.info.artifact_uri, "nested"), f"models:/{model.model_id}", model.artifact_uri):
        registry.versions.create(NewModelVersion("forest", source, run_id, description="d", tags={"t": "v"}))
    registry.versions.delete("forest", 2)
    registry.versions.transition("forest", 3, "Production")
    registry.models.set_alias("forest", "best", 1)
    return run_id
