"""The life of a trained model of Keras 3 on PyTorch."""

import keras
import life
import numpy as np

ROWS = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)


def asked(model):
    return model.predict(ROWS, verbose=0)


def test_it_lives_here_and_in_mlflow(tmp_path):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    model.fit(ROWS, ROWS.sum(1), epochs=2, verbose=0)
    life.live(tmp_path, life.Case("network", "keras", model, ROWS, asked(model), native=asked, served=True))
