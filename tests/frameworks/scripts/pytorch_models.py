"""Networks of PyTorch: the suite of flavours, what is special to its files, and their life."""

from __future__ import annotations

import importlib
import warnings
import zipfile
from functools import partial

import life
import lightning
import numpy as np
import pandas as pd
import pytest
import torch

import networks
import treering
from treering.core.errors import DamagedData, InvalidInput, PermissionDenied
from treering.models.flavours.base import LoadOptions
from treering.models.folder import SaveOptions, save
from treering.models.loading import load, load_native
from treering.models.safety.scanning import scan
from treering.testing.flavours import FlavourSuite, Sample

# To see what a class of the test's own imports takes a process that loads the framework.
quick = partial(SaveOptions, watch=0)
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


def answer(model, rows=ROWS):
    if not isinstance(model, torch.fx.GraphModule):
        model.eval()
    with torch.no_grad():
        return model(torch.from_numpy(rows)).numpy()


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
    save("pytorch", plain(), tmp_path / "m", quick())
    assert isinstance(load_native(tmp_path / "m", "pytorch", FORBIDDEN), torch.nn.Sequential)


def test_a_class_of_the_user_is_traced_with_an_example(tmp_path):
    model = Own().train()
    save("pytorch", model, tmp_path / "m", quick(input_example=ROWS[:1]))
    assert model.training
    assert model.drop.training
    assert (tmp_path / "m" / GRAPH[0]).exists()
    loaded = load(tmp_path / "m", FORBIDDEN)
    # For any number of rows, though there was one in the example; and without the dropout of training.
    np.testing.assert_allclose(loaded.predict(ROWS), answer(model), rtol=1e-5)
    np.testing.assert_allclose(loaded.predict(ROWS[:1]), answer(model)[:1], rtol=1e-5)


def test_a_class_of_the_user_without_example_needs_the_users_word(tmp_path):
    save("pytorch", Own(), tmp_path / "m", quick())
    with pytest.raises(PermissionDenied, match="pt2"):
        load(tmp_path / "m", FORBIDDEN)


def test_what_the_user_saved_himself_needs_no_word(tmp_path):
    save("pytorch", Own(), tmp_path / "m", quick(own=tmp_path / "own"))
    assert load(tmp_path / "m", LoadOptions(own=tmp_path / "own")).predict(ROWS).shape == (4, 2)


def test_what_is_named_is_trusted(tmp_path, monkeypatch):
    (tmp_path / "my_nets.py").write_text("import torch\nclass Net(torch.nn.Linear):\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    save("pytorch", importlib.import_module("my_nets").Net(3, 2), tmp_path / "m", quick(flavour={}, code_paths=[]))
    with pytest.raises(PermissionDenied):
        load(tmp_path / "m", FORBIDDEN)
    torch.save(importlib.import_module("my_nets").Net(3, 2), tmp_path / "m" / PICKLE[0])
    with pytest.raises(PermissionDenied, match=r"my_nets\.Net"):
        load(tmp_path / "m", FORBIDDEN)
    assert load(tmp_path / "m", LoadOptions(allow_code=False, trust=("my_nets.*",))).predict(ROWS).shape == (4, 2)


def test_formats_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(InvalidInput, match="input_example"):
        save("pytorch", plain(), tmp_path / "m", quick(flavour={"serialization_format": "pt2"}))
    with pytest.raises(InvalidInput, match="pt2"):
        save("pytorch", plain(), tmp_path / "m", quick(flavour={"serialization_format": "onnx"}))


class Several(torch.nn.Module):
    def forward(self, left, right):
        return {"sum": left + right, "difference": left - right}


@pytest.mark.parametrize("kind", ["pt2", "pickle"])
def test_several_inputs_and_outputs_have_names(tmp_path, kind):
    rows = {"left": ROWS, "right": ROWS * 2}
    options = quick(input_example=rows, flavour={"serialization_format": kind})
    save("pytorch", Several(), tmp_path / "m", options)
    found = load(tmp_path / "m", TRUSTED).predict(rows)
    np.testing.assert_allclose(found["sum"], ROWS * 3)
    np.testing.assert_allclose(found["difference"], -ROWS)


class Evil:
    def __reduce__(self):
        return (print, ("code has run",))


@pytest.mark.parametrize(
    "part", ["data/sample_inputs/model.pt", "data/constants/custom_obj_0", "data/aotinductor/x.so"]
)
def test_a_graph_with_a_pickle_in_it_is_refused(tmp_path, part, capsys):
    save("pytorch", Own(), tmp_path / "m", quick(input_example=ROWS))
    path = tmp_path / "m" / GRAPH[0]
    torch.save(Evil(), tmp_path / "evil")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    root = next(iter(parts)).partition("/")[0]
    parts[f"{root}/{part}"] = (tmp_path / "evil").read_bytes()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(PermissionDenied, match="no plain data"):
        load(tmp_path / "m", FORBIDDEN)
    assert "code has run" not in capsys.readouterr().out


def test_a_pickle_that_calls_is_refused(tmp_path, capsys):
    save("pytorch", plain(), tmp_path / "m", quick())
    torch.save(Evil(), tmp_path / "m" / PICKLE[0])
    with pytest.raises(PermissionDenied, match="print"):
        load(tmp_path / "m", FORBIDDEN)
    assert "code has run" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["os.system", "torch.nn.modules.module.warnings", "torch.nn.functional.warnings"])
