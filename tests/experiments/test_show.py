"""Rows of commits and of the working tree, the cache of rows, and the table. The shapes are those of DVC 3.67.1."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from projects import Project
from treering.core.errors import InvalidInput
from treering.experiments.asked import Asked
from treering.experiments.diff import exp_diff
from treering.experiments.found import Selection
from treering.experiments.queue import exp_queue
from treering.experiments.refs import ExperimentRef
from treering.experiments.row_cache import KeptRow, RowCache
from treering.experiments.run import exp_run_apart
from treering.experiments.show import ShowOptions, exp_show
from treering.experiments.shown import Shown, to_json
from treering.experiments.table import TableOptions, csv_text, markdown_text, plain_text
from treering.pipelines.reproduce import ReproOptions, reproduce
from treering.storage.content.oid import Oid
from treering.versioning.errors import UnknownRevision

TABLE = """\
stages:
  train:
    cmd: run
    deps: [code.py]
    params: [lr]
    outs: [model]
metrics: [metrics.json]
"""


def stamp(seconds: int) -> str:
    """As DVC writes times: the user's own, without a zone."""
    return datetime.fromtimestamp(seconds, tz=UTC).astimezone().replace(tzinfo=None).isoformat()


def show(project: Project, **options: Any) -> list[Shown]:
    return exp_show(project.repo, ShowOptions(**options))


def many(project: Project, count: int) -> str:
    """Experiments as Git sees them, with other parameters and metrics each; the baseline."""
    project.write("dvc.yaml", TABLE)
    project.write("params.yaml", "lr: 0\n")
    project.write("metrics.json", '{"acc": 0}')
    project.write("code.py", "")
    head = project.commit("baseline")
    stream = ""
    for number in range(count):
        ref = ExperimentRef(head, f"exp-{number}").path
        params, metrics = f"lr: {number}\n", json.dumps({"acc": number / 2, "deep": {"n": number}})
        stream += f"commit {ref}\ncommitter A <a@b> {1_700_000_000 + number} +0000\ndata 1\nx\nfrom {head}\n"
        stream += f"M 100644 inline params.yaml\ndata {len(params)}\n{params}\n"
        stream += f"M 100644 inline metrics.json\ndata {len(metrics)}\n{metrics}\n"
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=project.root, env=project.environ, input=stream.encode(), check=True
    )
    return head


def test_a_row_tells_all_of_a_state_in_the_shape_of_dvcs_json(pipeline: Project) -> None:
    reproduce(pipeline.repo, options=ReproOptions(captured=True))
    head = pipeline.commit("run")
    ran = exp_run_apart(pipeline.repo, Asked(params=["lr=5"], name="five", repro=ReproOptions(captured=True)))
    assert ran.committed is not None
    (workspace, baseline) = to_json(show(pipeline))
    assert (workspace["rev"], workspace["name"], workspace["error"], workspace["experiments"]) == (
        "workspace",
        None,
        None,
        None,
    )
    assert workspace["data"] == baseline["data"] | {"rev": "workspace", "timestamp": None}
    assert (baseline["rev"], baseline["name"]) == (head, "main")
    when = stamp(int(pipeline.git("log", "-1", "--format=%ct")))
    assert baseline["data"]["timestamp"] == when
    (five,) = baseline["experiments"]
    assert (five["name"], five["executor"]) == ("five", None)
    (row,) = five["revs"]
    assert (row["rev"], row["name"], row["error"], row["experiments"]) == (ran.committed.rev, "five", None, None)
    lock = {entry["path"]: entry for entry in ran.report.done["train"].entry["deps"]}  # type: ignore[index]
    assert row["data"] == {
        "rev": ran.committed.rev,
        "timestamp": row["data"]["timestamp"],
        "params": {"params.yaml": {"data": {"lr": 5, "fail": "no", "layers": [1, 2]}}},
        "metrics": {"metrics.json": {"data": {"acc": 5, "deep": {"loss": 0.5}}}},
        "deps": {
            path: {"hash": lock[path]["md5"], "size": lock[path]["size"], "nfiles": None}
            for path in ("data.txt", "train.sh")
        },
        "outs": {
            "data.txt": {
                "hash": lock["data.txt"]["md5"],
                "size": 5,
                "nfiles": None,
                "use_cache": True,
                "is_data_source": True,
            },
            "model.txt": row["data"]["outs"]["model.txt"],
        },
        "meta": {},
    }
    assert row["data"]["outs"]["model.txt"]["is_data_source"] is False
    only = show(pipeline, param_deps=True, hide_workspace=True)[0].data
    assert only is not None
    assert only["params"] == {"params.yaml": {"data": {"fail": "no", "lr": 1}}}


