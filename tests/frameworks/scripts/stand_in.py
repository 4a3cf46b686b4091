"""Gives a library the MLflow that the test asked for, under MLflow's name."""

import importlib
import sys


def tracker():
    if sys.argv[1] == "treering":
        importlib.import_module("treering").install_as_mlflow()
    found = importlib.import_module("mlflow")
    assert (sys.argv[1] == "treering") == ("treering" in sys.modules)
    return found
