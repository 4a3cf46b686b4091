from __future__ import annotations

import time

import pytest

from projects import Project
from repro_project import CHAIN, run, status
from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.stage_source import StageSource
from treering.pipelines.stages import load_stages
from treering.pipelines.targets import choose, choose_granular, split_target
from treering.storage.content.oid import Oid
from treering.versioning.errors import NotTracked
from treering.versioning.sources import Revisions, WorkingTree


@pytest.fixture
def chain(project: Project) -> Project:
    project.write("dvc.yaml", CHAIN)
    project.write("in", "1\n")
    return project


def test_stages_know_what_they_need_make_and_have_locked(chain: Project) -> None:
    run(chain)
    stage = load_stages(chain.repo)["b"]
    assert (stage.name, stage.address, stage.cmd, stage.group) == ("b", "b", "cp a.txt b.txt", "")
    assert stage.needs() == [str(chain.root / "a.txt")]
    assert stage.makes() == [str(chain.root / "b.txt")]
    assert stage.outs[0].oid == Oid("b026324c6904b2a9cb4b88d6d61c81d1")
    assert stage.outs[0].size == 2
    assert stage.locked is not None
    assert stage.locked.cmd == "cp a.txt b.txt"


OUTPUTS = """\
stages:
  a:
    cmd: x
    outs:
    - plain
    - kept: {persist: true, push: false, remote: far, desc: d, type: model, labels: [l], meta: {k: 1}}
    - plain: {cache: false}
    metrics:
    - m.json: {cache: false}
    - n.json
    plots:
    - p.csv: {x: a, y: b, template: scatter, cache: false}
    - q.csv
"""


def test_outputs_are_what_is_said_of_them(project: Project) -> None:
    project.write("dvc.yaml", OUTPUTS)
    outs = {out.path: out for out in load_stages(project.repo)["a"].outs}
    assert list(outs) == ["plain", "kept", "m.json", "n.json", "p.csv", "q.csv"]
    assert not outs["plain"].cache
    kept = outs["kept"]
    assert (kept.persist, kept.push, kept.remote, kept.desc, kept.type, kept.labels, kept.meta) == (
        True, False, "far", "d", "model", ("l",), {"k": 1},
    )  # fmt: skip
    assert [(out.metric, out.plot, out.cache) for path, out in outs.items() if "." in path] == [
        (True, False, False),
        (True, False, True),
        (False, {"x": "a", "y": "b", "template": "scatter"}, False),
        (False, True, True),
    ]


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("cmd: x\n    deps: ['${n}']", "'deps' of the stage 'a' should be text"),
        ("cmd: ['${n}', x]", "'cmd' of the stage 'a' should be text"),
        ("cmd: x\n    params: [{f.yaml: k}]", "should list the keys"),
        ("cmd: x\n    plots: [{p.csv: [{x: a}]}]", "several plots"),
    ],
)
def test_a_value_that_is_none_of_the_kind_is_told_with_its_stage(project: Project, stage: str, said: str) -> None:
    project.write("params.yaml", "n: 1\n")
    project.write("dvc.yaml", f"stages:\n  a:\n    {stage}\n")
    with pytest.raises(InvalidInput, match=said):
        load_stages(project.repo)["a"]


def test_a_damaged_entry_of_the_lock_is_told(chain: Project) -> None:
    run(chain)
    chain.write("dvc.lock", chain.read("dvc.lock").replace("b026324c6904b2a9cb4b88d6d61c81d1", "../../../../etc"))
    with pytest.raises(InvalidInput, match=r"of the stage .*MD5"):
        load_stages(chain.repo)["b"]


@pytest.fixture
def nested(chain: Project) -> Project:
    chain.write(
        "sub/dvc.yaml",
        "stages:\n  g:\n    foreach: [x, y]\n    do:\n      cmd: echo > ${item}\n      outs: ['${item}']\n"
        "  h:\n    cmd: cp ../c.txt h\n    deps: [../c.txt]\n    outs: [h]\n",
    )
    chain.write("data/in.dvc", "outs:\n- path: in\n")
    chain.write("data/big.dvc", "outs:\n- md5: d751713988987e9331980363e24189ce.dir\n  hash: md5\n  path: big\n")
    return chain


def test_all_files_of_a_repository_are_found_those_of_a_folder_before_its_folders(nested: Project) -> None:
    assert list(load_stages(nested.repo).all) == [
        "a", "b", "c", "data/big.dvc", "data/in.dvc", "sub/dvc.yaml:g@x", "sub/dvc.yaml:g@y", "sub/dvc.yaml:h",
    ]  # fmt: skip