def test_what_waits_is_shown_without_metrics_and_can_be_hidden(pipeline: Project) -> None:
    pipeline.write("metrics.json", '{"acc": 1}')
    pipeline.commit("metrics")
    ((task, _),) = exp_queue(pipeline.repo, Asked(params=["lr=9"], name="nine"))
    derived = show(pipeline)[1].experiments
    assert derived is not None
    (nine,) = to_json(derived[0].revs)
    assert (nine["rev"], nine["name"], nine["data"]["metrics"]) == (task.id, "nine", {})
    assert nine["data"]["params"]["params.yaml"]["data"]["lr"] == 9
    assert derived[0].executor == {
        "state": "queued",
        "name": "dvc-task",
        "local": {"root": None, "log": None, "pid": None, "returncode": None, "task_id": task.id},
    }
    assert show(pipeline, hide_queued=True)[1].experiments is None


def test_what_is_wrong_with_a_file_stands_in_its_row(project: Project) -> None:
    project.write("dvc.yaml", "metrics: [gone.json, bad.json]\nparams: [bad.yaml]\n")
    project.write("bad.json", "{")
    project.write("bad.yaml", "a: [\n")
    project.commit("bad")
    data = show(project)[1].data
    assert data is not None
    assert data["metrics"]["gone.json"]["error"] == {
        "type": "FileNotFoundError",
        "msg": "[Errno 2] No such file or directory: 'gone.json'",
    }
    assert data["metrics"]["bad.json"]["error"]["type"] == "JSONFileCorruptedError"
    assert data["params"]["bad.yaml"]["error"]["type"] == "YAMLFileCorruptedError"
    project.write("dvc.yaml", "stages: 5\n")
    project.commit("worse")
    (workspace, head) = show(project)
    assert workspace.data is None
    assert head.error is not None
    assert "stages" in head.error["msg"]


def test_baselines_are_chosen(project: Project) -> None:
    first = project.git("rev-parse", "HEAD")
    second = project.commit("second", tag="v2")
    shown = show(project, selection=Selection(num=2), hide_workspace=True)
    assert [(line.rev, line.name) for line in shown] == [(second, "main"), (first, None)]
    assert [line.name for line in show(project, sha=True, hide_workspace=True)] == [None]
    with pytest.raises(UnknownRevision):
        show(project, selection=Selection(["nothing"]))


def test_a_repository_without_commits_shows_nothing(tmp_path: Path, project: Project) -> None:
    empty = Project(tmp_path / "empty", project.environ)
    (empty.root / ".dvc").mkdir(parents=True)
    empty.git("init", "--quiet")
    assert show(empty) == []


