"""Pickles that keep to the names of the list and are hostile all the same: refused, or harmless."""

from __future__ import annotations

import codecs
import functools
import io
import pathlib
import pickle
import struct
import subprocess
import sys
import types
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline

from treering.core.errors import DamagedData, PermissionDenied
from treering.models import pickles
from treering.models.flavours.base import LoadOptions
from treering.models.folder import save
from treering.models.loading import load
from treering.models.safety.names import Allowed
from treering.models.safety.reading import GuardedUnpickler, Refused


class Made:
    """Pickled, it is what `called` gives for the arguments."""

    def __init__(self, called: Any, *arguments: Any, state: Any = None, items: Any = None) -> None:
        self.parts = called, arguments, state, items

    def __call__(self) -> None:
        """So that a pickle may call what it has made."""

    def __reduce__(self) -> Any:
        called, arguments, state, items = self.parts
        return called, arguments, state, None if items is None else iter(items)


def text(made: Any, protocol: int = 4) -> bytes:
    return pickle.dumps(made, protocol)


def guarded(data: bytes) -> Any:
    return GuardedUnpickler(io.BytesIO(data), Allowed.standard()).load()


REBUILD = pickle.loads(b"ccopyreg\n_reconstructor\n.")
CALLS = {
    "a constructor with what it likes": Made(CountVectorizer, "filename"),
    "one by its old way": Made(REBUILD, CountVectorizer, CountVectorizer, "x"),
    "a pipeline": Made(Pipeline, [("a", None)]),
    "what it has made": Made(Made(functools.partial, Ridge)),
    "a function of numbers": Made(np.add, 1, 2),
    "a function that is only named": Made(np.where, True, 1, 2),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_calls_nothing_but_to_make_objects_as_pickles_do(name: str, protocol: int) -> None:
    with pytest.raises(Refused, match="no honest one does"):
        guarded(text(CALLS[name], protocol))


WRITES = {
    "a class": b"cpathlib\nPurePath\n(N}S'parts'\nS'x'\nstb.",
    "a class of an estimator": b"csklearn.linear_model._ridge\nRidge\n(N}S'predict'\nS'x'\nstb.",
    "a function": b"csklearn.preprocessing._function_transformer\n_identity\n(N}S'__defaults__'\n(I1\ntstb.",
    "a function's names": b"csklearn.preprocessing._function_transformer\n_identity\n}S'a'\nI1\nsb.",
    "a function in C": b"c_codecs\nencode\n(N}S'a'\nI1\nstb.",
    "its own way to be written": b"ctypes\nSimpleNamespace\n)R}S'__setstate__'\ncnumpy\nabs\nsbI1\nb.",
}


@pytest.mark.parametrize("name", WRITES)
def test_a_pickle_writes_into_nothing_that_others_use(name: str) -> None:
    before = dict(vars(pathlib.PurePath)), dict(vars(Ridge))
    with pytest.raises(Refused, match="writes into"):
        guarded(WRITES[name])
    assert before == (dict(vars(pathlib.PurePath)), dict(vars(Ridge)))


@pytest.mark.parametrize("step", [b"I1\na.", b"(I1\ne."])
def test_items_are_not_put_into_what_is_no_list(step: bytes) -> None:
    for method in (b"append", b"extend"):
        with pytest.raises((Refused, AttributeError)):
            guarded(b"ctypes\nSimpleNamespace\n)R}S'" + method + b"'\ncfunctools\npartial\nsb" + step)


CHAINS = [
    ("sklearn.linear_model._ridge", "Ridge.__init__.__globals__"),
    ("sklearn.linear_model._ridge", "Ridge.predict"),
    ("sklearn.base", "BaseEstimator.__subclasses__"),
    ("builtins", "object.__subclasses__"),
    ("builtins", "str.format"),
    ("builtins", "dict.get"),
    ("functools", "partial.__init_subclass__"),
    ("numpy", "ndarray.tofile"),
    ("numpy", "ndarray.dump"),
    ("numpy", "fromfile"),
    ("numpy", "memmap"),
    ("numpy", "frompyfunc"),
    ("numpy", "vectorize"),
    ("numpy", "add.reduce"),
    ("operator", "attrgetter"),
    ("zoneinfo", "ZoneInfo._unpickle"),
    ("joblib.memory", "Memory"),
    ("joblib.memory", "MemorizedResult"),
    ("joblib.numpy_pickle", "NumpyArrayWrapper.read"),
    ("joblib.numpy_pickle", "load"),
    ("sklearn.pipeline", "joblib"),
    ("sklearn.utils.validation", "Memory"),
    ("sklearn.feature_extraction.text", "CountVectorizer.decode"),
]


@pytest.mark.parametrize(("module", "name"), CHAINS)
@pytest.mark.parametrize("way", [b"\x93", b"c"])
def test_no_chain_of_attributes_is_followed(module: str, name: str, way: bytes) -> None:
    if way == b"c":
        data = f"c{module}\n{name}\n.".encode()
    else:
        parts = b"".join(b"\x8c" + bytes([len(part)]) + part.encode() for part in (module, name))
        data = b"\x80\x04" + parts + b"\x93."
    with pytest.raises(Refused, match="not on the list"):
        guarded(data)


def lying(order: str) -> bytes:
    """An array of numbers that says it holds objects, or a type that hides that it does."""
    inner = Made(np.dtype, "V8", False, True, state=(3, "|", None, ("a",), {"a": (np.dtype(object), 0)}, 8, 1, 0))
    if order == "nested":
        inner = Made(np.dtype, "V8", False, True, state=(3, "|", None, ("b",), {"b": (inner, 0)}, 8, 1, 0))
    if order == "repeated":
        inner = Made(np.dtype, "V8", False, True, state=(3, "|", (np.dtype(object), (1,)), None, None, 8, 1, 0))
    rebuild = np.zeros(1).__reduce__()[0]
    return text(Made(rebuild, np.ndarray, (0,), b"b", state=(1, (1,), inner, False, b"A" * 8)))


@pytest.mark.parametrize("order", ["plain", "nested", "repeated"])
def test_numbers_are_not_passed_off_as_objects(order: str) -> None:
    with pytest.raises((Refused, ValueError, TypeError, RuntimeError)):
        guarded(lying(order))


def test_honest_arrays_are_read() -> None:
    kind = np.dtype([("a", "f8"), ("b", object), ("c", [("d", "i4", 2)])])
    for rows in (
        np.zeros(2, kind),
        np.array([None, "x"], dtype=object),
        np.ma.array([1, 2], mask=[0, 1]),
        np.float32(3),
    ):
        for protocol in (2, 4, 5):
            assert np.all(guarded(text(rows, protocol)) == rows)
    honest = [OrderedDict(a=1), Counter("abb"), Fraction(1, 3), Decimal("1.5"), range(3), bytearray(b"x"), 1 + 2j, b"",
              pathlib.PurePosixPath("a/b"), frozenset({1}), types.SimpleNamespace(a=1),
              np.random.default_rng(1).bit_generator.state, functools.partial(np.add, 1).args]  # fmt: skip
    for protocol in range(6):
        assert repr(guarded(text(honest, protocol))) == repr(honest)


def nested(times: int, around: Callable[[Any], Any]) -> Any:
    made: Any = "x"
    for _ in range(times):
        made = around(made)
    return made


BOMBS = {
    "bytes": text(Made(bytes, 1 << 40)),
    "bytes that may be written": text(Made(bytearray, 1 << 36)),
    "announced": b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b"x.",
    "announced text": b"\x80\x04\x8d" + struct.pack("<Q", 1 << 40) + b"x.",
    "a list of a range": text(Made(list, range(1 << 31))),
    "a counter of a range": text(Made(Counter, range(1 << 31))),
    "a text of texts": text(nested(24, lambda inner: Made(str, [inner, inner]))),
    "an encoding": text(nested(24, lambda inner: Made(codecs.encode, Made(codecs.encode, inner, "utf-16"), "hex"))),
    "many lists of a range": text([Made(list, range(1 << 20)) for _ in range(200)]),
    "a decimal": text(Made(int, Made(Decimal, "1e999999999"))),
    "a fraction of lists": text(Made(Fraction, nested(40, lambda inner: [inner, inner]))),
    "a fraction": text(Made(Fraction, "1e999999999")),
    "an array": text(Made(np.zeros(1).__reduce__()[0], np.ndarray, (1 << 40,), b"d")),
    "an array made directly": text(Made(np.ndarray, (1 << 38,), np.dtype("f8"))),
    "a type": text(Made(np.dtype, "(1000000,1000000,1000)f8", False, True)),
    "a place far away": b"\x80\x04Nr\xff\xff\xff\xff.",
    "brackets": b"]" * 300_000 + b"a" * 299_999 + b".",
    "tuples": b")" + b"\x85" * 300_000 + b".",
}
_PROGRAM = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
from treering.core.errors import DamagedData, PermissionDenied
from treering.models import pickles
from treering.models.flavours.base import LoadOptions
def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
for path in sorted(Path(sys.argv[1]).iterdir()):
    before = most()
    try:
        pickles.load(path, LoadOptions())
    except (DamagedData, PermissionDenied):
        pass
    if most() - before > 200:
        print(path.name, most() - before, "MB")
"""


def test_a_few_bytes_do_not_become_gigabytes(tmp_path: Path) -> None:
    for name, data in BOMBS.items():
        (tmp_path / name).write_bytes(data)
    done = subprocess.run([sys.executable, "-c", _PROGRAM, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stdout


def zipped(data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("model.pkl", data)
    return target.getvalue()


EVIL = b"cposix\nsystem\n(S'true'\ntR."


@pytest.mark.parametrize("disguise", ["zip", "joblib", "joblib of an evil object", "array"])
def test_other_formats_under_a_pickles_name_are_not_opened(disguise: str, tmp_path: Path) -> None:
    model = Ridge().fit([[0.0], [1.0]], [0.0, 1.0])
    save("sklearn", model, tmp_path / "m")
    path = tmp_path / "m" / "model.skops"
    (tmp_path / "m" / "MLmodel").write_text(
        (tmp_path / "m" / "MLmodel").read_text().replace("serialization_format: skops", "serialization_format: pickle")
    )
    if disguise == "zip":
        path.write_bytes(zipped(EVIL))
    elif disguise.startswith("joblib"):
        joblib.dump(model if disguise == "joblib" else [np.zeros(3), Made(print, "evil")], path, compress=3)
    else:
        np.save(tmp_path / "a.npy", np.array([Made(print, "evil")], dtype=object), allow_pickle=True)
        path.write_bytes((tmp_path / "a.npy").read_bytes())
    with pytest.raises((DamagedData, PermissionDenied)):
        load(tmp_path / "m").predict([[1.0]])


def test_changed_bytes_never_start_write_or_reach_anything(tmp_path: Path) -> None:
    rows, target = make_classification(40, 4, random_state=0)
    (tmp_path / "honest.pkl").write_bytes(pickle.dumps(RandomForestClassifier(2, max_depth=2).fit(rows, target), 0))
    program = """
import random, sys
from pathlib import Path
seen = []
ALARMS = ("os.system", "os.exec", "os.fork", "os.posix_spawn", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "subprocess.",
          "socket.", "shutil.", "ctypes.", "urllib.")
def watch(event, args):
    if event.startswith(ALARMS) or (event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")):
        seen.append((event, args))
from treering.core.errors import TreeringError
from treering.models import pickles
from treering.models.flavours.base import LoadOptions
folder = Path(sys.argv[1])
whole = (folder / "honest.pkl").read_bytes()
pickles.load(folder / "honest.pkl", LoadOptions())
sys.addaudithook(watch)
picks = random.Random(5)
for _ in range(400):
    data = bytearray(whole)
    for _ in range(picks.randint(1, 8)):
        data[picks.randrange(len(data))] = picks.choice(b"Rb(tcoi})sp0.N" + bytes(range(256)))
    seen, kept = [], seen
    (folder / "changed.pkl").write_bytes(data)
    seen = kept
    try:
        pickles.load(folder / "changed.pkl", LoadOptions())
    except TreeringError:
        pass
print(seen)
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[]"


def test_a_refused_deed_asks_for_trust_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(text(CALLS["a pipeline"]))
    with pytest.raises(PermissionDenied, match=r"calls the constructor of sklearn.pipeline.Pipeline.*with trust=True"):
        pickles.load(path, LoadOptions())
    assert isinstance(pickles.load(path, LoadOptions(allow_code=True)), Pipeline)
