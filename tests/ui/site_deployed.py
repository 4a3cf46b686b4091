"""A deployment that is real: three versions of a model, a server beside them, and somebody who asks without end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from treering.deployments import running as keeping
from ui.site_server import running

__all__ = ["Place", "asking", "deployed"]

MODELS = '''
from pathlib import Path

import numpy as np
from sklearn.linear_model import LinearRegression

import treering

WORSE = """
import treering


class Worse(treering.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        raise RuntimeError("It cannot say.")


treering.models.set_model(Worse())
"""
Path("worse.py").write_text(WORSE)
treering.set_experiment("iris")
for number in (1.0, 2.0):
    model = LinearRegression()
    model.coef_, model.intercept_, model.n_features_in_ = np.zeros(2), number, 2
    with treering.start_run():
        treering.sklearn.log_model(model, name="model", input_example=np.zeros((1, 2)), registered_model_name="iris")
with treering.start_run():
    treering.pyfunc.log_model(name="model", python_model="worse.py", registered_model_name="iris")
'''
"""The first two answer with their number, the third with an error."""

PATIENCE = 120
BODY = b'{"inputs": [[1.0, 2.0]]}'


class Place:
    """Where it is deployed from: a home with its database, which the server at `url` shows."""

    def __init__(self, home: Path, url: str, variables: Mapping[str, str]) -> None:
        self.url = url
        self._home = home
        self._variables = variables

    def call(self, *words: str) -> str:
        """What a command of Treering prints."""
        command = [str(Path(sys.executable).with_name("treering")), *words]
        done = subprocess.run(
            command, cwd=self._home, env=self._variables, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def deploy(self, version: int, name: str, *more: str) -> str:
        """Put a version there; the address where it is asked."""
        return str(
            json.loads(self.call("deploy", f"models:/iris/{version}", "--name", name, "--json", *more))["address"]
        )


@contextmanager
def deployed(home: Path) -> Iterator[Place]:
    """A place with three versions of the model `iris`, of which none is deployed yet; all that is gets ended."""
    own = {
        "TREERING_HOME": str(home / "home"),
        "TREERING_TRACKING_URI": f"sqlite:///{home / 'treering.db'}",
        "TREERING_USER": "ada",
    }
    variables = os.environ | own
    subprocess.run([sys.executable, "-c", MODELS], cwd=home, env=variables, timeout=PATIENCE, check=True)
    before = os.environ.get("TREERING_HOME")
    os.environ["TREERING_HOME"] = own["TREERING_HOME"]
    try:
        with running(home) as url:
            yield Place(home, url, variables)
    finally:
        if before is None:
            del os.environ["TREERING_HOME"]
        else:
            os.environ["TREERING_HOME"] = before
        for kept in (home / "home" / "deployments" / "local").glob("*"):
            keeping.end(kept)


@contextmanager
def asking(address: str) -> Iterator[list[int]]:
    """Asks `address` without end while the block goes on; the statuses of the answers."""
    statuses: list[int] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.wait(0.005):
            request = urllib.request.Request(f"{address}/invocations", BODY, {"content-type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    answer.read()
                    statuses.append(answer.status)
            except urllib.error.HTTPError as error:
                error.close()
                statuses.append(error.code)

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        yield statuses
    finally:
        stop.set()
        asker.join()