def test_many_experiments_are_read_once_and_then_out_of_the_cache(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = many(project, 300)
    lines = show(project)
    assert [line.rev for line in lines] == ["workspace", head]
    derived = lines[1].experiments
    assert derived is not None
    assert [one.name for one in derived] == [f"exp-{number}" for number in reversed(range(300))]
    for number, one in zip(reversed(range(300)), derived, strict=True):
        data = one.revs[0].data
        assert data is not None
        assert data["params"]["params.yaml"]["data"] == {"lr": number}
        assert data["metrics"]["metrics.json"]["data"] == {"acc": number / 2, "deep": {"n": number}}
    # Nothing but references is asked of Git the second time.
    monkeypatch.setattr("treering.experiments.rows.read_row", None)
    again = exp_show(project.repo, ShowOptions(hide_workspace=True))
    assert to_json(again) == to_json(lines[1:])


def test_a_row_is_made_again_when_what_was_missing_in_the_cache_has_come(pipeline: Project) -> None:
    pipeline.write(
        "dvc.yaml", pipeline.read("dvc.yaml").replace("    - metrics.json:\n        cache: false", "    - metrics.json")
    )
    reproduce(pipeline.repo, options=ReproOptions(captured=True))
    pipeline.commit("run")
    cache = pipeline.repo.cache_dir
    cache.rename(cache.with_name("away"))
    missing = show(pipeline, hide_workspace=True)[0].data
    assert missing is not None
    assert "No storage files available" in missing["metrics"]["metrics.json"]["error"]["msg"]
    assert show(pipeline, hide_workspace=True)[0].data == missing
    cache.with_name("away").rename(cache)
    there = show(pipeline, hide_workspace=True)[0].data
    assert there is not None
    assert there["metrics"]["metrics.json"]["data"]["acc"] == 1


def test_experiments_of_several_commits_show_all_of_them(project: Project) -> None:
    head = many(project, 1)
    tip = project.git("rev-parse", ExperimentRef(head, "exp-0").path)
    later = project.git("commit-tree", f"{tip}^{{tree}}", "-p", tip, "-m", "checkpoint")
    project.git("update-ref", ExperimentRef(head, "exp-0").path, later)
    derived = show(project)[1].experiments
    assert derived is not None
    assert [(line.rev, line.name) for line in derived[0].revs] == [(later, "exp-0"), (tip, None)]


def test_the_cache_of_rows_survives_what_happens_to_files(tmp_path: Path) -> None:
    row = KeptRow("p" * 40, 17, {"params": {"é": "\n"}}, (Oid("a" * 32), Oid("b" * 32 + ".dir", legacy=True)))
    for number in range(3):
        cache = RowCache(tmp_path / "new")
        cache.put(f"{number:040x}", row)
        cache.save()
    file = next((tmp_path / "new").iterdir())
    # Two processes at once, of which one was killed while it wrote.
    file.write_bytes(file.read_bytes() + b"5" * 40 + b" - 1 - params=abc")
    cache = RowCache(tmp_path / "new")
    cache.put("9" * 40, KeptRow("", 1, {}))
    cache.save()
    again = RowCache(tmp_path / "new")
    assert again.get(f"{2:040x}") == row
    assert again.get("9" * 40) == KeptRow("", 1, {})
    assert again.get("5" * 40) is None
    assert again.get("6" * 40) is None
    assert again.keep(["9" * 40, f"{1:040x}"]) == 2
    assert RowCache(tmp_path / "new").get(f"{1:040x}") == row
    assert RowCache(tmp_path / "new").get(f"{2:040x}") is None
    file.write_bytes(b"\0\xff nothing\n")
    assert RowCache(tmp_path / "new").get("9" * 40) is None


def test_what_rows_have_in_common_is_kept_once(tmp_path: Path) -> None:
    data = {f"data/{number}": {"hash": "h" * 32, "is_data_source": True} for number in range(100)}
    rows = {
        f"{number:040x}": KeptRow("", 1, {"outs": {**data, "model": {"hash": str(number), "is_data_source": False}}})
        for number in range(100)
    }
    cache = RowCache(tmp_path)
    for commit, row in rows.items():
        cache.put(commit, row)
    cache.save()
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size < 5 * len(json.dumps(data))
    again = RowCache(tmp_path)
    assert {commit: again.get(commit) for commit in rows} == rows
    assert again.keep(list(rows)[:1]) == 99
    assert RowCache(tmp_path).get(next(iter(rows))) == next(iter(rows.values()))


def table(project: Project, **options: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_text(show(project), TableOptions(**options)))))


def test_the_table_as_csv_has_dvcs_columns(project: Project) -> None:
    head = many(project, 2)
    revs = [project.git("rev-parse", "--short=7", ExperimentRef(head, name).path) for name in ("exp-1", "exp-0")]
    when = stamp(int(project.git("log", "-1", "--format=%ct")))
    times = [stamp(1_700_000_000 + number) for number in (1, 0)]
    assert table(project) == [
        ["Experiment", "rev", "typ", "Created", "parent", "acc", "deep.n", "lr", "code.py"],
        ["", "workspace", "baseline", "", "", "0", "", "0", ""],
        ["", "main", "baseline", when, "", "0", "", "0", ""],
        ["exp-1", revs[0], "branch_commit", times[0], "", "0.5", "1", "1", ""],
        ["exp-0", revs[1], "branch_base", times[1], "", "0.0", "0", "0", ""],
    ]


