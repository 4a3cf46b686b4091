"""BentoML's client: calls every method of the service and prints what it got, errors as their status."""

import asyncio
import json
import sys
import time
from pathlib import Path

import bentoml
import numpy as np
import pandas as pd
from bentoml.exceptions import BentoMLException

seen = {}


def note(name, call):
    try:
        value = call()
    except BentoMLException as error:
        seen[name] = ["error", int(error.error_code)]
        return
    if isinstance(value, np.ndarray):
        value = value.tolist()
    elif isinstance(value, pd.DataFrame):
        value = value.to_dict("list")
    elif hasattr(value, "model_dump"):
        value = value.model_dump()
    seen[name] = value


file = Path("some.bin")
file.write_bytes(b"\0" * 1234)

with bentoml.SyncHTTPClient(sys.argv[1], server_ready_timeout=60) as client:
    seen["ready"] = client.is_ready()
    seen["endpoints"] = sorted(client.endpoints)
    note("add", lambda: client.add(a=1))
    note("add both", lambda: client.add(a=1, b=5))
    note("add by place", lambda: client.add(1, 5))
    note("add word", lambda: client.call("add", a="x"))
    note("shout", lambda: client.shout(text="ä b"))
    note("double", lambda: client.double(rows=np.array([[1.0, 2.0], [3.0, 4.0]])))
    note("double list", lambda: client.double(rows=[[1, 2]]))
    note("frame", lambda: client.frame(table=pd.DataFrame({"a": [1, 2], "b": [3, 4]})))
    note("move", lambda: client.move(point={"x": 1.0}, by=2.0))
    note("move wrong", lambda: client.move(point={"x": 1.0, "y": -1}, by=2.0))
    note("root", lambda: client.root({"x": 1.0, "y": 2.0}))
    note("count", lambda: "".join(client.count(upto=5)))
    note("size", lambda: client.size(file=file))
    note("moved", lambda: client.moved(words=["b", "a"]))
    note("fail", lambda: client.fail(text="secret"))
    # Their client forgets to make this list where a task is submitted.
    client._opened_files = []
    task = client.slow.submit(text="abc")
    end = time.monotonic() + 60
    while task.get_status().value == "in_progress" and time.monotonic() < end:
        time.sleep(0.05)
    seen["task"] = [task.get_status().value, task.get()]


async def asynchronously():
    async with bentoml.AsyncHTTPClient(sys.argv[1], server_ready_timeout=60) as client:
        seen["async"] = await asyncio.gather(*(client.add(a=number) for number in range(10)))
        seen["async stream"] = "".join([part async for part in client.count(upto=3)])


asyncio.run(asynchronously())
print(json.dumps(seen))