def test_addresses_are_relative_to_where_the_user_stands(nested: Project) -> None:
    stages = load_stages(nested.repo, base=nested.root / "sub")
    assert list(stages.all) == [
        "../dvc.yaml:a", "../dvc.yaml:b", "../dvc.yaml:c", "../data/big.dvc", "../data/in.dvc", "g@x", "g@y", "h",
    ]  # fmt: skip
    assert stages.shown(str(nested.root / "in")) == "../in"
    assert stages.shown("/elsewhere") == "/elsewhere"
    assert status(nested, base=nested.root / "sub")["h"] == [
        {"changed deps": {"../c.txt": "deleted"}}, {"changed outs": {"h": "deleted"}},
    ]  # fmt: skip


def test_what_lies_in_an_output_is_no_stage(nested: Project) -> None:
    nested.write("data/big/dvc.yaml", "{")
    nested.write("h/dvc.yaml", "{")
    nested.write("sub/x/dvc.yaml", "{")
    nested.write("dvc.yaml", CHAIN.replace("outs: [c.txt]", "outs: [c.txt, h]"))
    assert len(load_stages(nested.repo).all) == 8


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("train", ("", "train")),
        ("dvc.yaml", ("dvc.yaml", "")),
        ("sub/dvc.yaml:train", ("sub/dvc.yaml", "train")),
        ("dvc.yaml:train", ("dvc.yaml", "train")),
        (":train", ("dvc.yaml", "train")),
        ("train@a:b/c", ("", "train@a:b/c")),
        ("sub/dvc.yaml:train@a:b", ("sub/dvc.yaml", "train@a:b")),
        ("data/x.dvc", ("data/x.dvc", "")),
        ("data/x", ("", "data/x")),
    ],
)
def test_a_target_is_a_file_and_a_name(target: str, parts: tuple[str, str]) -> None:
    assert split_target(target) == parts


def test_a_lock_file_is_no_target() -> None:
    with pytest.raises(InvalidInput, match=r"Did you mean: `dvc\.yaml`|Did you mean `dvc\.yaml`"):
        split_target("dvc.lock")


@pytest.mark.parametrize(
    ("target", "options", "found"),
    [
        ("a", {}, ["a"]),
        ("sub/dvc.yaml", {}, ["sub/dvc.yaml:g@x", "sub/dvc.yaml:g@y", "sub/dvc.yaml:h"]),
        ("sub/dvc.yaml:g", {}, ["sub/dvc.yaml:g@x", "sub/dvc.yaml:g@y"]),
        ("sub/dvc.yaml:g@y", {}, ["sub/dvc.yaml:g@y"]),
        ("sub/dvc.yaml:g@*", {"glob": True}, ["sub/dvc.yaml:g@x", "sub/dvc.yaml:g@y"]),
        ("[ab]", {"glob": True}, ["a", "b"]),
        ("sub", {"recursive": True}, ["sub/dvc.yaml:g@x", "sub/dvc.yaml:g@y", "sub/dvc.yaml:h"]),
        ("data/in.dvc", {}, ["data/in.dvc"]),
        ("sub/h", {}, ["sub/dvc.yaml:h"]),
    ],
)
def test_targets_mean_stages(nested: Project, target: str, options: dict[str, bool], found: list[str]) -> None:
    assert [stage.address for stage in choose(load_stages(nested.repo), target, **options)] == found


@pytest.mark.parametrize(
    "target", ["nope", "sub/dvc.yaml:nope", "g", "a@x", "sub/dvc.yaml:g@z", "nope/dvc.yaml", "x.dvc"]
)
def test_a_target_that_is_nothing_is_refused(nested: Project, target: str) -> None:
    with pytest.raises(NotFound):
        choose(load_stages(nested.repo), target)


def test_a_part_of_an_output_is_a_target_for_those_who_take_parts(nested: Project) -> None:
    stages = load_stages(nested.repo)
    (chosen,) = choose_granular(stages, "data/big/inner/file")
    assert (chosen.stage.address, chosen.path) == ("data/big.dvc", str(nested.root / "data/big/inner/file"))
    assert [one.stage.address for one in choose_granular(stages, "b", with_deps=True)] == ["a", "b"]
    with pytest.raises(NotTracked, match="'nope' does not exist as an output or a stage name"):
        choose_granular(stages, "nope")


