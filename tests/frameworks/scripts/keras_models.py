"""Models of Keras 3 on PyTorch, trained, and led through their life."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import life
import numpy as np

rows = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)


def asked(model):
    return model.predict(rows, verbose=0)


keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
model.compile(optimizer="sgd", loss="mse")
model.fit(rows, rows.sum(1), epochs=2, verbose=0)
life.live("keras", model, rows, asked(model), theirs={}, native=asked)
life.finish()
