"""Generated experiments, runs, files and models, logged through a server's own API."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from ui.site_captured import captured
from ui.site_files import media_files, run_files, small_files
from ui.site_judged import fill_judged
from ui.site_models import fill_models, model_files
from ui.site_server import Caller, columns

__all__ = ["Site", "fill"]

STEPS = 300
HOUR = 3_600_000
WORDS = ("swift-carp", "calm-hare", "bold-lynx", "quiet-owl", "lucky-fox", "brisk-wren")
NOTE = """# A grid over `lr`

Best so far: **3e-4** with *adamw*.

| lr | val/acc |
|---|---|
| 3e-4 | 0.91 |
| 1e-3 | 0.88 |

- [x] first pass
- [ ] longer training

See [the paper](https://arxiv.org/abs/1512.03385).
"""


class Site(NamedTuple):
    """Where the server is, and what lies in it."""

    url: str
    experiment_id: str
    empty_id: str
    run_id: str
    """Has files of all kinds."""
    parent_id: str
    model_run_id: str
    more_run_ids: Sequence[str]
    """Two more runs with some of the same files, to compare."""
    llm_id: str
    wide_id: str
    live_run_id: str
    diverged_run_id: str
    logged_model_id: str


def fill(url: str, count: int = 40) -> Site:
    """Log `count` runs with curves into one experiment, and a few of each other kind into others."""
    call = Caller(url)
    chance = random.Random(7)
    experiment = call("experiments", {"name": "cifar10-resnet", "tags": {"team": "vision"}})["experiment_id"]
    empty = call("experiments", {"name": "empty"})["experiment_id"]
    llm = call("experiments", {"name": "llm-finetune", "tags": {"stage": "draft"}})["experiment_id"]
    start = int(time.time() * 1000) - HOUR
    apart = 60_000 * 40 // max(count, 40)
    runs = [_training_run(call, experiment, number, start + number * apart, chance) for number in range(count)]
    parent = call("runs", {"experiment_id": experiment, "run_name": "sweep-1", "user_id": "ada", "start_time": start})
    parent_id = parent["run_id"]
    call.log(parent_id, params={"search": "grid"}, tags={"mlflow.note.content": "A grid over lr.\nBest: 3e-4."})
    for number in range(3):
        _training_run(call, experiment, 50 + number, start + 5_000, chance, parent_id)
    # The last training run and the children are still running.
    for run in [*runs, parent_id][:-2]:
        status = "FAILED" if len(runs) > 5 and run == runs[5] else "FINISHED"
        call(f"runs/{run}", {"status": status, "end_time": start + 3_000_000}, "PATCH")
    _files(call, experiment, runs)
    _first_models(call, runs)
    logged = fill_models(call, experiment, runs, start)
    fill_judged(call, experiment, runs[3])
    live, diverged = _language_models(call, llm, start)
    wide = _wide(call, start)
    _deleted(call, start)
    return Site(
        url, experiment, empty, runs[0], parent_id, runs[0], runs[1:3], llm, wide, live, diverged, logged
    )  # fmt: skip


def _training_run(
    call: Caller, experiment: str, number: int, start: int, chance: random.Random, parent: str = ""
) -> str:
    name = f"{WORDS[number % 6]}-{number}"
    tags = {"mlflow.parentRunId": parent} if parent else {}
    made = {"experiment_id": experiment, "run_name": name, "user_id": "ada", "start_time": start, "tags": tags}
    run_id = str(call("runs", made)["run_id"])
    rate = (3e-4, 1e-3, 1e-4)[number % 3]
    params = {
        "lr": str(rate),
        "optimizer": ("adamw", "adam", "sgd")[number % 3],
        "depth": str(18 + 16 * (number % 4)),
        "batch_size": "128",
    }
    pace, floor = 40 + chance.random() * 120, 0.25 + chance.random() * 0.4
    loss = [floor + 2.3 * math.exp(-step / pace) + chance.gauss(0, 0.01) for step in range(STEPS)]
    series = {
        "val/loss": loss,
        "val/acc": [max(0.0, 0.98 - value / 3.2 + chance.gauss(0, 0.004)) for value in loss],
        "train/loss": [value * 0.9 + chance.gauss(0, 0.02) for value in loss],
        "train/lr": [rate * (1 + math.cos(math.pi * step / STEPS)) / 2 for step in range(STEPS)],
        "test/auc": [0.9 + chance.random() / 12],
        "system/gpu_percent": [70 + 12 * math.sin(step / 25 + number) + chance.random() * 4 for step in range(STEPS)],
    }
    call.log(
        run_id,
        params=params,
        tags={"owner": "vision"},
        series={key: columns(values, start) for key, values in series.items()},
        datasets=[{"dataset": _pictures(number >= 20), "tags": {"mlflow.data.context": "train"}}],
    )
    return run_id


def _pictures(newer: bool) -> dict[str, str]:
    """A dataset of pictures, in an older and a newer version."""
    shape = r"[-1, 32, 32, 3]" if newer else r"[-1, 28, 28, 3]"
    spec = rf"[{{\"type\": \"tensor\", \"tensor-spec\": {{\"dtype\": \"uint8\", \"shape\": {shape}}}}}]"
    rows = 60_000 if newer else 50_000
    return {
        "name": "cifar10",
        "digest": "9d77e0" if newer else "5f1c2a",
        "source_type": "local",
        "source": '{"uri": "file:///data/cifar10.tar"}',
        "schema": f'{{"mlflow_tensorspec": {{"features": "{spec}", "targets": null}}}}',
        "profile": f'{{"features_shape": [{rows}, 32, 32, 3], "features_size": {rows * 3072}}}',
    }


def _texts(newer: bool) -> dict[str, str]:
    """A dataset that is a table; its newer version has a column more."""
    names = ["prompt", "answer", "tokens"] + (["language"] if newer else [])
    kinds = {"tokens": "long"}
    spec = ", ".join(f'{{"type": "{kinds.get(name, "string")}", "name": "{name}", "required": true}}' for name in names)
    rows = 52_002 if newer else 51_760
    return {
        "name": "instructions",
        "digest": "b81d40" if newer else "a07c31",
        "source_type": "http",
        "source": f'{{"url": "https://example.org/instructions-{1 + newer}.jsonl"}}',
        "schema": f'{{"mlflow_colspec": [{spec}]}}',
        "profile": f'{{"num_rows": {rows}, "num_elements": {rows * len(names)}}}',
    }


def _files(call: Caller, experiment: str, runs: Sequence[str]) -> None:
    """Files of all kinds for the first run, and for the two after it what is worth comparing."""
    for number, run in enumerate(runs[:3]):
        files, tags = captured(number, run)
        files |= small_files(number) | media_files(number)
        if number == 0:
            files |= run_files()
        files |= {f"model/{name}": content for name, content in model_files(wide=number == 2).items()}
        call.put(f"/{experiment}/{run}/artifacts", files)
        tags["mlflow.loggedArtifacts"] = '[{"path": "eval/answers.json", "type": "table"}]'
        tags["mlflow.loggedImages"] = "True"
        if number < 2:
            tags["mlflow.note.content"] = NOTE
        call.log(run, tags=tags)


def _first_models(call: Caller, runs: Sequence[str]) -> None:
    description = "Tells ten kinds of pictures apart."
    call("registered-models", {"name": "cifar10", "description": description, "tags": {"task": "vision"}})
    for run in runs[:3]:
        call("registered-models/cifar10/versions", {"name": "cifar10", "source": f"runs:/{run}/model", "run_id": run})
    call("registered-models/cifar10/aliases/champion", {"version": 2}, "PUT")
    call("registered-models/cifar10/versions/3/stage", {"stage": "Staging"})


def _language_models(call: Caller, experiment: str, start: int) -> tuple[str, str]:
    """Long series, nesting of three levels, and every status; returns a running run and one that diverged."""
    chance = random.Random(11)
    hour = HOUR // 2
    live = _tuning(call, experiment, "live-llama", start + hour, chance, length=400)
    diverged = _tuning(call, experiment, "diverged-llama", start, chance, length=2000, breaks=True)
    killed = _tuning(call, experiment, "killed-llama", start, chance, length=1000)
    call(f"runs/{diverged}", {"status": "FAILED", "end_time": start + hour}, "PATCH")
    call(f"runs/{killed}", {"status": "KILLED", "end_time": start + hour}, "PATCH")
    waiting = call("runs", {"experiment_id": experiment, "run_name": "waiting-llama", "start_time": start})["run_id"]
    call(f"runs/{waiting}", {"status": "SCHEDULED"}, "PATCH")
    sweep = _tuning(call, experiment, "hyperparameter search", start, chance, length=0)
    for number in range(3):
        child = _tuning(call, experiment, f"trial {number}", start + number * 1000, chance, length=200, parent=sweep)
        for fold in range(2):
            grandchild = _tuning(call, experiment, f"fold {fold}", start + 7000, chance, length=100, parent=child)
            call(f"runs/{grandchild}", {"status": "FINISHED", "end_time": start + hour}, "PATCH")
        call(f"runs/{child}", {"status": "FINISHED", "end_time": start + hour}, "PATCH")
    gone = _tuning(call, experiment, "deleted-llama", start, chance, length=50)
    call(f"runs/{gone}", {}, "DELETE")
    name = "Größeres Modell mit sehr langem Namen, der in keine Spalte passt, 第二版 🚀 (" + "x" * 120 + ")"
    _tuning(call, experiment, name, start + 9000, chance, length=20_000)
    return live, diverged


def _tuning(
    call: Caller, experiment: str, name: str, start: int, chance: random.Random, *, length: int, **more: Any
) -> str:
    tags = {"mlflow.parentRunId": more["parent"]} if "parent" in more else {}
    made = {"experiment_id": experiment, "run_name": name, "user_id": chance.choice(["ada", "grace"])}
    run_id = str(call("runs", {**made, "start_time": start, "tags": tags})["run_id"])
    loss = [2.5 * math.exp(-step / 300) + 0.4 + chance.gauss(0, 0.05) for step in range(length)]
    if more.get("breaks"):
        loss[900] = 60.0
        loss[1200:] = [math.nan if step % 3 else math.inf for step in range(len(loss) - 1200)]
    series = {
        "train/loss": columns(loss, start),
        "train/grad_norm": columns([abs(chance.gauss(1, 0.3)) for _ in range(length)], start),
        "tokens": columns([step * 8192.0 for step in range(length)], start),
        "eval/perplexity": columns([math.exp(min(value, 9)) for value in loss[::50]], start, every=50),
        "system/cpu_utilization_percentage": columns([chance.uniform(20, 90) for _ in loss[::10]], start, every=10),
        "system/gpu_0_memory_usage_megabytes": columns([20_000 + step for step in range(0, length, 10)], start, every=10),
    } if length else {}  # fmt: skip
    params = {
        "base_model": chance.choice(["llama-3.2-1b", "qwen-2.5-1.5b"]),
        "lora.r": str(chance.choice([8, 16, 64])),
        "lora.alpha": str(chance.choice([16, 32])),
        "optim.lr": str(chance.choice([1e-5, 3e-5, 1e-4])),
        "optim.schedule": "cosine",
        "prompt": "You are a helpful assistant.\nAnswer in one sentence." + " Be exact." * chance.randrange(30),
        "use_flash": chance.choice(["True", "False"]),
    }
    newer = chance.random() < 0.5
    inputs = [{"dataset": _texts(newer), "tags": {"mlflow.data.context": role}} for role in ("train", "eval")]
    call.log(run_id, params=params, series=series, tags={"gpu": "L4"}, datasets=inputs)
    return run_id


def _wide(call: Caller, start: int) -> str:
    """More params, metrics and tags than a table shows."""
    chance = random.Random(13)
    experiment = str(call("experiments", {"name": "feature-selection"})["experiment_id"])
    for number in range(30):
        run = call("runs", {"experiment_id": experiment, "user_id": "lin", "start_time": start + number * 1000})
        params = {
            f"block{index // 10}.option{index % 10}": str(chance.randrange(1 + index % 7)) for index in range(100)
        }
        series = {f"group{index // 12}/metric{index % 12}": columns([chance.random()], start) for index in range(60)}
        tags = {f"tag{index}": chance.choice(["a", "b", "c"]) for index in range(12)}
        call.log(run["run_id"], params=params, series=series, tags=tags)
        call(f"runs/{run['run_id']}", {"status": "FINISHED", "end_time": start + 60_000}, "PATCH")
    return experiment


def _deleted(call: Caller, start: int) -> None:
    experiment = call("experiments", {"name": "old-attempt"})["experiment_id"]
    call("runs", {"experiment_id": experiment, "start_time": start})
    call(f"experiments/{experiment}", {}, "DELETE")
