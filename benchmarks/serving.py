"""One model behind Treering's server and behind others: requests a second, latencies, the processors' time, start, memory."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import load
import numpy as np
from figures import Figure
from load import Asked
from servers import DEADLINE, cpu_seconds, end, free_port, proportional_bytes
from sides import MLFLOW, ROOT, TREERING, install_peer

sys.path.insert(0, str(ROOT / "tests"))
from peers import BENTOML, SERVED, SERVERS, SERVING

__all__ = ["Contender", "Kind", "answers_to", "body_of", "ours", "running", "save_models", "serving"]

WORKLOADS = Path(__file__).parent / "workloads"
THEIRS = WORKLOADS / "peers_serving"
THEME = "serving"
CONNECTIONS = (1, 16, 64)
MANY = 100
WARM_UP = 1.0
ALONE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "DO_NOT_TRACK": "1"}
FROM_TREE = {"PYTHONPATH": str(ROOT / "src"), "TREERING_ALLOW_MODEL_CODE": "true"}
# What is asked of us: rates of one row at 64 and at one connection, in multiples of theirs; starts in
# seconds, memory in bytes, the 99th percentile at 64 in milliseconds.
TIMES_64 = {
    "native": {"BentoML": 20, "MLflow": 20, "FastAPI": 6},
    "compiled": {"BentoML": 40, "MLflow": 40, "FastAPI": 10},
}
START = {"native": 3.0, "compiled": 1.0}
MEMORY = {"native": 130, "compiled": 70}
SLOWEST = 15.0
OVER_PREDICT = 1.3


@dataclass(frozen=True)
class Contender:
    """A server to be measured.

    Attributes:
        peer: Whose it is; several of one name are variants, of which the better one counts.
        command: Starts it; `{port}` is filled in.
        one: The path for one row as JSON.
        many: What is asked with 100 rows; None: the JSON of them at the same path.
    """

    name: str
    peer: str
    command: Sequence[str]
    one: str = "/invocations"
    many: Asked | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


class Seen(NamedTuple):
    """What one run of a server showed: seconds to the first answer, and by kind of request the load and CPU each."""

    start: float
    memory: int
    loads: dict[str, tuple[load.Taken, float]]


class Kind(NamedTuple):
    """One of ours: how it is called in the tables, where the model lies, and the Python that serves it."""

    name: str
    words: str
    folder: Path
    python: str = str(SERVED.python)


def serving(folder: Path, *, quick: bool) -> list[Figure]:
    """All servers, one after the other, in rounds; the medians of the rounds are compared."""
    folder.mkdir(parents=True)
    for peer in (BENTOML, SERVERS):
        install_peer(peer)
    kinds = save_models(folder)
    contenders = [*(ours(kind) for kind in kinds), *_theirs(folder)]
    rounds, seconds = (1, 2) if quick else (3, 4)
    seen: dict[str, list[Seen]] = {one.name: [] for one in contenders}
    for number in range(rounds):
        for one in contenders if number % 2 == 0 else reversed(contenders):
            seen[one.name].append(_measure(one, folder, seconds))
            print(f"  {one.name}: {_told(seen[one.name][-1])}", file=sys.stderr, flush=True)
    print(f"  asked by {load.tool()}", file=sys.stderr)
    figures = []
    for kind in kinds:
        figures += _beside_peers(kind, contenders, seen)
    return figures + [_beside_predict(kind, folder, seen[kind.name]) for kind in kinds]


def save_models(folder: Path) -> list[Kind]:
    """The model, saved so that scikit-learn itself answers, as it is by default, and compiled; and what to ask."""
    subprocess.run([TREERING.python, str(WORKLOADS / "saved_for_serving.py"), str(folder)], check=True)
    compiled = folder / "compiled"
    shutil.copytree(folder / "saved", compiled)
    # What compiles is an extra; what serves then lives in an environment as a bundle has it, with no more than it needs.
    for peer in (SERVING, SERVED):
        install_peer(peer)
    program = [str(SERVING.python), str(WORKLOADS / "compiled_for_serving.py"), str(compiled)]
    subprocess.run(program, check=True, env={**os.environ, **FROM_TREE}, stdout=subprocess.DEVNULL)
    return [
        Kind("native", "scikit-learn's own predict", folder / "native"),
        Kind("saved", "as saved by default", folder / "saved"),
        Kind("compiled", "compiled when packed", compiled),
    ]


def ours(kind: Kind, *options: str) -> Contender:
    """Treering's server of a model folder."""
    command = [kind.python, "-m", "treering", "serve", str(kind.folder), "--host", "127.0.0.1", "--port", "{port}"]
    return Contender(kind.name, "Treering", [*command, *options], many=Asked("", b""), environment=FROM_TREE)


