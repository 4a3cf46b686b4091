"""The suite of flavours over networks of PyTorch, and what is special to its files."""

from __future__ import annotations

import importlib
import json
import warnings
import zipfile

import lightning
import numpy as np
import pandas as pd
import pytest
import torch
from saving import SaveOptions, save

from treering.core.errors import DamagedData, InvalidInput, PermissionDenied
from treering.models.flavours.base import LoadOptions
from treering.models.loading import load, load_native
from treering.models.safety.scanning import scan
from treering.testing.flavours import FlavourSuite, Sample

ROWS = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
FORBIDDEN = LoadOptions(allow_code=False)
TRUSTED = LoadOptions(allow_code=True)
GRAPH, PICKLE = ("data/model.pt2",), ("data/model.pth",)


class Own(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(3, 4)
        self.drop = torch.nn.Dropout(0.5)
        self.last = torch.nn.Linear(4, 2)

    def forward(self, rows):
        return self.last(self.drop(torch.relu(self.first(rows))))


class Light(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)

    def forward(self, rows):
        return self.layer(rows)


def plain():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.ReLU(), torch.nn.Linear(4, 2))


def answer(model):
    model.eval()
    with torch.no_grad():
        return model(torch.from_numpy(ROWS)).numpy()


@pytest.fixture(params=["layers", "own class", "lightning", "script"])
def sample(request):
    match request.param:
        case "layers":
            model = plain()
        case "own class":
            model = Own()
        case "lightning":
            model = Light()
        case "script":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = torch.jit.script(plain().eval())
    return Sample(model, ROWS, answer(model), PICKLE)


class TestPytorch(FlavourSuite):
    flavour = "pytorch"


def test_layers_of_pytorch_are_read_where_no_code_may_run(tmp_path):
    save("pytorch", plain(), tmp_path / "m")
    assert isinstance(load_native(tmp_path / "m", "pytorch", FORBIDDEN), torch.nn.Sequential)


def test_a_class_of_the_user_is_traced_with_an_example(tmp_path):
    model = Own().train()
    save("pytorch", model, tmp_path / "m", SaveOptions(input_example=ROWS[:1]))
    assert model.training
    assert model.drop.training
    assert (tmp_path / "m" / GRAPH[0]).exists()
    loaded = load(tmp_path / "m", FORBIDDEN)
    # For any number of rows, though there was one in the example; and without the dropout of training.
    np.testing.assert_allclose(loaded.predict(ROWS), answer(model), rtol=1e-5)
    np.testing.assert_allclose(loaded.predict(ROWS[:1]), answer(model)[:1], rtol=1e-5)


def test_a_class_of_the_user_without_example_needs_the_users_word(tmp_path):
    save("pytorch", Own(), tmp_path / "m")
    with pytest.raises(PermissionDenied, match="pt2"):
        load(tmp_path / "m", FORBIDDEN)


def test_what_the_user_saved_himself_needs_no_word(tmp_path):
    save("pytorch", Own(), tmp_path / "m", SaveOptions(own=tmp_path / "own"))
    assert load(tmp_path / "m", LoadOptions(own=tmp_path / "own")).predict(ROWS).shape == (4, 2)


def test_what_is_named_is_trusted(tmp_path, monkeypatch):
    (tmp_path / "my_nets.py").write_text("import torch\nclass Net(torch.nn.Linear):\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    save(
        "pytorch", importlib.import_module("my_nets").Net(3, 2), tmp_path / "m", SaveOptions(flavour={}, code_paths=[])
    )
    with pytest.raises(PermissionDenied):
        load(tmp_path / "m", FORBIDDEN)
    torch.save(importlib.import_module("my_nets").Net(3, 2), tmp_path / "m" / PICKLE[0])
    with pytest.raises(PermissionDenied, match=r"my_nets\.Net"):
        load(tmp_path / "m", FORBIDDEN)
    assert load(tmp_path / "m", LoadOptions(allow_code=False, trust=("my_nets.*",))).predict(ROWS).shape == (4, 2)


def test_formats_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(InvalidInput, match="input_example"):
        save("pytorch", plain(), tmp_path / "m", SaveOptions(flavour={"serialization_format": "pt2"}))
    with pytest.raises(InvalidInput, match="pt2"):
        save("pytorch", plain(), tmp_path / "m", SaveOptions(flavour={"serialization_format": "onnx"}))


