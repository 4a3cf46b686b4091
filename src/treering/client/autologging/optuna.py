"""Optuna: a run for each study, and below it one for each trial, in which whatever the objective trains is logged.

Names of a trial's metric and tags are those of Optuna's own callback for MLflow.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import optuna

from treering.client.autologging.guard import ANYTHING, attempt
from treering.client.autologging.patches import Call, Patches
from treering.client.autologging.training import AUTOLOGGING_TAG, Training
from treering.client.runs import ActiveRun, active_run, end_run, start_run
from treering.entities.lifecycle import RunStatus

__all__ = ["install"]


def install(patches: Patches) -> None:
    """Wrap the search; trials that are asked for and told by hand are not seen."""
    patches.training(optuna.Study, "optimize", _optimize, allows=(ANYTHING,))


def _optimize(call: Call) -> Iterator[None]:
    training, study, arguments = call.training, call.instance, call.arguments()
    directions = [one.name.lower() for one in study.directions]
    training.params(
        {
            "study_name": study.study_name,
            "directions": ",".join(directions),
            "sampler": type(study.sampler).__name__,
            "pruner": type(study.pruner).__name__,
            "n_trials": arguments.get("n_trials"),
            "timeout": arguments.get("timeout"),
        }
    )
    call.set("func", _logged(arguments["func"], training))
    yield
    complete = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    training.metrics({"trials": len(study.get_trials(deepcopy=False)), "complete_trials": len(complete)})
    if complete and len(directions) == 1:
        best = study.best_trial
        training.metrics({f"best_{call.options.own['metric_name']}": best.value, "best_trial": best.number})
        training.params({f"best_{name}": value for name, value in best.params.items()})


def _logged(objective: Callable[[Any], Any], training: Training) -> Callable[[Any], Any]:
    """The objective, with a run around each trial; in whatever thread Optuna calls it."""

    @functools.wraps(objective, updated=())
    def trial_in_a_run(trial: Any) -> Any:
        run: ActiveRun | None = None
        with training.attempt("starting the run of a trial"):
            run = start_run(
                run_name=str(trial.number),
                nested=True,
                parent_run_id=training.run_id,
                tags={AUTOLOGGING_TAG: training.name, **(training.options.extra_tags or {})},
            )
        if run is None:
            return objective(trial)
        status, values = RunStatus.FAILED, None
        try:
            values = objective(trial)
            status = RunStatus.FINISHED
        except optuna.TrialPruned:
            status = RunStatus.KILLED
            raise
        finally:
            with training.attempt("the end of a trial"):
                _finish(Training(training.name, training.options, run, started=False), trial, status, values)
        return values

    return trial_in_a_run


_STATES = {RunStatus.FINISHED: "COMPLETE", RunStatus.KILLED: "PRUNED", RunStatus.FAILED: "FAIL"}


def _finish(log: Training, trial: Any, status: RunStatus, values: Any) -> None:
    name = str(log.options.own["metric_name"])
    several = values if isinstance(values, list | tuple) else [values]
    keys = [name] if len(several) == 1 else [f"{name}_{index}" for index in range(len(several))]
    log.metrics({key: value for key, value in zip(keys, several, strict=True) if value is not None})
    with attempt("optuna: intermediate values"):
        for step, value in sorted(trial.storage.get_trial(trial._trial_id).intermediate_values.items()):  # noqa: SLF001  # the trial itself does not tell
            log.metrics({"intermediate_value": value}, step)
    log.params(trial.params)
    tags = {
        "number": trial.number,
        "datetime_start": trial.datetime_start,
        "state": f"TrialState.{_STATES[status]}",
        "direction": [one.name for one in trial.study.directions],
        **trial.user_attrs,
        **{f"{key}_distribution": value for key, value in trial.distributions.items()},
    }
    log.tags(tags)
    # What the objective left open of its own runs ends with the trial.
    while active_run() is not None:
        mine = active_run() is log.run
        end_run(status)
        if mine:
            break
