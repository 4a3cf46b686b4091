"""Keras 3 on PyTorch: by epochs, by steps in the user's run, and by the callback alone."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import report

tracker = report.tracker()
tracker.keras.autolog(log_models=False)

import keras
import numpy as np

rows = np.arange(64, dtype="float32").reshape(32, 2) / 64
target = rows.sum(1)


def model():
    # Each time, as a tracker may draw the name of a run from the same source.
    keras.utils.set_random_seed(1)
    made = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    made.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse", metrics=["mae"])
    return made


model().fit(rows, target, batch_size=8, epochs=3, validation_data=(rows[:16], target[:16]), verbose=0, callbacks=[])
tracker.keras.autolog(log_models=False, log_every_epoch=False, log_every_n_steps=2)
with tracker.start_run(tags={"mine": "yes"}):
    model().fit(rows, target, epochs=2, batch_size=8, verbose=0, callbacks=[])
tracker.keras.autolog(disable=True)
with tracker.start_run():
    model().fit(rows, target, epochs=2, verbose=0, callbacks=[tracker.keras.MlflowCallback()])
report.finish(tracker)
