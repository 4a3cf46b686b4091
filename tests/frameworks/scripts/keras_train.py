"""Keras 3 on PyTorch: by epochs, by steps in the user's run, and by the callback alone."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import report

tracker = report.tracker()
tracker.keras.autolog(log_models=False)

import keras
import numpy as np

keras.utils.set_random_seed(1)
rows = np.arange(64, dtype="float32").reshape(32, 2) / 64
target = rows.sum(1)


def model():
    made = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    made.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse", metrics=["mae"])
    return made


model().fit(rows, target, batch_size=8, epochs=3, validation_data=(rows, target), verbose=0, callbacks=[])
tracker.keras.autolog(log_models=False, log_every_epoch=False, log_every_n_steps=2)
with tracker.start_run(tags={"mine": "yes"}):
    model().fit(rows, target, epochs=2, batch_size=8, verbose=0, callbacks=[])
tracker.keras.autolog(disable=True)
with tracker.start_run():
    model().fit(rows, target, epochs=2, verbose=0, callbacks=[tracker.keras.MlflowCallback()])
report.finish(tracker)