def test_stages_of_a_revision_are_read_without_checking_it_out(chain: Project) -> None:
    run(chain)
    old = chain.commit()
    chain.write("dvc.yaml", CHAIN.replace("cp in a.txt", "cp  in a.txt"))
    (chain.root / "dvc.lock").unlink()
    stages = load_stages(chain.repo, Revisions(chain.repo).tree(old))
    assert stages["a"].cmd == "cp in a.txt"
    assert stages["a"].outs[0].oid == Oid("b026324c6904b2a9cb4b88d6d61c81d1")
    assert load_stages(chain.repo)["a"].cmd == "cp  in a.txt"


def test_the_floor_below_is_told_of_outputs_now_and_in_revisions(chain: Project) -> None:
    run(chain)
    old = chain.commit()
    for tree in (WorkingTree(chain.repo), Revisions(chain.repo).tree(old)):
        found = list(StageSource(chain.repo).outputs(tree))
        assert [(one.address, one.output.path, one.path) for one in found] == [
            (f"dvc.yaml:{name}", f"{name}.txt", chain.root / f"{name}.txt") for name in "abc"
        ]
        assert all(one.output.oid == Oid("b026324c6904b2a9cb4b88d6d61c81d1") for one in found)
        assert {one.rev for one in found} == {tree.rev}


def test_what_was_parsed_is_remembered_until_it_changes(chain: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run(chain)
    # A file that is as young as the look at it is not remembered.
    later = time.time_ns() + 10**10
    monkeypatch.setattr("treering.versioning.document_cache.time.time_ns", lambda: later)
    assert status(chain) == {}
    monkeypatch.setattr("treering.pipelines.stages.parse_definition", None)
    monkeypatch.setattr("treering.pipelines.stages.parse_lock", None)
    assert status(chain) == {}
    monkeypatch.undo()
    chain.write("dvc.yaml", CHAIN.replace("cp in a.txt", "cp -f in a.txt"))
    assert status(chain) == {"a": ["changed command"]}


def test_a_mistake_in_a_file_is_told_by_all_who_ask_for_it_and_by_no_others(nested: Project) -> None:
    nested.write("sub/dvc.yaml", "stages:\n  g: {}\n")
    stages = load_stages(nested.repo)
    assert stages.stage("dvc.yaml", "a").cmd == "cp in a.txt"
    with pytest.raises(InvalidInput, match=r"sub/dvc\.yaml, line 2"):
        stages["a"]


DATASETS = """\
datasets:
- {name: d, type: dvc, url: ../other, path: data}
stages:
  a:
    cmd: echo > o
    deps: [ds://d]
    outs: [o]
"""


def test_a_dataset_is_watched_and_locked(project: Project) -> None:
    lock = "schema: '2.0'\ndatasets:\n- name: d\n  url: ../other\n  type: dvc\n  path: data\n  rev_lock: {rev}\nstages: {{}}\n"
    project.write("dvc.yaml", DATASETS)
    assert status(project)["a"][0] == {"changed deps": {"ds://d": "not in sync"}}
    assert "dvc ds update d" in run(project).error
    project.write("dvc.lock", lock.format(rev="1" * 40))
    assert status(project)["a"][0] == {"changed deps": {"ds://d": "new"}}
    assert run(project).how == {"a": "ran"}
    assert status(project) == {}
    # The first of the two is the dataset's own.
    project.write("dvc.lock", project.read("dvc.lock").replace("1" * 40, "2" * 40, 1))
    assert status(project)["a"][0] == {"changed deps": {"ds://d": "modified"}}
    project.write("dvc.yaml", DATASETS.replace("path: data", "path: other"))
    assert status(project)["a"][0] == {"changed deps": {"ds://d": "not in sync"}}
    project.write("dvc.yaml", DATASETS.replace("name: d,", "name: e,"))
    with pytest.raises(NotFound, match="no dataset 'd'"):
        status(project)


def test_a_project_deep_in_a_git_tree_is_its_own(project: Project) -> None:
    inner = Project(project.root / "ml" / "one", project.environ)
    (inner.root / ".dvc").mkdir(parents=True)
    inner.write("dvc.yaml", CHAIN)
    inner.write("in", "1\n")
    project.write("dvc.yaml", "stages:\n  top:\n    cmd: echo > t\n    outs: [t]\n")
    assert list(load_stages(project.repo).all) == ["top"]
    assert run(inner).how == {"a": "ran", "b": "ran", "c": "ran"}
    assert inner.read(".gitignore") == "/a.txt\n/b.txt\n/c.txt\n"
