"""The suite of flavours over models of Keras 3 on PyTorch, and what is special to its files."""

from __future__ import annotations

import io
import zipfile

import h5py
import keras
import numpy as np
import pandas as pd
import pytest
from saving import SaveOptions, save

from treering.core.errors import DamagedData, InvalidInput, MissingExtra, PermissionDenied
from treering.models import keras_files
from treering.models.flavours.base import LoadOptions
from treering.models.loading import load, load_native
from treering.models.safety.scanning import CODE, scan
from treering.testing.flavours import FlavourSuite, Sample

ROWS = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
FORBIDDEN = LoadOptions(allow_code=False)
TRUSTED = LoadOptions(allow_code=True)
FILES = ("data/model.keras",)


@keras.saving.register_keras_serializable("tests")
class Doubled(keras.layers.Layer):
    def call(self, rows):
        return rows * 2


def sequential():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="relu"), keras.layers.Dense(1)])


@pytest.fixture(params=["sequential", "functional", "own layer"])
def sample(request):
    keras.utils.set_random_seed(0)
    model = sequential()
    if request.param != "sequential":
        start = keras.Input((3,))
        end = keras.layers.Dense(2)(start)
        if request.param == "own layer":
            end = Doubled()(end)
        model = keras.Model(start, end)
    return Sample(model, ROWS, model.predict(ROWS, verbose=0), FILES)


class TestKeras(FlavourSuite):
    flavour = "keras"


def test_the_model_tells_its_signature(tmp_path):
    saved = save("keras", sequential(), tmp_path / "m")
    (tensor,) = saved.signature.inputs.tensors()
    assert (tensor.dtype, tensor.shape) == (np.dtype("float32"), (-1, 3))


def test_a_lambda_layer_needs_the_users_word(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda rows: rows * 2)])
    save("keras", model, tmp_path / "m")
    with pytest.raises(PermissionDenied, match="Lambda"):
        load(tmp_path / "m", FORBIDDEN)
    np.testing.assert_allclose(load(tmp_path / "m", TRUSTED).predict(ROWS), ROWS * 2)


def test_a_class_that_is_not_known_is_told(tmp_path):
    class Unknown(keras.layers.Layer):
        def call(self, rows):
            return rows

    save("keras", keras.Sequential([keras.Input((3,)), Unknown()]), tmp_path / "m")
    with pytest.raises(DamagedData, match="custom_objects"):
        load_native(tmp_path / "m", "keras")
    given = LoadOptions(flavour={"custom_objects": {"Unknown": Unknown}})
    assert load_native(tmp_path / "m", "keras", given).predict(ROWS, verbose=0).shape == (4, 3)


def test_several_inputs_and_outputs_have_names(tmp_path):
    left, right = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    ends = {"sum": keras.layers.Add()([left, right]), "difference": keras.layers.Subtract()([left, right])}
    rows = {"left": ROWS, "right": ROWS * 2}
    save("keras", keras.Model({"left": left, "right": right}, ends), tmp_path / "m", SaveOptions(input_example=rows))
    found = load(tmp_path / "m").predict(rows)
    np.testing.assert_allclose(found["sum"], ROWS * 3, rtol=1e-6)
    np.testing.assert_allclose(found["difference"], -ROWS, rtol=1e-6)


def test_tables_and_lists_are_answered_in_kind(tmp_path):
    model = sequential()
    save("keras", model, tmp_path / "m")
    frame = pd.DataFrame(ROWS, index=list("abcd"))
    assert list(load(tmp_path / "m").predict(ROWS.tolist()).shape) == [4, 1]
    np.testing.assert_allclose(
        load(tmp_path / "m").predict(frame.to_numpy()), model.predict(ROWS, verbose=0), rtol=1e-5
    )


def test_an_exported_model_needs_tensorflow_and_the_users_word(tmp_path):
    with pytest.raises((MissingExtra, InvalidInput), match="TensorFlow"):
        save("keras", sequential(), tmp_path / "m", SaveOptions(flavour={"save_exported_model": True}))
    assert not (tmp_path / "m").exists()


def rewritten(path, change, packing=zipfile.ZIP_STORED):
    """Write a model's file again, after `change` was called with its parts by their names."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def escaping(parts):
    parts["assets/../../../evil.txt"] = b"evil"


def bomb(parts):
    parts["assets/bomb"] = bytes(64 << 20)


def absurd(parts):
    parts["config.json"] = parts["config.json"].replace(b'"units": 1,', b'"units": 1000000000000,')


def weights(change):
    """A change of the file that holds the weights."""

    def changed(parts):
        file = io.BytesIO(parts["model.weights.h5"])
        with h5py.File(file, "a") as found:
            group = found["layers/dense/vars"]
            del group["0"]
            change(group)
        parts["model.weights.h5"] = file.getvalue()

    return changed


@weights
def linked(group):
    group["0"] = h5py.ExternalLink("/etc/hostname", "/x")


@weights
def elsewhere(group):
    group.create_dataset("0", (3, 4), "float32", external=[("/etc/hostname", 0, 48)])


@weights
def huge(group):
    group.create_dataset("0", (10**6, 10**6), "float32", chunks=True)


@weights
def borrowed(group):
    layout = h5py.VirtualLayout((3, 4), "float32")
    layout[:] = h5py.VirtualSource("/etc/hostname", "x", (3, 4))
    group.create_virtual_dataset("0", layout)


@weights
def within_itself(group):
    group["0"] = group.parent


@pytest.mark.parametrize(
    ("change", "told"),
    [
        *((borrowed, "other files"), (within_itself, "cannot be read")),
        *((escaping, "outside"), (bomb, "unpack"), (absurd, "describes"), (linked, "other files")),
        *((elsewhere, "other files"), (huge, "absurd size")),
    ],
)
def test_a_hostile_file_is_not_read(tmp_path, change, told):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    save("keras", model, tmp_path / "m")
    rewritten(tmp_path / "m" / FILES[0], change, zipfile.ZIP_DEFLATED if change is bomb else zipfile.ZIP_STORED)
    with pytest.raises(DamagedData, match=told):
        load(tmp_path / "m", TRUSTED)


DISGUISES = [
    *(
        '"class_name": "Lambda"',
        '"class_name" :\n "Lambda"',
        '"class_name":"\\u004cambda"',
        '"cla\\u0073s_name":"Lambda"',
    ),
    *('"class_name": "keras>Lambda"', '"class_name": "TorchModuleWrapper"'),
]


@pytest.mark.parametrize("layer", DISGUISES)
@pytest.mark.parametrize("file", ["model.h5", "model.keras"])
def test_a_layer_with_code_is_found_however_it_is_written(tmp_path, layer, file):
    described = '{"class_name": "Sequential", "config": {"layers": [{' + layer + ', "config": {}}]}}'
    path = tmp_path / file
    if file == "model.h5":
        with h5py.File(path, "w") as found:
            found.attrs["model_config"] = described
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", described)
    with pytest.raises(PermissionDenied, match="layer with code"):
        keras_files.read_model(path, FORBIDDEN, None, {})
    assert [one.verdict for one in scan(path).findings] == [CODE]


def test_older_releases_of_keras_ask_first(tmp_path, monkeypatch):
    save("keras", sequential(), tmp_path / "m")
    monkeypatch.setattr(keras, "__version__", "3.8.0")
    with pytest.raises(PermissionDenied, match=r"Keras 3\.8\.0 imports what it names"):
        load(tmp_path / "m", FORBIDDEN)