def _theirs(folder: Path) -> list[Contender]:
    for peer in (BENTOML, SERVERS):
        target = folder / f"{peer.name}.joblib"
        subprocess.run([str(peer.python), str(THEIRS / "trained.py"), str(target)], check=True)
    raw = Asked("/raw", _rows(folder)[:MANY].tobytes(), "application/octet-stream")
    by_bento = {
        "MODEL": str(folder / f"{BENTOML.name}.joblib"),
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str(folder),
    }
    by_others = {"MODEL": str(folder / f"{SERVERS.name}.joblib")}
    bento = [str(BENTOML.python), "-m", "bentoml", "serve", "with_bentoml:Served", "--working-dir", str(THEIRS)]
    bento += ["--host", "127.0.0.1", "--port", "{port}"]
    uvicorn = [
        str(SERVERS.python),
        "-m",
        "uvicorn",
        "--app-dir",
        str(THEIRS),
        "--no-access-log",
        "--log-level",
        "error",
    ]
    mlflow = [MLFLOW.program, "models", "serve", "-m", str(folder / "native"), "--env-manager", "local"]
    return [
        Contender("FastAPI", "FastAPI", [*uvicorn, "--port", "{port}", "with_fastapi:app"], "/predict", raw, by_others),
        Contender("BentoML", "BentoML", bento, "/predict", None, by_bento),
        Contender("BentoML, batchable", "BentoML", bento, "/grouped", None, by_bento),
        Contender("MLflow", "MLflow", [*mlflow, "-h", "127.0.0.1", "-p", "{port}", "-w", "1"]),
        Contender(
            "LitServe", "LitServe", [str(SERVERS.python), str(THEIRS / "with_litserve.py"), "{port}"], "/predict", None,
            by_others,
        ),
    ]  # fmt: skip


@contextmanager
def running(contender: Contender, folder: Path, ready: Asked) -> Iterator[tuple[int, int, float]]:
    """The server until the block ends: its port, its process, and the seconds until it answered the first request."""
    port = free_port()
    command = [part.replace("{port}", str(port)) for part in contender.command]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # MLflow starts uvicorn by its name.
    environment["PATH"] = f"{Path(command[0]).parent}{os.pathsep}{environment['PATH']}"
    with (folder / "server.log").open("wb") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env={**environment, **ALONE, **contender.environment}, stdout=log, stderr=log,
            cwd=folder, start_new_session=True,
        )  # fmt: skip
        try:
            while answers_to(port, ready)[0] != 200:
                if process.poll() is not None or time.perf_counter() - began > DEADLINE:
                    said = (folder / "server.log").read_text(errors="replace")[-2000:]
                    msg = f"{contender.name} did not start.\n{said}"
                    raise RuntimeError(msg)
                time.sleep(0.005)
            yield port, process.pid, time.perf_counter() - began
        finally:
            end(process)


