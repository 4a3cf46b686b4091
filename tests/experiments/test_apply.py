from __future__ import annotations

import json

import pytest

from projects import Project
from treering.experiments.apply import exp_apply
from treering.experiments.asked import Asked
from treering.experiments.queue import exp_queue
from treering.experiments.refs import APPLIED, APPLY_STASH
from treering.experiments.run import exp_run_apart
from treering.pipelines.reproduce import ReproOptions, reproduce
from treering.versioning.checkout import Incomplete, Unsaved
from treering.versioning.errors import UnknownRevision


@pytest.fixture
def done(pipeline: Project) -> Project:
    """The pipeline, run and committed, with the experiment `five`."""
    reproduce(pipeline.repo, options=ReproOptions(captured=True))
    pipeline.commit("run")
    exp_run_apart(pipeline.repo, Asked(params=["lr=5"], name="five", repro=ReproOptions(captured=True)))
    return pipeline


def test_files_and_data_of_an_experiment_come_into_the_working_tree(done: Project) -> None:
    head = done.git("rev-parse", "HEAD")
    applied = exp_apply(done.repo, "five")
    assert sorted(applied.written) == ["dvc.lock", "metrics.json", "params.yaml"]
    assert (applied.removed, applied.saved) == ((), "")
    assert done.read("model.txt") == "model 5 of data\n"
    assert json.loads(done.read("metrics.json"))["acc"] == 5
    assert done.git("diff", "--name-only", applied.rev) == ""
    assert done.git("rev-parse", "HEAD", APPLIED).split() == [head, applied.rev]
    assert done.git("diff", "--cached", "--name-only") == ""
    assert reproduce(done.repo, options=ReproOptions(captured=True)).ran == []
    assert exp_apply(done.repo, "five").written == ()


def test_what_the_experiment_does_not_have_stays(done: Project) -> None:
    done.write("notes.txt", "untracked")
    done.write("train.sh", done.read("train.sh") + "# mine\n")
    done.write("new.py", "staged")
    done.git("add", "new.py")
    applied = exp_apply(done.repo, "five")
    assert done.read("notes.txt") == "untracked"
    assert done.read("new.py") == "staged"
    # What it has otherwise is overwritten, and can be had back.
    assert not done.read("train.sh").endswith("# mine\n")
    assert applied.saved == done.git("rev-parse", APPLY_STASH)
    done.git("reset", "--quiet", "--hard")
    done.git("stash", "apply", "--quiet", APPLY_STASH)
    assert done.read("train.sh").endswith("# mine\n")


def test_untracked_files_that_are_in_the_way_are_saved(done: Project) -> None:
    done.git("rm", "--quiet", "--cached", "metrics.json")
    done.commit("untracked metrics")
    done.git("rm", "--quiet", "--cached", "metrics.json", "--ignore-unmatch")
    done.git("commit", "--quiet", "--amend", "--allow-empty", "-m", "untracked metrics")
    done.write("metrics.json", '{"precious": 1}')
    applied = exp_apply(done.repo, "five")
    assert json.loads(done.read("metrics.json"))["acc"] == 5
    assert done.git("show", f"{applied.saved}:metrics.json") == '{"precious": 1}'


def test_files_that_the_experiment_does_not_have_go_unless_they_were_changed(done: Project) -> None:
    done.write("later.txt", "1")
    done.write("kept.txt", "1")
    done.commit("later")
    done.write("kept.txt", "2")
    applied = exp_apply(done.repo, "five")
    assert applied.removed == ("later.txt",)
    assert done.read("kept.txt") == "2"
    assert not (done.root / "later.txt").exists()


def test_data_that_is_in_no_cache_is_not_overwritten(done: Project) -> None:
    done.write("model.txt", "precious")
    with pytest.raises(Unsaved, match=r"model\.txt"):
        exp_apply(done.repo, "five")
    assert done.read("model.txt") == "precious"
    assert done.git("status", "--porcelain") == ""
    exp_apply(done.repo, "five", force=True)
    assert done.read("model.txt") == "model 5 of data\n"


def test_what_is_missing_in_the_cache_is_told_and_the_rest_applied(done: Project) -> None:
    for file in list((done.repo.cache_dir / "files").rglob("*")):
        if file.is_file() and b"model 5" in file.read_bytes():
            file.unlink()
    with pytest.raises(Incomplete, match=r"model\.txt"):
        exp_apply(done.repo, "five")
    assert done.read("params.yaml").startswith("lr: 5")


def test_a_queued_experiment_can_be_applied(done: Project) -> None:
    exp_queue(done.repo, Asked(params=["lr=7"], name="seven"))
    exp_apply(done.repo, "seven")
    assert done.read("params.yaml").startswith("lr: 7")
    with pytest.raises(UnknownRevision):
        exp_apply(done.repo, "nothing")


def test_what_dvc_packs_into_its_stashes_is_not_unpacked(done: Project) -> None:
    packed = done.repo.tmp / "repro.dat"
    packed.write_bytes(b"pickle")
    done.git("add", "--force", str(packed.relative_to(done.root)))
    tree = done.git("write-tree")
    done.git("reset", "--quiet")
    packed.unlink()
    rev = done.git("commit-tree", tree, "-p", "HEAD", "-m", "x")
    assert exp_apply(done.repo, rev).written == ()
    assert not packed.exists()
