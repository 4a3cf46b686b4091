"""What autologging logs of trained networks: `fitted_models.py TRACKER` with Keras on PyTorch, and Lightning."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import report

tracker = report.tracker()
tracker.pytorch.autolog(registered_model_name="line", checkpoint=False)
tracker.keras.autolog(registered_model_name="dense")

import keras
import numpy as np
import torch

import networks

module = networks.Line()
networks.trainer(max_epochs=1, logger=False, enable_checkpointing=False).fit(module, networks.loader())
assert isinstance(tracker.pytorch.load_model("models:/line/1"), torch.nn.Module)
rows = np.arange(8, dtype="float32").reshape(4, 2)
found = tracker.pyfunc.load_model("models:/line/1")
with torch.no_grad():
    np.testing.assert_allclose(found.predict(rows), module.eval()(torch.from_numpy(rows)).numpy(), rtol=1e-5)
shown = found.metadata.signature.to_dict()

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile(optimizer="sgd", loss="mse")
model.fit(rows, rows.sum(1), epochs=1, verbose=0)
found = tracker.pyfunc.load_model("models:/dense/1")
np.testing.assert_allclose(found.predict(rows), model.predict(rows, verbose=0), rtol=1e-5)
models = tracker.search_logged_models(output_format="list")
# What was measured in a training is known of its model.
measured = sorted(sorted({metric.key for metric in one.metrics}) for one in models)
report.finish(tracker, measured=measured, signatures=[shown, found.metadata.signature.to_dict()])
