"""A model of TensorFlow's Keras, logged when it is fitted: of arrays, and read again by MLflow as well."""

import importlib

import report

tracker = report.tracker()
tracker.tensorflow.autolog(registered_model_name="dense", checkpoint=False, log_input_examples=True)

import numpy as np
import tensorflow as tf

rows = np.arange(8, dtype="float32").reshape(4, 2)
model = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
model.compile(optimizer="sgd", loss="mse")
model.fit(tf.data.Dataset.from_tensor_slices((rows, rows.sum(1))).batch(2), epochs=1, verbose=0)
found = tracker.pyfunc.load_model("models:/dense/1")
np.testing.assert_allclose(found.predict(rows), model.predict(rows, verbose=0), rtol=1e-5)
assert found.signature.inputs.tensors()[0].shape == (-1, 2)
there = importlib.import_module("mlflow").pyfunc.load_model(str(found.folder))
np.testing.assert_allclose(there.predict(rows), model.predict(rows, verbose=0), rtol=1e-5)
report.finish(tracker)
