"""Other people's products, each in a Python environment of its own that is built once and kept; the benchmarks use them, too."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "peers"


@dataclass(frozen=True)
class Peer:
    """An environment: its folder's name and what is installed into it."""

    name: str
    requirements: Sequence[str]
    by_pip: Sequence[str] = ()
    """What is installed first, and by pip, because pip knows where this machine keeps wheels of its own."""

    @property
    def python(self) -> Path:
        return CACHE / self.name / "bin" / "python"


MLFLOW_3 = Peer("mlflow-3", ("mlflow>=3.5,<4", "scikit-learn", "skops", "pandas"))
# The database of MLflow 2 does not work with SQLAlchemy 2.1, which came after it.
MLFLOW_2 = Peer("mlflow-2-sql", ("mlflow>=2.22,<3", "scikit-learn", "sqlalchemy<2.1"))
# Pinned: the tests say what this very version does, and its words are compared.
DVC = Peer("dvc-3.67", ("dvc[s3,ssh]==3.67.1", "dvclive==3.49.1"))


def _needs_of_treering(*extras: str) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = list(project["dependencies"])
    for extra in extras:
        needed += project["optional-dependencies"][extra]
    return needed


def laboratory(name: str, *frameworks: str, extras: Sequence[str] = ("sklearn",)) -> Peer:
    """An environment for Treering beside frameworks and MLflow: it holds what Treering depends on, and pytest.

    Treering itself is not in it. It runs from this tree, through PYTHONPATH, so that several clones can
    share an environment and a change of the code costs no installation.
    """
    return Peer(name, (*_needs_of_treering(*extras), "pytest>=8.3", "mlflow>=3.5,<4", *frameworks))


# The wheel `xgboost` brings 300 MB of libraries for graphics cards; `xgboost-cpu` is the same without.
BOOSTING = laboratory(
    "boosting",
    *("scikit-learn>=1.5", "matplotlib>=3.9", "xgboost-cpu>=3.0", "lightgbm>=4.5", "catboost>=1.2.7"),
    *("statsmodels>=0.14.4", "optuna>=4.2"),
)


# The index's wheel of PyTorch brings gigabytes for graphics cards. A machine that has the small build for
# processors says so to pip (PIP_FIND_LINKS, or PyTorch's index as PIP_EXTRA_INDEX_URL): it is of the same
# version, and preferred. Keras runs on PyTorch here, so that it needs no TensorFlow.
_TORCH = "torch==2.13.0"
TORCH = replace(
    laboratory(
        "torch",
        *(_TORCH, "lightning>=2.5", "transformers>=5,<6", "accelerate>=1.1", "keras>=3.10", "tensorboard>=2.18"),
        *("optuna>=4.2", "optuna-integration>=4.2"),
    ),
    by_pip=(_TORCH,),
)
# ONNX beside what builds models of sentences; these need PyTorch as well.
ONNX = replace(
    laboratory("onnx", _TORCH, "onnx>=1.18", "onnxruntime>=1.22", "sentence-transformers>=5"),
    by_pip=(_TORCH,),
)
# Without MLflow: the test compares the digest with that of the same frame of pandas.
HUGGING_FACE = Peer("hugging-face", (*_needs_of_treering("pandas"), "datasets>=3.2"))
TENSORFLOW = laboratory("tensorflow", "tensorflow-cpu>=2.18", "keras>=3.10", "tensorboard>=2.18")
# Spark is Java's: what runs it there has to be on the machine.
SPARK = laboratory("spark", "pyspark>=4,<5", extras=("sklearn", "pandas"))
# Both are small beside the deep-learning frameworks, and agree on what they need.
SPACY_PROPHET = laboratory("spacy-prophet", "spacy>=3.8.7", "prophet>=1.1.6")
# H2O's server is Java's, too.
H2O = laboratory("h2o", "h2o>=3.46")

