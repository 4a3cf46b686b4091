"""One of several clients that send metric points to a server at once; driven by `ingesting.py` through its pipes.

Prints "ready" when its requests are prepared, starts when it reads a line, and prints
how long each request took, in seconds, as JSON.
"""

from __future__ import annotations

import http.client
import json
import sys
import time


def bodies(run: str, count: int, size: int, keys: int) -> list[bytes]:
    """Requests of `size` points of `keys` metrics, every point another."""
    rows = size // keys
    return [
        json.dumps(
            {
                "run_id": run,
                "metrics": [
                    {
                        "key": f"metric{index % keys}",
                        "value": (number * size + index) / 7,
                        "timestamp": 1_700_000_000_000 + number * size + index,
                        "step": number * rows + index // keys,
                    }
                    for index in range(size)
                ],
            }
        ).encode()
        for number in range(count)
    ]


def main() -> None:
    """Arguments: port, number of requests, points in each, metrics among them."""
    port, count, size, keys = map(int, sys.argv[1:])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def post(path: str, body: bytes) -> bytes:
        connection.request("POST", f"/api/2.0/mlflow/{path}", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            sys.exit(f"{path} answered {answer.status}: {data[:500]!r}")
        return data

    made = json.loads(post("runs/create", b'{"experiment_id": "0", "start_time": 1700000000000}'))
    waiting = bodies(made["run"]["info"]["run_id"], count, size, keys)
    print("ready", flush=True)
    sys.stdin.readline()
    taken = []
    for body in waiting:
        began = time.perf_counter()
        post("runs/log-batch", body)
        taken.append(time.perf_counter() - began)
    print(json.dumps(taken), flush=True)


main()