def test_the_table_is_sorted_and_columns_are_chosen(project: Project) -> None:
    many(project, 4)

    def order(**options: Any) -> list[str]:
        return [row[0] for row in table(project, **options)[3:]]

    assert order() == ["exp-3", "exp-2", "exp-1", "exp-0"]
    assert (
        order(sort_by="acc")
        == order(sort_by="metrics.json:deep.n")
        == order(sort_by=":lr")
        == [
            *("exp-0", "exp-1", "exp-2", "exp-3"),
        ]
    )
    assert order(sort_by="acc", descending=True) == ["exp-3", "exp-2", "exp-1", "exp-0"]
    with pytest.raises(InvalidInput, match="Unknown sort column 'x'"):
        order(sort_by="x")
    assert table(project, drop=["acc", "deep.*", "Created"])[0] == [
        "Experiment",
        "rev",
        "typ",
        "parent",
        "lr",
        "code.py",
    ]
    assert table(project, only_changed=True)[0] == ["Experiment", "rev", "typ", "Created", "acc", "deep.n", "lr"]
    assert "code.py" in table(project, only_changed=True, keep=["code"])[0]
    with pytest.raises(InvalidInput, match="regular expression"):
        table(project, drop=["("])


def test_the_table_for_people_has_the_names_in_one_column(project: Project) -> None:
    many(project, 2)
    markdown = markdown_text(show(project), TableOptions()).splitlines()
    assert [cell.strip() for cell in markdown[0].split("|")[1:-1]] == [
        "Experiment",
        "Created",
        "acc",
        "deep.n",
        "lr",
        "code.py",
    ]
    titles = [line.split("|")[1].strip() for line in markdown[2:]]
    assert titles[:2] == ["workspace", "main"]
    assert [title[0] for title in titles[2:]] == ["├", "└"]
    assert titles[2].endswith("[exp-1]")
    assert datetime.fromisoformat(stamp(1_700_000_000)).strftime("%b %d, %Y") in plain_text(
        show(project), TableOptions()
    )


def test_names_that_are_in_several_files_bear_the_file(project: Project) -> None:
    project.write("dvc.yaml", "metrics: [a.json, b.json]\n")
    project.write("a.json", '{"acc": 0.123456789, "only": 1}')
    project.write("b.json", '{"acc": 2}')
    project.commit("two")
    assert table(project)[0][5:] == ["a.json:acc", "only", "b.json:acc"]
    assert "0.12346" in plain_text(show(project), TableOptions())
    assert "0.12 " in plain_text(show(project), TableOptions(precision=2))
    head = project.git("rev-parse", "HEAD")
    rev = project.git("commit-tree", "HEAD^{tree}", "-p", head, "-m", "x")
    project.git("update-ref", ExperimentRef(head, "child").path, rev)
    with pytest.raises(InvalidInput, match="Ambiguous"):
        table(project, sort_by="acc")


def test_two_experiments_are_compared(project: Project) -> None:
    many(project, 3)
    found = exp_diff(project.repo, "exp-1", "exp-2")
    assert found == {
        "metrics": {
            "metrics.json": {
                "acc": {"old": 0.5, "new": 1.0, "diff": 0.5},
                "deep.n": {"old": 1, "new": 2, "diff": 1},
            }
        },
        "params": {"params.yaml": {"lr": {"old": 1, "new": 2, "diff": 1}}},
    }
    assert exp_diff(project.repo) == {"metrics": {}, "params": {}}
    project.write("params.yaml", "lr: 7\n")
    assert exp_diff(project.repo)["params"]["params.yaml"]["lr"] == {"old": 0, "new": 7, "diff": 7}
    with pytest.raises(UnknownRevision):
        exp_diff(project.repo, "nothing")