class Several(torch.nn.Module):
    def forward(self, left, right):
        return {"sum": left + right, "difference": left - right}


@pytest.mark.parametrize("kind", ["pt2", "pickle"])
def test_several_inputs_and_outputs_have_names(tmp_path, kind):
    rows = {"left": ROWS, "right": ROWS * 2}
    options = SaveOptions(input_example=rows, flavour={"serialization_format": kind})
    save("pytorch", Several(), tmp_path / "m", options)
    found = load(tmp_path / "m", TRUSTED).predict(rows)
    np.testing.assert_allclose(found["sum"], ROWS * 3)
    np.testing.assert_allclose(found["difference"], -ROWS)


class Evil:
    def __reduce__(self):
        return (print, ("code has run",))


def rewritten(path, change, packing=zipfile.ZIP_STORED):
    """Write an archive again, after `change` was called with its parts by their names."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts, next(iter(parts)).partition("/")[0])
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def described(parts, root, change):
    name = f"{root}/models/model.json"
    found = json.loads(parts[name])
    change(found)
    parts[name] = json.dumps(found).encode()


RUN = "__import__('builtins').print('code has run')"


def size_that_runs(found):
    values = [found]
    while values:
        one = values.pop()
        if isinstance(one, dict) and "expr_str" in one:
            one["expr_str"] = f"{RUN} or Integer(2)"
        values += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()


def guard_that_runs(found):
    found["guards_code"] = [f"{RUN} is None"]


def operator_that_runs(found):
    found["graph_module"]["graph"]["nodes"][0]["target"] = "torch.os.system"


@pytest.mark.parametrize("change", [size_that_runs, guard_that_runs, operator_that_runs])
def test_a_graph_that_would_run_python_is_refused(tmp_path, change, capsys):
    class Sized(torch.nn.Module):
        def forward(self, rows):
            return rows.reshape(-1) * (rows.shape[0] * 2)

    save("pytorch", Sized(), tmp_path / "m", SaveOptions(input_example=ROWS, flavour={"export_model": True}))
    assert scan(tmp_path / "m").is_safe
    rewritten(tmp_path / "m" / GRAPH[0], lambda parts, root: described(parts, root, change))
    with pytest.raises(PermissionDenied, match="no plain data"):
        load(tmp_path / "m", FORBIDDEN)
    assert not scan(tmp_path / "m").is_safe
    assert "code has run" not in capsys.readouterr().out


def bomb(parts, root):
    parts[f"{root}/data/bomb"] = bytes(50 << 20)


@pytest.mark.parametrize("file", [GRAPH[0], PICKLE[0]])
def test_an_archive_that_is_packed_is_not_read(tmp_path, file):
    example = ROWS if file == GRAPH[0] else None
    save("pytorch", Own() if example is not None else plain(), tmp_path / "m", SaveOptions(input_example=example))
    rewritten(tmp_path / "m" / file, bomb, zipfile.ZIP_DEFLATED)
    with pytest.raises(DamagedData, match="packed"):
        load(tmp_path / "m", FORBIDDEN)


def test_an_archive_behind_something_else_is_not_read(tmp_path):
    save("pytorch", plain(), tmp_path / "m")
    path = tmp_path / "m" / PICKLE[0]
    path.write_bytes(b"PK\x03\x04" + bytes(60) + path.read_bytes())
    with pytest.raises(DamagedData):
        load(tmp_path / "m", FORBIDDEN)


def test_a_tensor_that_is_larger_than_its_file_is_told(tmp_path):
    save("pytorch", torch.nn.Linear(3, 2), tmp_path / "m")

    def change(parts, root):
        # The number of elements of the weights, and their shape.
        pickled = parts[f"{root}/data.pkl"].replace(b"K\x06t", b"J\x00\xe1\xf5\x05t")
        parts[f"{root}/data.pkl"] = pickled.replace(b"K\x02K\x03\x86", b"J\x40\x42\x0f\x00K\x64\x86")

    before = (tmp_path / "m" / PICKLE[0]).read_bytes()
    rewritten(tmp_path / "m" / PICKLE[0], change)
    assert (tmp_path / "m" / PICKLE[0]).read_bytes() != before
    with pytest.raises(DamagedData):
        load(tmp_path / "m", FORBIDDEN)


@pytest.mark.parametrize(
    "part", ["data/sample_inputs/model.pt", "data/constants/custom_obj_0", "data/aotinductor/x.so"]
)
def test_a_graph_with_a_pickle_in_it_is_refused(tmp_path, part, capsys):
    save("pytorch", Own(), tmp_path / "m", SaveOptions(input_example=ROWS))
    torch.save(Evil(), tmp_path / "evil")
    evil = (tmp_path / "evil").read_bytes()
    rewritten(tmp_path / "m" / GRAPH[0], lambda parts, root: parts.update({f"{root}/{part}": evil}))
    with pytest.raises(PermissionDenied, match="no plain data"):
        load(tmp_path / "m", FORBIDDEN)
    assert "code has run" not in capsys.readouterr().out


def test_a_pickle_that_calls_is_refused(tmp_path, capsys):
    save("pytorch", plain(), tmp_path / "m")
    torch.save(Evil(), tmp_path / "m" / PICKLE[0])
    with pytest.raises(PermissionDenied, match="print"):
        load(tmp_path / "m", FORBIDDEN)
    assert "code has run" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["os.system", "torch.nn.modules.module.warnings", "torch.nn.functional.warnings"])
def test_a_name_beside_the_layers_is_refused(tmp_path, name):
    module, _, attribute = name.rpartition(".")
    save("pytorch", plain(), tmp_path / "m")
    pickled = b"\x80\x02c" + f"{module}\n{attribute}\n".encode() + b"q\x00."
    rewritten(tmp_path / "m" / PICKLE[0], lambda parts, root: parts.update({f"{root}/data.pkl": pickled}))
    with pytest.raises(PermissionDenied, match=attribute):
        load(tmp_path / "m", FORBIDDEN)


def test_a_path_that_leads_out_of_the_model_is_refused(tmp_path):
    save("pytorch", plain(), tmp_path / "m")
    (tmp_path / "data").mkdir()
    text = (tmp_path / "m" / "MLmodel").read_text()
    (tmp_path / "m" / "MLmodel").write_text(text.replace("model_data: data", "model_data: ../data"))
    with pytest.raises(DamagedData, match="not inside"):
        load(tmp_path / "m")


def test_tables_and_lists_are_answered_in_kind(tmp_path):
    save("pytorch", plain(), tmp_path / "m")
    model = load(tmp_path / "m")
    frame = pd.DataFrame(ROWS.astype("float64"), index=list("abcd"))
    found = model.predict(frame)
    assert list(found.index) == list("abcd")
    np.testing.assert_allclose(found.to_numpy(), answer(plain()), rtol=1e-5)
    np.testing.assert_allclose(model.predict(ROWS.tolist()), answer(plain()), rtol=1e-5)


def test_the_device_is_chosen_when_loading(tmp_path):
    save("pytorch", plain(), tmp_path / "m")
    load(tmp_path / "m", LoadOptions(model_config={"device": "cpu"}))
    with pytest.raises(InvalidInput, match="device"):
        load(tmp_path / "m", LoadOptions(model_config={"device": "meta:7x"}))


def test_the_device_comes_from_the_environment_unless_the_caller_says(tmp_path):
    save("pytorch", plain(), tmp_path / "m")
    with pytest.raises(InvalidInput, match="nowhere"):
        load(tmp_path / "m", LoadOptions(device="nowhere"))
    load(tmp_path / "m", LoadOptions(device="nowhere", model_config={"device": "cpu"})).predict(ROWS)


@pytest.mark.parametrize("kind", ["layers", "graph"])
def test_a_scan_finds_nothing_where_no_code_is_run(tmp_path, kind):
    model, options = (plain(), None) if kind == "layers" else (Own(), SaveOptions(input_example=ROWS))
    save("pytorch", model, tmp_path / "m", options)
    assert scan(tmp_path / "m").is_safe
    load(tmp_path / "m", FORBIDDEN)


def test_a_scan_finds_the_classes_of_others(tmp_path):
    save("pytorch", Own(), tmp_path / "m")
    assert not scan(tmp_path / "m").is_safe


def test_an_example_may_be_a_tensor(tmp_path):
    saved = save("pytorch", Own(), tmp_path / "m", SaveOptions(input_example=torch.from_numpy(ROWS)))
    assert saved.signature.inputs.tensors()[0].shape == (-1, 3)
    assert (tmp_path / "m" / GRAPH[0]).exists()