def answers_to(port: int, asked: Asked) -> tuple[int, bytes]:
    """Status and body; status 0 where nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", asked.path, asked.body, {"Content-Type": asked.content_type, **asked.headers})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def _measure(contender: Contender, folder: Path, seconds: float) -> Seen:
    rows = _rows(folder)
    one = Asked(contender.one, _json(rows[:1]))
    with running(contender, folder, one) as (port, pid, start):
        many = _many(contender, port, rows)
        _check(contender, port, one, many, np.load(folder / "expected.npy"))
        load.press(port, one, 16, WARM_UP, folder)
        loads = {}
        for name, asked, connections in (
            *((f"one at {number}", one, number) for number in CONNECTIONS),
            *((f"many at {number}", many, number) for number in (1, 16)),
        ):
            before = cpu_seconds(pid)
            taken = load.press(port, asked, connections, seconds, folder)
            if taken.wrong or not taken.answers:
                msg = f"{contender.name}, {name}: {taken.wrong} of {taken.answers} answers were wrong."
                raise RuntimeError(msg)
            loads[name] = taken, (cpu_seconds(pid) - before) / taken.answers
        return Seen(start, proportional_bytes(pid), loads)


def _many(contender: Contender, port: int, rows: np.ndarray) -> Asked:
    if contender.many is None:
        return Asked(contender.one, _json(rows[:MANY]))
    return contender.many if contender.many.path else _tensor(port, rows[:MANY])


def _tensor(port: int, rows: np.ndarray) -> Asked:
    """The rows as the binary extension of the Open Inference Protocol has them, for the only model of the server."""
    name = _got(port, "/v2/models")["models"][0]
    name = name["name"] if isinstance(name, dict) else name
    told = _got(port, f"/v2/models/{name}")["inputs"][0]
    tensor = {"name": told["name"], "datatype": "FP64", "shape": list(rows.shape)}
    tensor["parameters"] = {"binary_data_size": rows.nbytes}
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    return Asked(
        f"/v2/models/{name}/infer", head + rows.astype("<f8").tobytes(), "application/octet-stream",
        {"Inference-Header-Content-Length": str(len(head))},
    )  # fmt: skip


def _got(port: int, path: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def _check(contender: Contender, port: int, one: Asked, many: Asked, expected: np.ndarray) -> None:
    """That it predicts what the model does: a server that answers anything else has not done the work."""
    for asked, rows in ((one, 1), (many, MANY)):
        status, body = answers_to(port, asked)
        right = expected[:rows]
        if asked.content_type == "application/json":
            told = json.loads(body)
            found = np.array(told["predictions"] if isinstance(told, dict) else told)
        else:
            # An answer in binary ends with the tensor; labels are whole numbers of 8 bytes.
            found = np.frombuffer(body[-8 * rows :], "<i8")
        if status != 200 or not np.array_equal(found, right):
            msg = f"{contender.name} answered {status} at {asked.path}: {body[:300]!r}"
            raise RuntimeError(msg)


def _beside_peers(kind: Kind, contenders: Sequence[Contender], seen: Mapping[str, list[Seen]]) -> list[Figure]:
    mine = seen[kind.name]
    figures = []
    for peer in ("BentoML", "MLflow", "FastAPI", "LitServe"):
        variants = [seen[one.name] for one in contenders if one.peer == peer]
        for number in CONNECTIONS:
            name, what = f"one at {number}", f"{kind.words}: one row, {number} at once"
            best = max(variants, key=lambda runs: _rate(runs, name))
            least = TIMES_64.get(kind.name, {}).get(peer) if number == 64 else None
            if number == 1 and kind.name in TIMES_64:
                least = 1
            figures.append(
                Figure(
                    THEME, what, "/s", _rate(mine, name), _rate(best, name), more_is_better=True, times=least, peer=peer
                )
            )
            limit = SLOWEST if number == 64 and kind.name == "native" else None
            figures.append(
                Figure(THEME, f"{what}: p99", "ms", _slow(mine, name), _slow(best, name), limit=limit, peer=peer)
            )
        best = max(variants, key=lambda runs: _rate(runs, "many at 16"))
        figures += [
            Figure(
                THEME, f"{kind.words}: {MANY} rows in binary, 16 at once; theirs {_form(peer)}", "/s",
                _rate(mine, "many at 16"), _rate(best, "many at 16"), more_is_better=True, peer=peer,
            ),
            Figure(
                THEME, f"{kind.words}: processors' time for one row, 16 at once", "µs",
                _cpu(mine, "one at 16"), min(_cpu(runs, "one at 16") for runs in variants), peer=peer,
            ),
            Figure(
                THEME, f"{kind.words}: start to the first answer", "s", median(run.start for run in mine),
                min(median(run.start for run in runs) for runs in variants), limit=START.get(kind.name), peer=peer,
            ),
            Figure(
                THEME, f"{kind.words}: memory after load", "MB", median(run.memory for run in mine) / 1e6,
                min(median(run.memory for run in runs) for runs in variants) / 1e6, limit=MEMORY.get(kind.name), peer=peer,
            ),
        ]  # fmt: skip
    return figures


def _beside_predict(kind: Kind, folder: Path, mine: list[Seen]) -> Figure:
    """What the whole server spends on a tensor of 100 rows, beside the call of the model alone."""
    program = [kind.python, str(WORKLOADS / "bare_calls.py"), str(kind.folder), str(folder / "rows.npy")]
    environment = {**os.environ, **ALONE, **FROM_TREE}
    done = subprocess.run(program, check=True, capture_output=True, text=True, env=environment)
    return Figure(
        THEME, f"{kind.words}: {MANY} rows in binary, 16 at once: processors' time of the server", "µs",
        _cpu(mine, "many at 16"), json.loads(done.stdout)[str(MANY)],
        times=1 / OVER_PREDICT if kind.name == "native" else None, peer="predict alone",
    )  # fmt: skip


def _form(peer: str) -> str:
    return "raw bytes" if peer == "FastAPI" else "JSON, for want of a binary form"


def _rate(runs: Sequence[Seen], name: str) -> float:
    return median(run.loads[name][0].rate for run in runs)


def _slow(runs: Sequence[Seen], name: str) -> float:
    return median(run.loads[name][0].slow for run in runs) * 1000


def _cpu(runs: Sequence[Seen], name: str) -> float:
    return median(run.loads[name][1] for run in runs) * 1e6


def _told(run: Seen) -> str:
    loads = ", ".join(
        f"{name} {taken.rate:,.0f}/s p50 {taken.middle * 1000:.2f} p99 {taken.slow * 1000:.1f} ms cpu {cpu * 1e6:.0f} µs"
        for name, (taken, cpu) in run.loads.items()
    )
    return f"start {run.start:.2f} s, {run.memory / 1e6:.0f} MB; {loads}"


def body_of(folder: Path, count: int) -> bytes:
    """The first rows as JSON."""
    return _json(_rows(folder)[:count])


def _rows(folder: Path) -> np.ndarray:
    return np.load(folder / "rows.npy")


def _json(rows: np.ndarray) -> bytes:
    return json.dumps({"inputs": rows.tolist()}).encode()
