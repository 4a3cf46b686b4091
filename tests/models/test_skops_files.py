"""Models in files of skops: bombs and damaged files are told, and types are judged by what stands behind their names."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
import skops.io
from sklearn.linear_model import Ridge

from treering.core.errors import DamagedData, PermissionDenied
from treering.models import skops_files
from treering.models.flavours.base import LoadOptions
from treering.models.folder import save
from treering.models.loading import load, load_native

Parts = dict[str, bytes]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    save("sklearn", Ridge().fit([[0.0], [1.0]], [0.0, 1.0]), tmp_path / "m")
    return tmp_path / "m"


def rewritten(path: Path, change: Callable[[Parts], None]) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def packed(parts: Parts) -> None:
    parts["more.npy"] = bytes(64 << 20)


def nested(parts: Parts) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.npy", bytes(64 << 20))
    parts["more.npz"] = target.getvalue()


@pytest.mark.parametrize("bomb", [packed, nested])
def test_an_archive_that_becomes_far_more_is_not_read(model: Path, bomb: Callable[[Parts], None]) -> None:
    rewritten(model / "model.skops", bomb)
    with pytest.raises(DamagedData, match="would unpack to"):
        load_native(model, "sklearn")


def deep(parts: Parts) -> None:
    parts["schema.json"] = b"[" * 200_000


def foreign(parts: Parts) -> None:
    parts["schema.json"] = b"[1, 2]"


def empty(parts: Parts) -> None:
    parts.clear()


def without_steps(parts: Parts) -> None:
    schema = json.loads(parts["schema.json"])
    schema["__module__"], schema["__class__"] = "sklearn.pipeline", "Pipeline"
    parts["schema.json"] = json.dumps(schema).encode()


def huge(parts: Parts) -> None:
    name = next(name for name in parts if name.endswith(".npy"))
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (%d,), }" % (1 << 50)
    parts[name] = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


@pytest.mark.parametrize("change", [deep, foreign, empty, huge])
def test_a_damaged_file_is_told_whoever_reads_it(model: Path, change: Callable[[Parts], None]) -> None:
    rewritten(model / "model.skops", change)
    with pytest.raises(DamagedData):
        load_native(model, "sklearn")
    with pytest.raises(DamagedData):
        load(model).predict(np.array([[1.0]]))


def test_an_estimator_that_lacks_its_parts_is_left_to_the_framework(model: Path) -> None:
    rewritten(model / "model.skops", without_steps)
    assert type(load_native(model, "sklearn")).__name__ == "Pipeline"
    with pytest.raises(DamagedData, match="Pipeline and has no method 'predict'"):
        load(model)


def test_no_other_method_is_called_than_those_that_predict(model: Path) -> None:
    file = model / "MLmodel"
    file.write_text(file.read_text().replace("predict_fn: predict", "predict_fn: set_params"))
    with pytest.raises(DamagedData, match="no method 'set_params' that predicts"):
        load(model)


@pytest.mark.parametrize("spoilt", ["end", "middle", "method", "password"])
def test_damaged_bytes_are_told(model: Path, spoilt: str) -> None:
    path = model / "model.skops"
    rewritten(path, lambda _: None)
    data = bytearray(path.read_bytes())
    if spoilt == "end":
        del data[len(data) // 2 :]
    elif spoilt == "middle":
        data[60:120] = bytes(60)
    else:
        at = data.rindex(b"PK\x01\x02")
        while at >= 0:
            data[at + (10 if spoilt == "method" else 8)] = 99 if spoilt == "method" else 1
            at = data.rfind(b"PK\x01\x02", 0, at)
    path.write_bytes(data)
    with pytest.raises(DamagedData):
        load(model).predict(np.array([[1.0]]))


def test_honest_sparse_arrays_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.skops"
    skops.io.dump({"a": scipy.sparse.random(2000, 2000, 0.1, format="csr"), "b": np.zeros(3)}, path)
    assert skops_files.load(path, (), LoadOptions())["a"].shape == (2000, 2000)


def test_a_class_that_only_stands_in_a_module_of_the_list_is_refused(tmp_path: Path) -> None:
    """By its name it could be an estimator, and it is something else that a module of estimators imports."""
    path = tmp_path / "a.skops"
    skops.io.dump(Ridge().fit([[0.0], [1.0]], [0.0, 1.0]), path)

    def change(parts: Parts) -> None:
        schema = json.loads(parts["schema.json"])
        schema["__module__"], schema["__class__"] = "sklearn.model_selection._search", "Parallel"
        parts["schema.json"] = json.dumps(schema).encode()

    rewritten(path, change)
    with pytest.raises(PermissionDenied, match=r"_search\.Parallel"):
        skops_files.load(path, (), LoadOptions())
