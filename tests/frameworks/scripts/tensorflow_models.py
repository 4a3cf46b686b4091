"""The life of TensorFlow's Keras and modules, and of Keras's graphs."""

from importlib import import_module

import life
import numpy as np
import tensorflow as tf

ROWS = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)


class Scaled(tf.Module):
    def __init__(self):
        super().__init__()
        self.factor = tf.Variable(1.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="rows")])
    def __call__(self, rows):
        return rows * self.factor


def asked(model):
    return model.predict(ROWS, verbose=0)


def test_they_live_here_and_in_mlflow(tmp_path):
    tf.keras.utils.set_random_seed(0)
    model, module = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(1)]), Scaled()
    model.compile(optimizer="sgd", loss="mse")
    model.fit(ROWS, ROWS.sum(1), epochs=2, verbose=0)
    module.factor.assign(3.0)
    exported = {"save_exported_model": True}
    signature = import_module("mlflow.models").infer_signature(ROWS, asked(model))
    life.live(
        tmp_path,
        life.Case("network", "tensorflow", model, ROWS, asked(model), native=asked),
        life.Case(
            "module", "tensorflow", module, ROWS, ROWS * 3,
            kind=object, native=lambda found: found(ROWS).numpy(), trust=True, served=True,
        ),
        life.Case(
            "graph", "keras", model, ROWS, asked(model),
            kind=object, options=exported, theirs={"signature": signature}, trust=True,
        ),
    )  # fmt: skip
