"""Building: what goes into a bundle, that it is the same each time, and that what is wrong is said before it ships."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression

from bundles.conftest import ROWS
from treering.bundles import manifest as manifests
from treering.bundles import samples
from treering.bundles.bill import bill_of
from treering.bundles.build import ModelSource, Plan, build
from treering.bundles.code import copy_code
from treering.bundles.locking import merged, packages_of
from treering.bundles.manifest import Lineage
from treering.bundles.store import BundleStore
from treering.bundles.verify import Checks, verify
from treering.core.errors import DamagedData, InvalidInput, MissingExtra, NotFound, PermissionDenied
from treering.models.folder import SaveOptions, save
from treering.models.load_options import LoadOptions


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for path, text in {
        "service.py": "class Churn: ...\n",
        "lib/part.py": "X = 1\n",
        "lib/data.csv": "1\n",
        "notes.txt": "mine\n",
        ".git/config": "[core]\n",
        ".venv/lib/x.py": "",
        "lib/__pycache__/part.pyc": "",
        ".bentoignore": "notes.*\n",
        "lib/.bentoignore": "*.csv\n",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def test_two_builds_of_the_same_things_are_one_bundle(
    store: BundleStore, plan: Plan, model: Path, tmp_path: Path
) -> None:
    shutil.copytree(model, tmp_path / "copy")
    again = replace(plan, models=[ModelSource("churn", tmp_path / "copy")])
    assert build(store, plan) == build(store, again)


def test_the_manifest_says_what_is_in_it(store: BundleStore, plan: Plan, project: Path) -> None:
    lineage = Lineage("c0ffee", "https://git.example/churn", git_dirty=True)
    full = replace(
        plan, service="service:Churn", code=project, labels={"team": "growth"}, lineage=lineage,
        variables={"THREADS": "1"}, description="Who leaves",
    )  # fmt: skip
    made = build(store, full)
    assert manifests.read(store.find("churn")) == made
    assert (made.service, made.labels, made.description) == ("service:Churn", {"team": "growth"}, "Who leaves")
    assert made.lineage == lineage
    assert made.environment.variables == {"THREADS": "1"}
    assert made.models[0].flavours == ("python_function", "sklearn")
    assert [one["name"] for one in made.models[0].inputs] == ["a", "b"]
    assert "src/service.py" in made.files
    assert "models/churn/MLmodel" in made.files


def test_code_is_chosen_as_ignore_files_and_patterns_say(project: Path, tmp_path: Path) -> None:
    def chosen(name: str, **more: list[str]) -> list[str]:
        copy_code(project, tmp_path / name, **more)
        return sorted(str(one.relative_to(tmp_path / name)) for one in (tmp_path / name).rglob("*") if one.is_file())

    assert chosen("all") == [".bentoignore", "lib/.bentoignore", "lib/part.py", "service.py"]
    assert chosen("some", include=["*.py"]) == ["lib/part.py", "service.py"]
    assert chosen("fewer", include=["*.py"], exclude=["lib/"]) == ["service.py"]
    with pytest.raises(NotFound, match="Nothing in"):
        chosen("none", include=["*.rs"])


def test_a_link_out_of_the_project_is_refused(project: Path, tmp_path: Path) -> None:
    (project / "secret").symlink_to("/etc/passwd")
    with pytest.raises(InvalidInput, match="outside of what is packed"):
        copy_code(project, tmp_path / "out")


def test_models_are_asked_for_their_examples_and_again_when_it_is_verified(built: Path) -> None:
    found = samples.read(built)
    assert [one.answer for one in found] == [[0, 1, 1, 0]]
    assert found[0].body["dataframe_split"]["columns"] == ["a", "b"]
    report = verify(built)
    assert (report.wrong, report.asked) == ((), 1)


def test_a_model_that_answers_otherwise_is_found_out(store: BundleStore, plan: Plan) -> None:
    """As another version of its framework might."""
    made = build(store, plan)
    with store.draft() as draft:
        shutil.copytree(store.find(made.reference), draft, dirs_exist_ok=True)
        draft.chmod(0o755)
        (draft / samples.FILE_NAME).chmod(0o644)
        said = json.loads((draft / samples.FILE_NAME).read_text())
        said[0]["answer"][2] = 7
        (draft / samples.FILE_NAME).write_text(json.dumps(said))
        other = store.keep(draft, replace(made, created=0))
    report = verify(store.find(other.reference))
    assert report.wrong == ("the model churn answers otherwise: $[2] is 1, and should be 7",)


def test_a_changed_model_is_found_out_before_it_is_loaded(built: Path) -> None:
    path = built / "models/churn/model.skops"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    report = verify(built)
    assert report.wrong == ("models/churn/model.skops was changed",)
    assert report.asked == 0


def test_a_model_whose_code_may_not_run_is_not_packed_with_a_test(
    store: BundleStore, plan: Plan, tmp_path: Path
) -> None:
    class Own:
        def predict(self, rows: object) -> object:
            return rows

    save("pyfunc", lambda rows: rows, tmp_path / "m", SaveOptions(input_example=ROWS))
    given = replace(plan, models=[ModelSource("m", tmp_path / "m")])
    with pytest.raises(PermissionDenied, match="--no-test"):
        build(store, given)
    made = build(store, replace(given, loading=LoadOptions(allow_code=True)))
    assert made.tests == 1
    assert verify(store.find(made.reference)).wrong != ()
    assert verify(store.find(made.reference), Checks(loading=LoadOptions(allow_code=True))).wrong == ()


def test_several_models_go_together(store: BundleStore, plan: Plan, model: Path, tmp_path: Path) -> None:
    save("sklearn", LinearRegression().fit(ROWS, ROWS.a), tmp_path / "v", SaveOptions(input_example=ROWS))
    made = build(store, replace(plan, models=[ModelSource("churn", model), ModelSource("value", tmp_path / "v")]))
    assert [one.name for one in made.models] == ["churn", "value"]
    assert verify(store.find(made.reference)).asked == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"models": ()}, "would serve nothing"),
        ({"service": "service:Churn"}, "needs its code"),
        ({"name": "No Name"}, "no name for a bundle"),
        ({"compile": "perhaps"}, "none of auto"),
    ],
)
def test_a_plan_that_does_not_hold_together_is_refused(
    store: BundleStore, plan: Plan, change: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        build(store, replace(plan, **change))
    assert store.summaries() == []


def test_two_models_of_one_name_are_refused(store: BundleStore, plan: Plan) -> None:
    with pytest.raises(InvalidInput, match="have the same name"):
        build(store, replace(plan, models=[*plan.models, *plan.models]))


def test_what_is_asked_to_be_compiled_is_not_packed_without(store: BundleStore, plan: Plan) -> None:
    """The environment of these tests has nothing that compiles."""
    with pytest.raises(MissingExtra, match=r"treering\[onnx\]"):
        build(store, replace(plan, compile="always"))
    assert build(store, replace(plan, compile="auto")).models[0].native == "nothing that compiles models was installed"


def test_requirements_of_models_server_and_user_go_together_once(store: BundleStore, plan: Plan) -> None:
    made = build(store, replace(plan, requirements=["extra-package==1.0", "extra-package==1.0"]))
    lines = (store.find(made.reference) / "env/requirements.in").read_text().splitlines()
    assert lines.count("extra-package==1.0") == 1
    assert any(line.startswith("scikit-learn==") for line in lines)
    assert any(line.startswith("uvicorn") for line in lines)
    assert not any(line.startswith(("sqlalchemy", "alembic")) for line in lines)
    assert made.environment.locked is False


def test_requirements_keep_their_order_without_repetition() -> None:
    assert merged(["b", "a"], ["a ", "", "c"]) == ["b", "a", "c"]


LOCK = """\
numpy==2.1.0 \\
    --hash=sha256:aa11 \\
    --hash=sha256:bb22
