"""The life of one model: logged, registered, loaded by alias in a fresh process, served; and through MLflow, both ways."""

import importlib
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np

import treering


def live(flavour, model, question, expected, *, kind="", ours=None, theirs=None, native=None, served=True) -> None:
    """Fails unless the model answers `question` with `expected` wherever it is asked.

    Args:
        kind: Tells several models of one flavour apart.
        ours: Options of Treering's `log_model`.
        theirs: Options of MLflow's `save_model`; None where MLflow cannot save such a model.
        native: Called with what either one loads as the framework's own object.
        served: Whether to ask a fresh process and a server, too, which takes half a minute for a big library.
    """
    name = f"{flavour}-{kind}".strip("-")
    module = getattr(treering, flavour)
    with treering.start_run():
        info = module.log_model(model, name="model", registered_model_name=name, input_example=question, **(ours or {}))
    treering.MlflowClient().set_registered_model_alias(name, "champion", str(info.registered_model_version))
    uri = f"models:/{name}@champion"
    same(treering.pyfunc.load_model(uri).predict(question), expected, f"{name} loaded")
    if served:
        same(in_a_fresh_process(uri, question), expected, f"{name} in a fresh process")
        same(answer_of_a_server(uri, question), expected, f"{name} served")
    here, there = Path(f"ours-{name}"), Path(f"theirs-{name}")
    module.save_model(model, here, input_example=question, **(ours or {}))
    mlflow, other = importlib.import_module("mlflow"), importlib.import_module(f"mlflow.{flavour}")
    same(mlflow.pyfunc.load_model(str(here)).predict(question), expected, f"{name} in MLflow")
    found = [module.load_model(str(here)), other.load_model(str(here))]
    if theirs is not None:
        other.save_model(model, str(there), pip_requirements=["numpy"], **theirs)
        # Somebody else has made it, so it takes the user's word where there is code in it.
        same(treering.pyfunc.load_model(str(there), trust=True).predict(question), expected, f"{name} of MLflow")
        found.append(module.load_model(str(there), trust=True))
    for one in found:
        if native is not None:
            same(native(one), expected, f"{name}, the object itself")


def in_a_fresh_process(uri, question):
    """What a new Python answers, that has loaded nothing but the model."""
    done = subprocess.run(
        [sys.executable, __file__, uri], input=json.dumps(plain(question)), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def answer_of_a_server(uri, question):
    """What the model server answers."""
    # Treering runs from its sources here, and a server says which version it is.
    Path("treering-0.dist-info").mkdir(exist_ok=True)
    Path("treering-0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: treering\nVersion: 0\n")
    command = [sys.executable, "-m", "treering", "models", "serve", "-m", uri, "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = next(line for line in server.stdout if "/invocations" in line)
            address = next(word for word in line.split() if word.startswith("http"))
            body = json.dumps({"inputs": plain(question)}).encode()
            request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)["predictions"]
        finally:
            server.terminate()


def plain(value):
    """As JSON has it."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return plain(value.to_dict("records") if str(value.columns[0]) != "0" else value.to_numpy())
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value.tolist() if hasattr(value, "tolist") else value


def same(found, expected, where) -> None:
    """Fails unless both say the same, numbers to five places."""
    found, expected = plain(found), plain(expected)
    if isinstance(expected, dict):
        # A server lists the rows of an answer of several parts.
        assert isinstance(found, dict), (where, found)
        assert found.keys() == expected.keys(), (where, found)
        for key, one in expected.items():
            same(found[key], one, f"{where}, {key}")
    elif isinstance(expected, list) and expected and isinstance(expected[0], dict | str):
        assert len(found) == len(expected), (where, found, expected)
        for left, right in zip(found, expected, strict=True):
            same(left, right, where)
    elif isinstance(expected, str):
        assert found == expected, (where, found, expected)
    else:
        np.testing.assert_allclose(
            np.asarray(found, float), np.asarray(expected, float), rtol=1e-4, atol=1e-5, err_msg=where
        )


def finish() -> None:
    Path(os.environ["REPORT"]).write_text("[]")


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    sys.stdout.write(json.dumps(plain(treering.pyfunc.load_model(sys.argv[1]).predict(asked))))
