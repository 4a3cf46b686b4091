"""The suite of flavours over TensorFlow's Keras and modules, and Keras's graphs for TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from saving import SaveOptions, save

from treering.core.errors import InvalidInput, PermissionDenied
from treering.models.flavours.base import LoadOptions
from treering.models.loading import load, load_native
from treering.testing.flavours import FlavourSuite, Sample

ROWS = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
FORBIDDEN = LoadOptions(allow_code=False)
TRUSTED = LoadOptions(allow_code=True)


class Scaled(tf.Module):
    def __init__(self):
        super().__init__()
        self.factor = tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="rows")])
    def __call__(self, rows):
        return rows * self.factor


def network():
    return tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2), tf.keras.layers.Dense(1)])


@pytest.fixture(params=["keras", "h5", "module"])
def sample(request):
    tf.keras.utils.set_random_seed(0)
    if request.param == "module":
        return Sample(Scaled(), ROWS, ROWS * 2, ("tf2model/saved_model.pb",))
    model = network()
    kwargs = {"keras_model_kwargs": {"save_format": "h5"}} if request.param == "h5" else {}
    return Sample(model, ROWS, model.predict(ROWS, verbose=0), (f"data/model.{request.param}",), kwargs)


class TestTensorflow(FlavourSuite):
    flavour = "tensorflow"


def test_a_graph_needs_the_users_word(tmp_path):
    save("tensorflow", Scaled(), tmp_path / "m")
    with pytest.raises(PermissionDenied, match="graph"):
        load(tmp_path / "m", FORBIDDEN)


def test_keras_is_read_where_no_code_may_run(tmp_path):
    save("tensorflow", network(), tmp_path / "m")
    assert load(tmp_path / "m", FORBIDDEN).predict(ROWS).shape == (4, 1)


class Tripled(tf.keras.layers.Layer):
    def call(self, rows):
        return rows * 3


def test_custom_objects_go_along_and_need_the_users_word(tmp_path):
    model = tf.keras.Sequential([tf.keras.Input((3,)), Tripled()])
    save("tensorflow", model, tmp_path / "m", SaveOptions(flavour={"custom_objects": {"Tripled": Tripled}}))
    with pytest.raises(PermissionDenied):
        load(tmp_path / "m", FORBIDDEN)
    np.testing.assert_allclose(load(tmp_path / "m", TRUSTED).predict(ROWS), ROWS * 3, rtol=1e-6)


def test_keras_exported_as_a_graph(tmp_path):
    model = network()
    save("keras", model, tmp_path / "m", SaveOptions(flavour={"save_exported_model": True}))
    with pytest.raises(PermissionDenied, match="graph"):
        load(tmp_path / "m", FORBIDDEN)
    np.testing.assert_allclose(load(tmp_path / "m", TRUSTED).predict(ROWS), model.predict(ROWS, verbose=0), rtol=1e-5)
    assert hasattr(load_native(tmp_path / "m", "keras", TRUSTED), "serve")


def test_a_format_that_keras_does_not_write(tmp_path):
    with pytest.raises(InvalidInput, match="npz"):
        save(
            "tensorflow", network(), tmp_path / "m", SaveOptions(flavour={"keras_model_kwargs": {"save_format": "npz"}})
        )


def test_a_lambda_layer_in_the_old_format_needs_the_users_word(tmp_path):
    model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Lambda(lambda rows: rows * 2)])
    save("tensorflow", model, tmp_path / "m", SaveOptions(flavour={"keras_model_kwargs": {"save_format": "h5"}}))
    with pytest.raises(PermissionDenied, match="Lambda"):
        load(tmp_path / "m", FORBIDDEN)
    np.testing.assert_allclose(load(tmp_path / "m", TRUSTED).predict(ROWS), ROWS * 2, rtol=1e-6)