uvicorn[standard]==0.34.0 ; python_version >= '3.11' \\
    --hash=sha256:cc33
"""


def test_packages_are_read_from_a_lock() -> None:
    found = packages_of(LOCK)
    assert [(one.name, one.version) for one in found] == [("numpy", "2.1.0"), ("uvicorn", "0.34.0")]
    assert packages_of("numpy\nuvicorn>=0.34\n") == []
    assert found[0].hashes == (("sha256", "aa11"), ("sha256", "bb22"))


def test_the_bill_of_materials_lists_packages_and_is_the_same_each_time() -> None:
    first = bill_of("churn", LOCK, ())
    assert first == bill_of("churn", LOCK, ())
    said = json.loads(first)
    assert (said["bomFormat"], said["specVersion"]) == ("CycloneDX", "1.5")
    assert [one["purl"] for one in said["components"]] == ["pkg:pypi/numpy@2.1.0", "pkg:pypi/uvicorn@0.34.0"]


@pytest.mark.parametrize("text", ["{", "[1]", '[{"body": 1}]'])
def test_damaged_samples_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / samples.FILE_NAME).write_text(text)
    with pytest.raises(DamagedData):
        samples.read(tmp_path)


def test_answers_are_compared_by_value_and_by_place() -> None:
    assert samples.differences([1.0, {"a": None}], [1.00001, {"a": None}], 1e-4) == []
    assert samples.differences({"a": [1, 2]}, {"a": [1]}, 0.1) == ["$.a has 1 items, and should have 2"]
    assert samples.differences(True, 1, 0.1) == ["$ is 1, and should be True"]
    assert samples.differences("x", "y", 0.1) == ["$ is 'y', and should be 'x'"]


def test_what_cannot_be_opened_here_is_packed_without_a_description_if_nothing_is_tested(
    store: BundleStore, plan: Plan
) -> None:
    def describe(_folder: Path) -> bytes:
        msg = "The model needs the package 'torch'."
        raise MissingExtra(msg)

    with pytest.raises(MissingExtra):
        build(store, replace(plan, describe=describe))
    told: list[str] = []
    made = build(store, replace(plan, describe=describe, test=False), told.append)
    assert "openapi.json" not in made.files
    assert "needs the package 'torch'" in told[-1]
