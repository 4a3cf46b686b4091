"""Reports on models: honest ones are safe, and code is found wherever it hides."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.preprocessing import FunctionTransformer

from treering.core.errors import DamagedData, NotFound
from treering.models import mlmodel
from treering.models.folder import SaveOptions, save
from treering.models.loading import load
from treering.models.safety.scanning import CODE, FORBIDDEN, REFUSED, SAFE, UNREADABLE, scan
from treering.models.safety.walking import Limits

EVIL = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."
OLD_EVIL = b"cposix\nsystem\n(S'true'\ntR."


def zipped(data: bytes, name: str = "data.pkl") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return target.getvalue()


def tarred(data: bytes, name: str = "data.pkl") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return target.getvalue()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": bytes, "gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE), "zlib": zlib.compress, "zip": zipped, "tar": tarred,
    "gzip of tar": lambda data: gzip.compress(tarred(data)), "zip of zip": lambda data: zipped(zipped(data), "a.bin"),
    "old joblib": lambda data: b"ZF" + hex(len(data)).encode().ljust(19) + zlib.compress(data),
}  # fmt: skip


@pytest.mark.parametrize("evil", [EVIL, OLD_EVIL], ids=["new", "old"])
@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", ["model.pkl", "model.bin", "weights"])
def test_a_hidden_call_is_found(packing: str, evil: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(PACKINGS[packing](evil))
    report = scan(tmp_path)
    assert not report.is_safe
    assert report.findings[0].names == ("posix.system",)
    assert report.findings[0].verdict == REFUSED


def test_honest_files_raise_no_alarm(tmp_path: Path) -> None:
    rows, target = make_classification(40, 5, random_state=0)
    forest = RandomForestClassifier(3).fit(rows, target)
    for compress in (0, 3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)):
        joblib.dump(forest, tmp_path / f"forest-{compress}.joblib".replace("'", "").replace(" ", ""), compress=compress)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(OrderedDict(a=np.arange(3), b=np.array(["x", None]))))
    np.save(tmp_path / "numbers.npy", rows)
    np.savez(tmp_path / "numbers.npz", rows=rows)
    (tmp_path / "notes.txt").write_text("call me\nback\n")
    save("sklearn", forest, tmp_path / "model", SaveOptions(input_example=rows[:2]))
    report = scan(tmp_path)
    assert report.is_safe, report
    assert sum(finding.kind == "pickle" for finding in report.findings) == 7


def test_an_array_of_objects_is_a_pickle(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([1, "x", None], dtype=object), allow_pickle=True)
    assert scan(tmp_path).is_safe
    path = tmp_path / "a.npy"
    head = path.read_bytes().partition(b"\n")[0] + b"\n"
    path.write_bytes(head + EVIL)
    assert scan(tmp_path).findings[0].names == ("posix.system",)


def test_types_that_skops_holds_are_judged(tmp_path: Path) -> None:
    save("sklearn", FunctionTransformer(np.deg2rad), tmp_path / "safe")
    assert scan(tmp_path / "safe").is_safe
    schema = {"__class__": "system", "__module__": "posix", "__loader__": "FunctionNode", "content": {}}
    (tmp_path / "model.skops").write_bytes(zipped(json.dumps(schema).encode(), "schema.json"))
    assert scan(tmp_path / "model.skops").findings[0].names == ("posix.system",)


def test_a_lambda_layer_is_code(tmp_path: Path) -> None:
    config = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {}}]}}
    (tmp_path / "model.keras").write_bytes(zipped(json.dumps(config).encode(), "config.json"))
    assert scan(tmp_path).findings[0].verdict == CODE
    config["config"]["layers"][0]["class_name"] = "Dense"  # type: ignore[index]
    (tmp_path / "model.keras").write_bytes(zipped(json.dumps(config).encode(), "config.json"))
    assert scan(tmp_path).is_safe


def test_trusted_names_are_no_finding(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(EVIL)
    assert scan(tmp_path, trust=["posix.system"]).findings[0].verdict == SAFE


def test_bombs_and_mazes_are_given_up(tmp_path: Path) -> None:
    (tmp_path / "bomb.pkl.gz").write_bytes(gzip.compress(b"\x80\x04" + bytes(50 << 20)))
    assert scan(tmp_path, limits=Limits(size=1 << 20)).findings[0].verdict == FORBIDDEN
    (tmp_path / "bomb.pkl.gz").unlink()
    nested = EVIL
    for _ in range(10):
        nested = zipped(nested, "a.zip")
    (tmp_path / "maze.zip").write_bytes(nested)
    assert scan(tmp_path).findings[0].verdict == FORBIDDEN
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(100):
            archive.writestr(f"{number}", b"")
    (tmp_path / "maze.zip").write_bytes(many.getvalue())
    assert scan(tmp_path, limits=Limits(count=50)).findings[0].verdict == FORBIDDEN


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "..\\x", "C:\\x"])
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_archives_that_leave_their_folder_are_forbidden(
    name: str, pack: Callable[[bytes, str], bytes], tmp_path: Path
) -> None:
    (tmp_path / "model.bin").write_bytes(pack(b"x", name))
    assert scan(tmp_path).findings[0].verdict == FORBIDDEN


def test_a_broken_pickle_is_not_called_safe(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps([1, 2, 3])[:-3])
    assert scan(tmp_path).findings[0].verdict == UNREADABLE
    (tmp_path / "model.pkl").write_bytes(b"")
    assert scan(tmp_path).findings[0].verdict == UNREADABLE


@pytest.mark.parametrize("padding", [b"", b"\0", b"\n\0" * 100_000])
def test_what_follows_a_pickle_is_looked_at_too(padding: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps([1]) + padding + EVIL)
    assert [one.names for one in scan(tmp_path).findings] == [("posix.system",)]
    (tmp_path / "a.pkl").write_bytes(pickle.dumps([1]) + padding)
    assert scan(tmp_path).is_safe


def test_an_array_of_negative_size_does_not_lead_back(tmp_path: Path) -> None:
    path = tmp_path / "a.joblib"
    joblib.dump([np.zeros(3)], path)
    data = path.read_bytes().replace(
        b"K\x03\x85", b"J\xff\xff\xff\xff\x85"[:1] + (-30).to_bytes(4, "little", signed=True) + b"\x85"
    )
    path.write_bytes(data)
    assert [one.verdict for one in scan(path).findings] == [UNREADABLE]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nothing"):
        scan(tmp_path / "nothing")


ESCAPES = ["../outside.pkl", "/etc/passwd", "a/../../outside.pkl", "..\\outside.pkl", "C:\\x.pkl", "", "a\0b"]


@pytest.mark.parametrize("name", ESCAPES)
def test_a_name_that_leads_out_of_the_model_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "outside.pkl").write_bytes(EVIL)
    (tmp_path / "m").mkdir()
    with pytest.raises(DamagedData, match="not inside"):
        mlmodel.inside(tmp_path / "m", name)


@pytest.mark.parametrize("flavour", ["sklearn", "pyfunc"])
def test_no_flavour_follows_a_name_or_link_out_of_the_model(flavour: str, tmp_path: Path) -> None:
    model = Ridge().fit([[0.0], [1.0]], [0.0, 1.0])
    own = tmp_path / "own"
    saved = save(flavour, model, tmp_path / "m", SaveOptions(own=own))
    name = next(name for name in mlmodel.named_files(saved) if (tmp_path / "m" / name).is_file())
    (tmp_path / "m" / name).rename(tmp_path / "outside")
    (tmp_path / "m" / name).symlink_to(tmp_path / "outside")
    with pytest.raises(DamagedData, match="link"):
        load(tmp_path / "m")
    assert any(finding.verdict == FORBIDDEN for finding in scan(tmp_path / "m").findings)
    (tmp_path / "m" / name).unlink()
    text = (tmp_path / "m" / "MLmodel").read_text().replace(name, "../outside")
    (tmp_path / "m" / "MLmodel").write_text(text)
    with pytest.raises(DamagedData, match="not inside"):
        load(tmp_path / "m")
    assert any(finding.verdict == FORBIDDEN for finding in scan(tmp_path / "m").findings)


def test_an_mlmodel_file_that_stands_for_gigabytes_is_refused() -> None:
    lines = ["flavors: {python_function: {loader_module: mlflow.sklearn}}", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(DamagedData, match="too many values"):
        mlmodel.read_text("\n".join(lines))
    with pytest.raises(DamagedData, match="bytes long"):
        mlmodel.read_text("a: " + "x" * (17 << 20))
    with pytest.raises(DamagedData, match="not YAML"):
        mlmodel.read_text("a: !!python/object/apply:os.system [true]")


BOMBS = {
    "nested lists": "flavors: " + "[" * 300_000,
    "nested mappings": "flavors: " + "{a: " * 300_000,
    "merged": "flavors: {}\na0: &a0 {k: v}\n"
    + "".join(f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 20)),
    "merged by its tag": "flavors: {}\na: &a {k: v}\nb: {!!merge x: *a}",
    "a number in sixties": "flavors: {}\na: 1" + ":1" * 100_000,
    "one with signs": 'flavors: {}\na: !!int "1' + ":+1" * 100_000 + '"',
    "one with a fraction": "flavors: {}\na: 1" + ":1" * 1000 + ".0",
}


@pytest.mark.parametrize("name", BOMBS)
def test_an_mlmodel_file_takes_neither_much_time_nor_the_whole_process(name: str) -> None:
    with pytest.raises(DamagedData, match="no MLmodel file"):
        mlmodel.read_text(BOMBS[name])


def test_an_mlmodel_file_of_absurd_length_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "MLmodel").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(DamagedData, match=f"{1 << 40} bytes long"):
        mlmodel.read(tmp_path)


@pytest.mark.parametrize("part", ["inputs", "params"])
def test_a_signature_that_is_nested_too_deeply_is_told(part: str) -> None:
    deep = json.dumps({"flavors": {}, "signature": {part: "[" * 100_000}})
    with pytest.raises(DamagedData, match="no JSON"):
        mlmodel.read_text(deep)
