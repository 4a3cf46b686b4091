"""TensorFlow's Keras and its modules, and Keras's graphs, led through their life."""

import life
import numpy as np
import tensorflow as tf

rows = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)


class Scaled(tf.Module):
    def __init__(self):
        super().__init__()
        self.factor = tf.Variable(1.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="rows")])
    def __call__(self, rows):
        return rows * self.factor


def asked(model):
    return model.predict(rows, verbose=0)


tf.keras.utils.set_random_seed(0)
model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(1)])
model.compile(optimizer="sgd", loss="mse")
model.fit(rows, rows.sum(1), epochs=2, verbose=0)
life.live("tensorflow", model, rows, asked(model), theirs={}, native=asked)

module = Scaled()
module.factor.assign(3.0)
life.live("tensorflow", module, rows, rows * 3, kind="module", theirs={}, native=lambda found: found(rows).numpy())

exported = {"save_exported_model": True}
signature = __import__("mlflow").models.infer_signature(rows, asked(model))
life.live("keras", model, rows, asked(model), kind="graph", ours=exported, theirs={**exported, "signature": signature})
life.finish()
