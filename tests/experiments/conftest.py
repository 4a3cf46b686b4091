from __future__ import annotations

from pathlib import Path

import pytest

from projects import Project, make_project
from treering.versioning.add import add

TRAIN = """\
lr=$(awk '/^lr:/ {print $2}' params.yaml)
echo "training with $lr as $DVC_EXP_NAME on $DVC_EXP_BASELINE_REV"
if [ -n "$STARTED" ]; then echo "$DVC_EXP_NAME" >> "$STARTED"; fi
while [ -n "$GATE" ] && [ ! -e "$GATE" ]; do sleep 0.02; done
if grep -q 'fail: yes' params.yaml; then echo broken >&2; exit 3; fi
echo "model $lr of $(cat data.txt)" > model.txt
echo "{\\"acc\\": $lr, \\"deep\\": {\\"loss\\": 0.5}}" > metrics.json
"""

PIPELINE = """\
stages:
  train:
    cmd: sh train.sh
    deps:
    - data.txt
    - train.sh
    params:
    - fail
    - lr
    outs:
    - model.txt
    metrics:
    - metrics.json:
        cache: false
"""

PARAMS = "lr: 1  # the rate\nfail: no\nlayers: [1, 2]\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A new Git working tree with `.dvc`, and a first commit."""
    project = make_project(tmp_path)
    project.commit("begin")
    return project


@pytest.fixture
def pipeline(project: Project) -> Project:
    """With tracked data and a stage that has not run yet; all committed."""
    project.write("data.txt", "data\n")
    add(project.repo, [project.root / "data.txt"])
    project.write("train.sh", TRAIN)
    project.write("dvc.yaml", PIPELINE)
    project.write("params.yaml", PARAMS)
    project.commit("pipeline")
    return project
