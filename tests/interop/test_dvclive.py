"""E3: DVCLive, unchanged, inside of stages and experiments that Treering runs: as inside of DVC's."""

from __future__ import annotations

import json

import pytest

from dvc_lab import Lab
from peers import DVC

pytestmark = pytest.mark.peer

TRAIN = """\
import json, os
from dvclive import Live
with Live() as live:
    live.log_param("lr", 0.1)
    for epoch in range(3):
        live.log_metric("train/loss", 1 / (epoch + 1))
        live.log_metric("acc", epoch / 2)
        live.next_step()
    live.log_plot("mine", [{"a": 1, "b": 2}, {"a": 2, "b": 3}], x="a", y="b", template="linear")
told = {key: value for key, value in os.environ.items() if key in ("DVC_STAGE", "DVC_EXP_NAME") or key == "DVC_ROOT"}
with open("told.json", "w") as file:
    json.dump(told, file)
"""
FILES = (
    "dvclive/metrics.json", "dvclive/params.yaml", "dvclive/plots/metrics/acc.tsv", "dvclive/plots/metrics/train/loss.tsv",
    "dvclive/plots/custom/mine.json",
)  # fmt: skip


def training(lab: Lab) -> Lab:
    lab.write("train.py", TRAIN)
    stage = f"stages:\n  train:\n    cmd: {DVC.python} train.py\n    deps: [train.py]\n    outs: [{{told.json: {{cache: false}}}}]\n"
    lab.write("dvc.yaml", stage)
    lab.commit("Train")
    return lab


def written(lab: Lab) -> dict[str, str]:
    return {name: lab.read(name) for name in (*FILES, "dvc.yaml")}


@pytest.mark.parametrize("command", ["repro", "exp run -n named"])
def test_e3_dvclive_leaves_the_same_files(lab: Lab, twin: Lab, command: str) -> None:
    for one, tool in ((training(lab), "dvc"), (training(twin), "ours")):
        one.tool(tool)(*command.split())
    assert written(twin) == written(lab)
    told, theirs = (json.loads(one.read("told.json")) for one in (twin, lab))
    assert told == {**theirs, "DVC_ROOT": str(twin.root)}
    # What is staged, too: DVCLive stages what it writes, and an experiment leaves nothing staged.
    assert twin.git("status", "--porcelain", "-uall") == lab.git("status", "--porcelain", "-uall")


def test_e3_what_dvclive_logged_is_shown_alike(lab: Lab) -> None:
    training(lab).ours("repro")
    for verb in (["metrics", "show"], ["params", "diff"], ["metrics", "diff"]):
        assert lab.ours(*verb, "--json").json == lab.dvc(*verb, "--json").json
    ours, theirs = (tool("plots", "show", "--json", "--split").json["data"] for tool in (lab.ours, lab.dvc))
    assert list(ours) == [
        "dvclive/plots/metrics/acc.tsv",
        "dvclive/plots/metrics/train/loss.tsv",
        "dvclive/plots/custom/mine.json",
    ]
    for name, entries in theirs.items():
        assert ours[name][0]["anchor_definitions"] == entries[0]["anchor_definitions"]
    assert lab.dvc("status").out == lab.ours("status").out
    assert "up to date" in lab.dvc("repro").out


def test_e3_e4_readers_of_dvc_understand_what_ours_made(lab: Lab) -> None:
    training(lab).ours("repro")
    told = lab.python("import dvc.api, json; print(json.dumps([dvc.api.metrics_show(), dvc.api.params_show()]))").json
    metrics = json.loads(lab.read("dvclive/metrics.json"))
    assert told == [metrics, {"lr": 0.1}]