# What turns models of these libraries into ONNX.
COMPILING = Peer(
    "compiling",
    (
        *_needs_of_treering("sklearn", "pandas"),
        *("pytest>=8.3", "skl2onnx>=1.18", "onnxmltools>=1.13", "onnxruntime>=1.22"),
        *("xgboost-cpu>=3.0", "lightgbm>=4.5", "catboost>=1.2.7"),
    ),
)

# What explains models, without MLflow.
SHAP = Peer("shap", _needs_of_treering("sklearn", "pandas", "shap"))
# Without MLflow, which has nothing for it.
RAY = Peer("ray", (*_needs_of_treering("sklearn", "pandas"), "ray[data]>=2.44"))
# What other people's tools say of the files that deployments are made of.
DEPLOYMENTS = Peer(
    "deployments", ("kubernetes-validate>=1.31", "jsonschema>=4.23", "azure-ai-ml>=1.20", "ray[serve]>=2.44")
)

# Services written with Pydantic and FastAPI, and BentoML itself, whose modules are the same but for one import.
SERVICES = Peer(
    "services", (*_needs_of_treering("pandas", "images"), "pydantic>=2.10", "fastapi>=0.115", "bentoml==1.4.39")
)
# Pinned: its words and the shapes of its answers are compared, and its figures stand beside ours.
BENTOML = Peer("bentoml", ("bentoml==1.4.39", "scikit-learn", "pandas"))
# What asks servers (the clients of Triton, what tries a server's OpenAPI document), and what Treering needs to
# speak gRPC and to compile models.
SERVING = laboratory(
    "serving-clients",
    *("tritonclient[http,grpc]>=2.60", "grpcio-reflection>=1.70", "schemathesis>=4"),
    extras=("sklearn", "pandas", "grpc", "onnx"),
)
# Other servers that the benchmarks measure beside ours, and ours, each with what such a server needs and no more:
# scikit-learn imports pandas where it finds it, and would hold 70 MB more.
SERVERS = Peer("servers", ("litserve>=0.2.17", "fastapi>=0.115", "uvicorn[standard]>=0.34", "scikit-learn>=1.5"))
SERVED = Peer(
    "served", (*_needs_of_treering(), "scikit-learn>=1.5", "skops>=0.11", "cloudpickle>=3.0", "onnxruntime>=1.22")
)


def ready(peer: Peer) -> Path:
    """The Python of the environment, which is built if it is not there yet.

    Raises:
        subprocess.CalledProcessError: If it cannot be built, for instance without a network.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    wanted = "\n".join(peer.requirements)
    done = CACHE / peer.name / "requirements.txt"
    with (CACHE / f"{peer.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it at once
        if not done.is_file() or done.read_text() != wanted:
            shutil.rmtree(done.parent, ignore_errors=True)
            _build(peer, done.parent)
            done.write_text(wanted)
    return peer.python


def run(peer: Peer, script: Path, *arguments: str, folder: Path, **variables: str) -> str:
    """What a script prints that runs in an environment, with Treering from this tree, in `folder`.

    Raises:
        AssertionError: If it fails; the message is what it printed.
    """
    environment = {
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "src"),
        "DO_NOT_TRACK": "1",
        # A test machine's cores are busy with other tests, and a model this small needs one.
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
        **variables,
    }
    done = subprocess.run(
        [str(ready(peer)), str(script), *arguments],
        env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, f"{script.name} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _build(peer: Peer, folder: Path) -> None:
    # The Makefile keeps one here where the machine has none.
    if uv := shutil.which("uv") or shutil.which("uv", path=ROOT / ".tools" / "bin"):
        _call(uv, "venv", "--quiet", "--python", sys.executable, *(["--seed"] if peer.by_pip else []), str(folder))
        if peer.by_pip:
            _call(str(peer.python), "-m", "pip", "install", "--quiet", *peer.by_pip)
        _call(uv, "pip", "install", "--quiet", "--python", str(peer.python), *peer.requirements)
    else:
        _call(sys.executable, "-m", "venv", str(folder))
        _call(str(peer.python), "-m", "pip", "install", "--quiet", *peer.requirements)


def _call(*command: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
