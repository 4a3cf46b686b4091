"""Models of H2O, on a server that this starts; a process that loads a model elsewhere starts one of its own."""

import socket

import h2o
import life
import pandas as pd
import pytest
from h2o.estimators import H2OGeneralizedLinearEstimator, H2OGradientBoostingEstimator

from treering.core.errors import DamagedData, InvalidInput, PermissionDenied
from treering.models.flavours.base import LoadOptions
from treering.models.folder import SaveOptions, save
from treering.models.loading import load
from treering.testing.flavours import FlavourSuite, Sample

ROWS = pd.DataFrame({"a": [0.0, 1, 2, 3, 4, 5] * 5, "b": [1.0, 0, 1, 0, 1, 0] * 5, "label": [*"xxyxyy"] * 5})
FEW = ROWS[["a", "b"]].head(4)


def free_port() -> int:
    """One that is free with the next, for H2O takes two."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


SMALL = {"nthreads": 1, "max_mem_size": "500m", "strict_version_check": False}
PORT = free_port()
h2o.init(port=PORT, verbose=False, **SMALL)
SERVER = h2o.connection().local_server
h2o.no_progress()
FRAME = h2o.H2OFrame(ROWS)
FRAME["label"] = FRAME["label"].asfactor()
CLASSES = H2OGradientBoostingEstimator(ntrees=3, min_rows=1, seed=1)
CLASSES.train(["a", "b"], "label", FRAME)
LINEAR = H2OGeneralizedLinearEstimator(family="gaussian", seed=1)
LINEAR.train(["b"], "a", FRAME)


def answer(model, rows):
    return model.predict(h2o.H2OFrame(rows)).as_data_frame()


@pytest.fixture(params=["classes", "linear"], scope="module")
def sample(request):
    model = CLASSES if request.param == "classes" else LINEAR
    return Sample(model, FEW, answer(model, FEW), (f"model.h2o/{model.model_id}",))


class TestH2o(FlavourSuite):
    flavour = "h2o"


def test_what_is_not_trained_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="train"):
        save("h2o", H2OGeneralizedLinearEstimator(), tmp_path / "m")


def test_no_path_of_this_machine_is_written(tmp_path):
    save("h2o", LINEAR, tmp_path / "m")
    assert str(tmp_path) not in (tmp_path / "m/model.h2o/h2o.yaml").read_text()


def test_a_file_outside_of_the_model_is_refused(tmp_path):
    save("h2o", LINEAR, tmp_path / "m")
    (tmp_path / "m/model.h2o/h2o.yaml").write_text("model_file: ../../secret\n")
    (tmp_path / "secret").write_text("x")
    with pytest.raises(DamagedData, match="not inside"):
        load(tmp_path / "m")


def test_settings_that_could_run_code_need_the_users_word(tmp_path, monkeypatch):
    settings = {"init": {"extra_classpath": ["/evil.jar"]}}
    save("h2o", LINEAR, tmp_path / "m", SaveOptions(flavour={"settings": settings}))
    monkeypatch.setattr(h2o, "connection", lambda: None)
    with pytest.raises(PermissionDenied, match="extra_classpath"):
        load(tmp_path / "m", LoadOptions(allow_code=False))


def test_they_live_here_and_in_mlflow(tmp_path):
    here = {"settings": {"init": {"port": PORT, **SMALL}}}
    linear = life.Case("linear", "h2o", LINEAR, FEW, answer(LINEAR, FEW), options=here)
    classes = life.Case("classes", "h2o", CLASSES, FEW, answer(CLASSES, FEW), options=here, served=True)
    life.exchange(tmp_path, linear)
    life.exchange(tmp_path, classes)
    SERVER.shutdown()
    # Now whoever loads it starts a server.
    life.elsewhere(tmp_path, classes)
