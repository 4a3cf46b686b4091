"""Models with evaluations, put straight into the store: what a gate reads, without the training before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import treering
from treering.client.session import session
from treering.entities.evaluation import Evaluation
from treering.evaluation.judging import DIRECTIONS, metrics_of
from treering.evaluation.record import RECORD_PATH, ROWS_PATH, to_json
from treering.evaluation.rows import classified, to_bytes

ROWS = 600


def evaluated(right: float, *, name: str = "", digest: str = "d1", seed: int = 1, record: bool = True) -> str:
    """A run of a model that is right on that share of the rows; its URI, or that of the version `name` gets."""
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 2, ROWS)
    # The better model is wrong on some of the rows that the worse one is wrong on: as models on the same data are.
    order = np.random.default_rng(seed).permutation(ROWS)
    wrong = order[: round(ROWS * (1 - right))]
    said = truth.copy()
    said[wrong] = 1 - said[wrong]
    rows, _ = classified(truth, said)
    with treering.start_run(run_name=f"right {right:.2f}") as run:
        treering.log_param("right", right)
        model = treering.initialize_logged_model("model", source_run_id=run.info.run_id)
        if record:
            about = Evaluation(
                model_uri=f"models:/{model.model_id}",
                model_id=model.model_id,
                model_type="classifier",
                dataset_name="held out",
                dataset_digest=digest,
                rows=ROWS,
                metrics=metrics_of(rows),
                run_id=run.info.run_id,
                created=run.info.start_time,
                greater_is_better=dict(DIRECTIONS),
            )
            treering.log_text(to_json(about), RECORD_PATH)
            store = session().place.services().open_artifacts(run.info.artifact_uri)
            store.write(ROWS_PATH, [to_bytes(replace(rows, dataset_digest=digest))])
        treering.log_outputs(models=[treering.entities.LoggedModelOutput(model.model_id, 0)])
    treering.finalize_logged_model(model.model_id, "READY")
    treering.flush()
    if not name:
        return f"runs:/{run.info.run_id}"
    version = treering.register_model(f"models:/{model.model_id}", name)
    return f"models:/{name}/{version.version}"
