"""What a pickle may do to who loads it: nothing, whatever it refers to and however it says it."""

from __future__ import annotations

import io
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from treering.core.errors import DamagedData, PermissionDenied
from treering.models import pickles
from treering.models.flavours.base import LoadOptions
from treering.models.safety.names import Allowed
from treering.models.safety.pickled import findings_of
from treering.models.safety.reading import GuardedUnpickler

# Functions that start a program, run text or reach others; some of them known to pass scanners that list what is bad.
GADGETS = [
    "os.system",
    "posix.system",
    "subprocess.Popen",
    "builtins.eval",
    "builtins.exec",
    "builtins.getattr",
    "builtins.__import__",
    "builtins.open",
    "builtins.compile",
    "timeit.timeit",
    "pydoc.pipepager",
    "cProfile.run",
    "doctest.debug_script",
    "code.interact",
    "idlelib.run.Executive",
    "numpy.testing._private.utils.runstring",
    "torch.utils.bottleneck.__main__.run_cprofile",
    "distutils.spawn.spawn",
    "runpy.run_path",
    "importlib.import_module",
    "operator.attrgetter",
    "operator.methodcaller",
    "shutil.rmtree",
    "socket.socket",
    "webbrowser.open",
    "ctypes.CDLL",
    "pty.spawn",
    "numpy._core._ufunc_reconstruct",
    "numpy.core._ufunc_reconstruct",
    "numpy.load",
    "numpy.f2py.crackfortran.myeval",
    "pathlib.Path",
    "pathlib.PosixPath.write_text",
    "pickle.loads",
    "cloudpickle.loads",
    "joblib.load",
    "sklearn.datasets._base.load_files",
    "sklearn.utils._testing.TempMemmap",
    "sklearn.externals._arff.ArffDecoder",
    "sklearn.utils._joblib.Memory",
    "scipy.stats._distn_infrastructure.rv_continuous",
    "sklearn.base.os",
    "sklearn.base.warnings.sys.modules",
    "functools.reduce",
    "itertools.chain",
    "types.FunctionType",
    "types.CodeType",
    "collections.namedtuple",
    "enum.Enum",
    "builtins.type",
    "builtins.setattr",
    "builtins.map",
]


class Call:
    """Pickled, it calls something."""

    def __init__(self, name: str, *args: Any) -> None:
        self.name, self.args = name, args


def calling(name: str, protocol: int) -> bytes:
    """A pickle that calls `name` with the argument "true", put together by hand."""
    module, _, last = name.rpartition(".")
    if protocol < 2:
        return f"c{module}\n{last}\n(S'true'\ntR.".encode()
    parts = [b"\x80", bytes([protocol]), pickle.SHORT_BINUNICODE + bytes([len(module)]) + module.encode()]
    parts += [pickle.SHORT_BINUNICODE + bytes([len(last)]) + last.encode(), pickle.STACK_GLOBAL]
    parts += [pickle.SHORT_BINUNICODE + b"\x04true", pickle.TUPLE1, pickle.REDUCE, pickle.STOP]
    return b"".join(parts)


@pytest.mark.parametrize("name", GADGETS)
@pytest.mark.parametrize("protocol", [0, 4])
def test_a_gadget_is_neither_loaded_nor_found_harmless(name: str, protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(calling(name, protocol))
    with pytest.raises(PermissionDenied, match=r"trust=\["):
        pickles.load(path, LoadOptions())
    with path.open("rb") as file:
        found = findings_of(file)
    module, _, last = name.rpartition(".")
    assert (module, last) in found.names
    assert not Allowed.standard().has(module, last)


def test_nothing_is_imported_for_a_refused_name(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    (tmp_path / "treering_evil.py").write_text("raise SystemExit(7)")
    path.write_bytes(b"ctreering_evil\nX\n.")
    with pytest.raises(PermissionDenied):
        pickles.load(path, LoadOptions())


def test_a_name_put_together_through_the_memo_is_seen() -> None:
    text = b"\x80\x04\x8c\x06system\x94\x8c\x02os\x94\x30\x30h\x01h\x00\x93\x8c\x04true\x85R."
    pickletools.dis(text, io.StringIO())
    found = findings_of(io.BytesIO(text))
    assert found.names == {("os", "system")}
    with pytest.raises(PermissionDenied):
        GuardedUnpickler(io.BytesIO(text), Allowed.standard()).load()


def test_a_pickle_that_calls_what_it_made_is_told() -> None:
    text = b"\x80\x04\x8c\x1dsklearn.metrics._scorer\x93".replace(b"\x1d", bytes([len("sklearn.metrics._scorer")]))
    text = text[:-1] + b"\x8c\x07_Scorer\x93)R)R."
    assert findings_of(io.BytesIO(text)).calls_objects


def test_a_broken_or_cut_pickle_is_a_problem() -> None:
    whole = pickle.dumps({"a": np.arange(4)})
    for length in range(1, len(whole)):
        assert findings_of(io.BytesIO(whole[:length])).problem


def test_noise_is_damaged_not_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    generator = np.random.default_rng(0)
    for size in range(1, 200):
        path.write_bytes(b"\x80\x04" + generator.bytes(size))
        with pytest.raises((DamagedData, PermissionDenied)):
            pickles.load(path, LoadOptions())


X, Y = make_classification(60, 6, random_state=0)
HONEST = [
    LogisticRegression(), RandomForestClassifier(3), GradientBoostingClassifier(n_estimators=2), SVC(),
    HistGradientBoostingClassifier(max_iter=2), KNeighborsClassifier(), MLPClassifier(max_iter=2), SGDClassifier(),
    make_pipeline(StandardScaler(), Ridge()), IsolationForest(n_estimators=2),
    make_pipeline(make_column_transformer((OneHotEncoder(handle_unknown="ignore"), [0]), (StandardScaler(), [1, 2])),
                  LogisticRegression()),
    GridSearchCV(LogisticRegression(), {"C": [1.0]}, scoring="accuracy", cv=2),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*:sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("model", HONEST, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_common_estimators_need_nobodys_word(model: Any, protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(model.fit(X, Y), protocol))
    again = pickles.load(path, LoadOptions())
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    with path.open("rb") as file:
        found = findings_of(file)
    assert not found.problem
    assert not found.calls_objects


def test_the_users_word_covers_what_it_names_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps([Path("a"), Call("x")]))
    with pytest.raises(PermissionDenied, match="Path"):
        pickles.load(path, LoadOptions())
    here = f"{Call.__module__}.Call"
    names = tuple(f"{part}.{type(Path()).__name__}" for part in ("pathlib", "pathlib._local"))
    with pytest.raises(PermissionDenied, match="Call"):
        pickles.load(path, LoadOptions(trust=names))
    assert pickles.load(path, LoadOptions(trust=(*names, here)))[1].name == "x"


def test_a_whole_package_means_its_own_classes_only() -> None:
    allowed = Allowed.standard(["mylab.*"])
    assert allowed.has("mylab.steps", "Cleaner")
    for module, name in [("mylab.steps", "run"), ("mylab.steps", "os.system"), ("mylabs.steps", "Cleaner"),
                         ("mylab.tests.x", "Cleaner"), ("mylab", "_Hidden")]:  # fmt: skip
        assert not allowed.has(module, name)
    assert not Allowed.standard(["collections.*"]).admits("collections", "OrderedDicts", pickle.Pickler)
