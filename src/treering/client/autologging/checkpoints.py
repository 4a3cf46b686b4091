"""Checkpoints of a model as artifacts of its run, where and as MLflow keeps them.

checkpoints/latest_checkpoint<suffix>           the best one so far, which the next better one replaces
checkpoints/latest_checkpoint_metrics.json
checkpoints/epoch_<n>/checkpoint<suffix>        or all of them, by epoch or by global step
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from treering.client.artifacts import download_artifacts, upload_tree
from treering.client.autologging.options import Options
from treering.client.autologging.training import Training
from treering.client.runs import active_run, get_run, run_or_start
from treering.core.errors import InvalidInput, NotFound
from treering.core.log import logger

__all__ = ["LATEST_TAG", "Checkpoints", "Rule", "active_training", "download_checkpoint", "upload"]

LATEST_TAG = "mlflow.latest_checkpoint_artifact"
_FOLDER = "checkpoints"


def active_training(name: str) -> Training:
    """What a callback logs to that the user made: the active run, which is started if there is none."""
    return Training(name, Options(), run_or_start(), started=False)


def upload(training: Training, path: Path, folder: str) -> None:
    """Store a file, or what lies in a folder, as artifacts in `folder`. Raises what the store raises."""
    upload_tree(training.store(), path, folder)


@dataclass(frozen=True, slots=True)
class Rule:
    """When a checkpoint is kept.

    Attributes:
        monitor: The metric that says how good a model is.
        mode: Whether `min` or `max` of it is good.
        save_best_only: Keep one, the best by that metric; else all.
        save_weights_only: Leave out the state of the optimizer.
        save_freq: `epoch`, or a number of batches.
    """

    monitor: str = "val_loss"
    mode: str = "min"
    save_best_only: bool = True
    save_weights_only: bool = False
    save_freq: str | int = "epoch"

    def __post_init__(self) -> None:
        """Check `mode`. Raises InvalidInput."""
        if self.save_best_only and self.mode not in {"min", "max"}:
            msg = f"The mode of checkpoints is {self.mode!r}. It says which value of the metric is best: min or max."
            raise InvalidInput(msg)


class Checkpoints:
    """Keeps checkpoints of one training.

    Args:
        suffix: Of the file, such as `.pth`.
    """

    def __init__(self, rule: Rule, suffix: str) -> None:
        self.rule = rule
        self.suffix = f".weights{suffix}" if rule.save_weights_only else suffix
        self.best: float | None = None
        self._said = False

    def offer(
        self, training: Training, epoch: int, step: int, metrics: Mapping[str, float], write: Callable[[Path], None]
    ) -> None:
        """Keep the model as it is now, if the rule wants that.

        Args:
            metrics: What is known of it.
            write: Saves it as a file.
        """
        if self.rule.save_best_only and not self._is_better(metrics):
            return
        prefix = "latest_" if self.rule.save_best_only else ""
        folder = _FOLDER
        if not self.rule.save_best_only:
            folder += f"/epoch_{epoch}" if self.rule.save_freq == "epoch" else f"/global_step_{step}"
        name = f"{prefix}checkpoint{self.suffix}"
        training.tags({LATEST_TAG: f"{folder}/{name}"})
        described = {**metrics, "epoch": epoch, "global_step": step}
        training.json(described, f"{folder}/{prefix}checkpoint_metrics.json")
        training.files(lambda scratch: write(scratch / name), folder)

    def _is_better(self, metrics: Mapping[str, float]) -> bool:
        found = metrics.get(self.rule.monitor)
        if found is None:
            if not self._said:
                self._said = True
                logger.info(
                    "No checkpoint is kept: the best one is wanted by %r, which is not among the metrics (%s).",
                    self.rule.monitor,
                    ", ".join(metrics) or "there are none",
                )
            return False
        if self.best is not None and not (found < self.best if self.rule.mode == "min" else found > self.best):
            return False
        self.best = found
        return True


def download_checkpoint(run_id: str | None, epoch: int | None, global_step: int | None, folder: Path) -> Path:
    """The file of a checkpoint; the latest unless an epoch or a step is given.

    Args:
        run_id: The active run unless given.

    Raises:
        InvalidInput: If both are given, or there is no run to ask.
        NotFound: If the run has no such checkpoint.
    """
    if epoch is not None and global_step is not None:
        msg = "A checkpoint is known by its epoch or by its global step. Give one of them."
        raise InvalidInput(msg)
    current = active_run()
    if run_id is None:
        if current is None:
            msg = "No run is active, so nothing says whose checkpoint is meant. Give its run_id."
            raise InvalidInput(msg)
        run_id = current.info.run_id
    latest = get_run(run_id).data.tags.get(LATEST_TAG)
    if latest is None:
        msg = f"Run {run_id} has no checkpoint: it has no tag {LATEST_TAG}."
        raise NotFound(msg)
    name = latest.rpartition("/")[2]
    path = latest
    if epoch is not None:
        path = f"{_FOLDER}/epoch_{epoch}/{name}"
    elif global_step is not None:
        path = f"{_FOLDER}/global_step_{global_step}/{name}"
    return Path(download_artifacts(run_id=run_id, artifact_path=path, dst_path=str(folder)))
