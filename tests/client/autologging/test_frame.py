"""Wrappers, switches and the import hook: what holds whatever library is logged."""

from __future__ import annotations

import importlib
import logging
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import treering
from treering.client.autologging import guard, imports
from treering.client.autologging.integrations import INTEGRATIONS
from treering.client.autologging.options import Options
from treering.client.autologging.patches import Call, Patches
from treering.client.autologging.switches import Switch
from treering.core.errors import InvalidInput

LIBRARY = """
class Model:
    def __init__(self, size=1):
        self.size = size
        self.calls = []

    def fit(self, rows, *, epochs=2, fail=None, **rest):
        self.calls.append((rows, epochs, rest))
        if fail is not None:
            raise fail
        return self

    @classmethod
    def make(cls, size):
        return cls(size)

class Deep(Model):
    def fit(self, rows):
        Model().fit(rows)
        return super().fit(rows)

def measure(value):
    return value
"""


@pytest.fixture
def root() -> Path:
    return Path(__file__).resolve().parents[3]


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module that nobody has imported yet."""
    name = f"library_{os.getpid()}_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(LIBRARY)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(guard._Process, "said", set())
    yield name
    sys.modules.pop(name, None)


def runs() -> list[Any]:
    return treering.search_runs(output_format="list", order_by=["start_time ASC"])


def params(call: Call) -> Iterator[None]:
    call.training.params({"epochs": call.arguments()["epochs"]})
    yield
    call.training.metrics({"size": call.result.size})


@pytest.fixture
def patched(fresh: Callable[..., Any], library: str) -> Iterator[tuple[Patches, Any]]:
    fresh()
    patches = Patches("library", Options())
    yield patches, importlib.import_module(library)
    patches.undo()


def test_a_training_gets_a_run_of_its_own_which_ends_with_it(patched: tuple[Patches, Any]) -> None:
    patches, module = patched
    patches.training(module.Model, "fit", params)
    model = module.Model(3)
    assert model.fit([1], epochs=5, more="x") is model
    assert model.calls == [([1], 5, {"more": "x"})]
    (run,) = runs()
    assert run.info.status == "FINISHED"
    assert run.data.params == {"epochs": "5"}
    assert run.data.metrics == {"size": 3.0}
    assert run.data.tags["mlflow.autologging"] == "library"
    assert treering.active_run() is None


def test_the_users_run_is_used_and_goes_on_unless_exclusive(patched: tuple[Patches, Any]) -> None:
    patches, module = patched
    patches.training(module.Model, "fit", params)
    with treering.start_run() as mine:
        module.Model().fit([1])
        assert treering.active_run() is mine
        # A second training contradicts the first one's params; its metrics are logged all the same.
        module.Model(7).fit([1], epochs=9)
        patches.options = Options(exclusive=True)
        module.Model(99).fit([1])
    (run,) = runs()
    assert run.data.params == {"epochs": "2"}
    assert run.data.metrics == {"size": 7.0}


def test_the_librarys_errors_reach_the_user_and_fail_the_run(patched: tuple[Patches, Any]) -> None:
    patches, module = patched
    patches.training(module.Model, "fit", params)
    for error in (RuntimeError("mine"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as raised:
            module.Model().fit([1], fail=error)
        assert raised.value is error
    with pytest.raises(TypeError, match="positional"):
        module.Model().fit([1], 2)
    assert [run.info.status for run in runs()] == ["FAILED", "FAILED", "FAILED"]
    assert treering.active_run() is None


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_error_of_ours_changes_nothing_and_is_said_once(
    patched: tuple[Patches, Any], when: str, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Call) -> Iterator[None]:
        if when == "before":
            raise OSError(when)
        yield
        raise OSError(when)

    patches, module = patched
    patches.training(module.Model, "fit", broken)
    with caplog.at_level(logging.WARNING, "treering"):
        for _ in range(3):
            model = module.Model()
            assert model.fit([1]) is model
            assert len(model.calls) == 1
    assert len([record for record in caplog.records if "Autologging" in record.message]) == 1
    assert [run.info.status for run in runs()] == ["FINISHED"] * 3


def test_a_store_that_cannot_be_reached_fails_no_training(
    fresh: Callable[..., Any], library: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    fresh(tracking_uri=f"sqlite:///{tmp_path}/file/treering.db")
    patches, module = Patches("library", Options(silent=True)), importlib.import_module(library)
    patches.training(module.Model, "fit", params)
    model = module.Model()
    assert model.fit([1]) is model
    patches.undo()


def test_a_training_within_a_training_is_logged_once_unless_allowed(patched: tuple[Patches, Any]) -> None:
    def count(call: Call) -> Iterator[None]:
        yield
        call.training.tags({type(call.instance).__name__: "seen"})

    patches, module = patched
    patches.training(module.Model, "fit", count)
    patches.training(module.Deep, "fit", count)
    module.Deep().fit([1])
    (run,) = runs()
    assert "Deep" in run.data.tags
    assert "Model" not in run.data.tags
    patches.undo()

    again = Patches("library", Options())
    again.training(module.Model, "fit", count)
    again.training(module.Deep, "fit", count, allows=("library.fit",))
    module.Deep().fit([1])
    again.undo()
    assert len(runs()) == 2
    assert "Model" in runs()[-1].data.tags


def test_threads_train_in_runs_of_their_own_and_can_be_left_out(patched: tuple[Patches, Any]) -> None:
    patches, module = patched
    patches.training(module.Model, "fit", params)

    def train(number: int) -> None:
        if number == 0:
            with treering.autologging.disabled():
                module.Model(number).fit([1])
        else:
            module.Model(number).fit([1])

    threads = [threading.Thread(target=train, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(run.data.metrics["size"] for run in runs()) == [1.0, 2.0, 3.0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_of_a_training_logs_nothing_of_its_own(patched: tuple[Patches, Any]) -> None:
    def forks(call: Call) -> Iterator[None]:
        yield
        call.training.tags({"parent": "yes"})

    patches, module = patched
    patches.training(module.Model, "fit", forks)

    class Forking(module.Model):  # type: ignore[misc, name-defined]
        def fit(self, rows: Any) -> Any:
            child = os.fork()
            if child == 0:
                done = 1
                try:
                    module.Model().fit(rows)
                    done = 0
                finally:
                    os._exit(done)
            assert os.waitpid(child, 0)[1] == 0
            return self

    patches.training(Forking, "fit", forks)
    Forking().fit([1])
    assert len(runs()) == 1


def test_undo_restores_and_what_was_taken_before_lets_pass(patched: tuple[Patches, Any]) -> None:
    patches, module = patched
    before = dict(vars(module.Model))
    patches.training(module.Model, "fit", params)
    patches.watch(module, "measure", params, lambda *_: True)
    patches.replace(module.Model, "make", lambda original: lambda cls, size: original(cls, size + 1))
    patches.training(module.Model, "no_such_method", params)
    assert module.Model.make(1).size == 2
    assert pickle.loads(pickle.dumps(module.measure)) is module.measure
    taken = module.Model.fit
    patches.undo()
    assert {name: vars(module.Model)[name] for name in before} == before
    assert not hasattr(module.measure, "__wrapped__")
    taken(module.Model(), [1])
    assert runs() == []


def test_arguments_are_found_and_replaced_by_name() -> None:
    def fit(self: Any, rows: Any, size: int = 1, *, callbacks: Any = None, **rest: Any) -> Any:  # noqa: ARG001
        return (rows, size, callbacks, rest)

    call = Call(fit, (None, [1], 5), {"more": 2}, Options())
    assert call.arguments() == {"self": None, "rows": [1], "size": 5, "callbacks": None, "more": 2}
    call.set("size", 6)
    call.set("callbacks", ["ours"])
    call.proceed()
    assert call.result == ([1], 6, ["ours"], {"more": 2})


def test_a_library_is_wrapped_when_it_is_imported(fresh: Callable[..., Any], library: str) -> None:
    fresh()
    seen: list[Any] = []
    imports.when_imported(library, seen.append)
    assert seen == []
    module = importlib.import_module(library)
    assert seen == [module]
    assert type(module.__spec__.loader).__module__.startswith("_frozen_importlib")
    imports.when_imported(library, seen.append)
    assert seen == [module, module]


def test_a_switch_knows_its_options_and_follows_the_general_one() -> None:
    switch = Switch("no_such_library", depth=3)
    with pytest.raises(InvalidInput, match=r"no option 'dept'.*depth"):
        switch(dept=4)
    assert not switch.is_on
    switch.follow({"log_models": False})
    assert switch.is_on
    assert switch.options is not None
    assert not switch.options.log_models
    switch(depth=4)
    switch.follow({"log_models": False})
    assert switch.options.log_models
    assert switch.options.own["depth"] == 4
    switch.follow({"disable": True})
    assert not switch.is_on


def test_each_library_has_a_switch_a_module_and_a_name_in_the_package(root: Path) -> None:
    names = set(INTEGRATIONS.builtins)
    assert names == set(treering.autologging.SWITCHES)
    for name in names:
        module, _, attribute = INTEGRATIONS.builtins[name].partition(":")
        assert f"def {attribute}(" in (root / "src" / f"{module.replace('.', '/')}.py").read_text()
        assert getattr(treering, name).autolog is treering.autologging.SWITCHES[name]


def test_the_general_switch_turns_all_on_and_off() -> None:
    treering.autolog(silent=True, exclude_flavors=["xgboost"])
    assert treering.autologging.SWITCHES["lightgbm"].is_on
    assert not treering.autologging.SWITCHES["xgboost"].is_on
    treering.autolog(disable=True)
    assert not any(one.is_on for one in treering.autologging.SWITCHES.values())
