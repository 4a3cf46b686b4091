"""What an image of a bundle starts: the bundle at its place, at the port that the platform names.

    python -m treering.serving.container [serve] [--port 8080] [--workers 1]
    python -m treering.serving.container --probe

SageMaker adds the word `serve`, which changes nothing. `PORT` names the port where platforms
do, `AIP_HTTP_PORT` and `SAGEMAKER_BIND_TO_PORT` likewise.
"""

from __future__ import annotations

import argparse
import http.client
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from treering.core.errors import TreeringError
from treering.core.log import show_log
from treering.core.settings import read_settings
from treering.core.variables import process_variables
from treering.models.load_options import LoadOptions
from treering.serving.front.options import ServingOptions
from treering.serving.front.running import Where, serve

__all__ = ["main"]

_BUNDLE = "/opt/treering/bundle"
_PORTS = ("PORT", "AIP_HTTP_PORT", "SAGEMAKER_BIND_TO_PORT")
_PORT = 8080
_READY = "/v2/health/ready"
_RIGHT = 200
_PATIENCE = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM, or ask a server that runs whether it is ready; the exit status."""
    given = _parsed(sys.argv[1:] if arguments is None else arguments)
    if given.probe:
        return 0 if _is_ready(given.port) else 1
    show_log("INFO")
    loading = LoadOptions.of(read_settings())
    how = {**asdict(loading), "own": str(loading.own) if loading.own else None, "trust": list(loading.trust)}
    what = {"bundle": given.bundle, "check": given.check, "loading": how}
    options = ServingOptions("bundle", what, workers=given.workers or _processors(), timeout=given.timeout)
    try:
        serve(options, Where("0.0.0.0", given.port), announce=_say)  # noqa: S104 -- a container is reached from outside
    except TreeringError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201 -- a program
        return 1
    return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    variables = process_variables()
    port = next((int(variables[name]) for name in _PORTS if variables.get(name, "").isdigit()), _PORT)
    parser = argparse.ArgumentParser(prog="treering.serving.container")
    parser.add_argument("word", nargs="?", choices=("serve",), help="changes nothing")
    parser.add_argument("--bundle", default=_BUNDLE)
    # The layers of an image have digests of their own.
    parser.add_argument("--check", default="sizes")
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--workers", type=int, default=int(variables.get("WEB_CONCURRENCY") or 0))
    said = variables.get("TREERING_MODEL_SERVER_TIMEOUT")
    parser.add_argument("--timeout", type=float, default=float(said) if said else None)
    parser.add_argument("--probe", action="store_true", help="only ask whether the server is ready")
    return parser.parse_args(arguments)


def _processors() -> int:
    """The processors that this container may use, as far as Linux tells."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        limit = max(1, round(int(quota) / int(period))) if quota != "max" else 0
    except (OSError, ValueError):
        limit = 0
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(limit or usable, usable)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request("GET", _READY)
        return connection.getresponse().status == _RIGHT
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _say(url: str) -> None:
    print(f"The bundle answers at {url}", flush=True)  # noqa: T201 -- a program


if __name__ == "__main__":
    sys.exit(main())