def test_a_name_beside_the_layers_is_refused(tmp_path, name):
    module, _, attribute = name.rpartition(".")
    save("pytorch", plain(), tmp_path / "m", quick())
    path = tmp_path / "m" / PICKLE[0]
    with zipfile.ZipFile(path) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    root = next(iter(parts)).partition("/")[0]
    parts[f"{root}/data.pkl"] = b"\x80\x02c" + f"{module}\n{attribute}\n".encode() + b"q\x00."
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for one, content in parts.items():
            archive.writestr(one, content)
    with pytest.raises(PermissionDenied, match=attribute):
        load(tmp_path / "m", FORBIDDEN)


def test_a_path_that_leads_out_of_the_model_is_refused(tmp_path):
    save("pytorch", plain(), tmp_path / "m", quick())
    (tmp_path / "data").mkdir()
    text = (tmp_path / "m" / "MLmodel").read_text()
    (tmp_path / "m" / "MLmodel").write_text(text.replace("model_data: data", "model_data: ../data"))
    with pytest.raises(DamagedData, match="not inside"):
        load(tmp_path / "m")


def test_tables_and_lists_are_answered_in_kind(tmp_path):
    save("pytorch", plain(), tmp_path / "m", quick())
    model = load(tmp_path / "m")
    frame = pd.DataFrame(ROWS.astype("float64"), index=list("abcd"))
    found = model.predict(frame)
    assert list(found.index) == list("abcd")
    np.testing.assert_allclose(found.to_numpy(), answer(plain()), rtol=1e-5)
    np.testing.assert_allclose(model.predict(ROWS.tolist()), answer(plain()), rtol=1e-5)


def test_the_device_is_chosen_when_loading(tmp_path):
    save("pytorch", plain(), tmp_path / "m", quick())
    load(tmp_path / "m", LoadOptions(model_config={"device": "cpu"}))
    with pytest.raises(InvalidInput, match="device"):
        load(tmp_path / "m", LoadOptions(model_config={"device": "meta:7x"}))


@pytest.mark.parametrize("kind", ["layers", "graph"])
def test_a_scan_finds_nothing_where_no_code_is_run(tmp_path, kind):
    model, options = (plain(), quick()) if kind == "layers" else (Own(), quick(input_example=ROWS))
    save("pytorch", model, tmp_path / "m", options)
    assert scan(tmp_path / "m").is_safe
    load(tmp_path / "m", FORBIDDEN)


def test_a_scan_finds_the_classes_of_others(tmp_path):
    save("pytorch", Own(), tmp_path / "m", quick())
    assert not scan(tmp_path / "m").is_safe


def test_an_example_may_be_a_tensor(tmp_path):
    saved = save("pytorch", Own(), tmp_path / "m", quick(input_example=torch.from_numpy(ROWS)))
    assert saved.signature.inputs.tensors()[0].shape == (-1, 3)
    assert (tmp_path / "m" / GRAPH[0]).exists()


def trained():
    model = plain()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(torch.from_numpy(ROWS)), torch.ones(4, 2)).backward()
        optimizer.step()
    return model.eval()


def test_they_live_here_and_in_mlflow(tmp_path):
    model, line, pairs = trained(), networks.Line(), ROWS[:, :2]
    trainer = networks.trainer(max_epochs=2, logger=False, enable_checkpointing=False)
    trainer.fit(line, networks.loader(), networks.loader())
    graph, pickled = {"serialization_format": "pt2"}, {"serialization_format": "pickle"}
    life.live(
        tmp_path,
        life.Case("layers", "pytorch", model, ROWS, answer(model), native=answer, theirs=pickled, trust=True),
        life.Case(
            "graph", "pytorch", model, ROWS, answer(model),
            kind=torch.nn.Module, options=graph, theirs={"input_example": ROWS}, served=True,
        ),
        life.Case(
            "lightning", "pytorch", line, pairs, answer(line, pairs),
            kind=torch.nn.Module, theirs={**pickled, "code_paths": [networks.__file__]}, trust=True,
        ),
    )  # fmt: skip


def test_a_state_dictionary_is_logged_and_loaded():
    state = plain().state_dict()
    with treering.start_run() as run:
        treering.pytorch.log_state_dict(state, "weights")
    found = treering.pytorch.load_state_dict(f"runs:/{run.info.run_id}/weights")
    assert all(torch.equal(found[name], value) for name, value in state.items())
