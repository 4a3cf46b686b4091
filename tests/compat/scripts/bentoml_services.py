"""Services written for BentoML, run by Treering, and called by BentoML's client and by Treering's."""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import socket
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import bentoml
import numpy as np
import pandas as pd
import urllib3
from PIL import Image

import treering

SOURCES = Path(sys.argv[1])
FOLDER = Path(tempfile.mkdtemp())
sys.path.insert(0, str(FOLDER))
os.chdir(FOLDER)


def ported(name: str):
    """The module with its imports changed, and nothing else."""
    text = (SOURCES / f"{name}.py").read_text()
    text = re.sub(r"^import bentoml$", "import treering as bentoml", text, flags=re.MULTILINE)
    text = re.sub(r"^from bentoml(\.\w+)? import", r"from treering\1 import", text, flags=re.MULTILINE)
    (FOLDER / f"our_{name}.py").write_text(text)
    return importlib.import_module(f"our_{name}")


@contextmanager
def served(service):
    with (
        treering.serve(f"{service.inner.__module__}:{service.inner.__name__}", access_log=False) as server,
        bentoml.SyncHTTPClient(server.url) as theirs,
        treering.SyncHTTPClient(server.url) as ours,
    ):
        yield theirs, ours, server.url


def raises(action, status):
    try:
        action()
    except Exception as error:
        found = getattr(error, "error_code", None)
        assert int(found) == status, (found, error)
        return str(error)
    raise AssertionError("nothing was raised")


def classifying():
    with served(ported("classifying").IrisClassifier) as (theirs, ours, _):
        rows = np.array([[5.1, 3.5, 1.4, 0.2], [4.0, 3.0, 6.0, 2.5]])
        for client in (theirs, ours):
            assert client.predict(inputs=rows).tolist() == [1, 2]
            assert client.classify(rows.tolist()).tolist() == [1, 2]
            assert np.allclose(
                client.predict_proba(inputs=rows, digits=2), [[0.24, 0.7, 0.06], [0, 0.06, 0.94]], atol=0.011
            )
        # BentoML's own client looks at shapes before it asks.
        assert "(any, 4)" in raises(lambda: ours.predict(inputs=[[1, 2]]), 400)
        results = []
        threads = [threading.Thread(target=lambda: results.append(ours.predict(rows).tolist())) for _ in range(8)]
        [one.start() for one in threads]
        [one.join() for one in threads]
        assert results == [[1, 2]] * 8


def texts():
    module = ported("texts")
    with served(module.Summarization) as (theirs, ours, url):
        for client in (theirs, ours):
            assert client.summarize(text="a b c d", options={"max_words": 2}) == {
                "text": "a b",
                "words": 2,
                "source": None,
            }
            assert client.summarize()["words"] == 5
            assert client.translate(text="x", target="de") == "de: x"
            assert client.translate() == module.EXAMPLE
            assert "nobody speaks xx" in raises(lambda: client.translate(target="xx"), 400)
            assert "max_words" in raises(lambda: client.summarize(options={"max_words": 99}), 400)
            assert "80" in raises(lambda: client.translate(text="x" * 99), 400)
            assert client.batch({"max_words": 7}) == [{"text": "en", "words": 7, "source": "http://a.example/"}]
        answer = urllib3.request("POST", f"{url}/summarize", body=b'{"options": {"max_words": 0, "language": "fr"}}')
        found = answer.json()
        assert answer.status == 400
        assert [one["loc"] for one in found["detail"]] == [["options", "max_words"], ["options", "language"]], found
    assert module.Summarization().translate.__name__ == "translate"
    assert asyncio.run(module.Summarization().translate()) == module.EXAMPLE


def pictures():
    stored = FOLDER / "in.png"
    Image.new("RGB", (9, 7), "red").save(stored)
    sound = FOLDER / "in.wav"
    sound.write_bytes(b"RIFFabcd")
    with served(ported("pictures").Pictures) as (theirs, ours, url):
        for client in (theirs, ours):
            assert client.resize(image=stored, width=3, height=2).size == (3, 2)
            assert client.resize(Image.open(stored)).size == (4, 4)
            assert client.transcribe(audio=sound, note="n") == {"bytes": 8, "note": "n"}
            assert client.synthesize(text="hi").read_bytes() == b"RIFFhi"
            assert client.blank(size=5).size == (5, 5)
            assert client.count(files=[stored, sound]) == stored.stat().st_size + 8
            assert "audio/wav, got image/png" in raises(lambda: client.transcribe(audio=stored), 400)
        assert ours.caption(stored) == "9 by 7"
        assert (
            urllib3.request(
                "POST", f"{url}/caption", body=stored.read_bytes(), headers={"Content-Type": "image/png"}
            ).data
            == b"9 by 7"
        )


def talking():
    with served(ported("talking").Talker) as (theirs, ours, url):
        for client in (theirs, ours):
            assert "".join(client.generate(prompt="a b c")) == "a b c "
            assert "".join(client.numbers(n=2)) == "data: 0\n\ndata: 1\n\n"
        answer = urllib3.request("POST", f"{url}/generate", json={"prompt": "x"})
        assert answer.headers["x-model"] == "parrot"
        assert urllib3.request("GET", f"{url}/v1/models?limit=2").json() == {"data": ["parrot"] * 2, "warm": True}

        assert said_over_a_socket(url, "/v1/ws", "hi") == "parrothi"

        async def both():
            async with treering.AsyncHTTPClient(url) as mine, bentoml.AsyncHTTPClient(url) as bento:
                for client in (mine, bento):
                    found = [one async for one in client.generate(prompt="a b")]
                    assert "".join(found) == "a b "

        asyncio.run(both())


def said_over_a_socket(url, path, text):
    """What a web socket answers to a text; both are short enough for the shortest frames."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as line:
        wanted = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        line.sendall(
            f"{wanted}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += line.recv(1000)
        assert answer.startswith(b"HTTP/1.1 101"), answer
        line.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode())
        frame = answer.partition(b"\r\n\r\n")[2]
        while len(frame) < 2 or len(frame) < 2 + frame[1]:
            frame += line.recv(1000)
        return frame[2 : 2 + frame[1]].decode()


def tasks():
    with served(ported("tasks").Generator) as (theirs, ours, url):
        assert theirs.generate(prompt="ab").size == (2, 1)
        task = ours.generate.submit(prompt="abc", steps=2)
        until(lambda: task.get_status().value == "completed")
        assert task.get().size == (3, 2)
        again = task.retry()
        until(lambda: again.get_status().value == "completed")
        long = ours.wait.submit(seconds=60)
        assert long.get_status().value == "in_progress"
        assert "not completed" in raises(long.get, 400)
        long.cancel()
        assert long.get_status().value == "canceled"
        bad = ours.refuse.submit(why="no")
        until(lambda: bad.get_status().value == "failed")
        assert "no" in raises(bad.get, 400)
        assert urllib3.request("GET", f"{url}/wait/status?task_id=x").status == 404

        async def awaited():
            # BentoML's blocking client cannot submit: its 1.4.39 asks itself for what it does not have.
            async with bentoml.AsyncHTTPClient(url) as bento, treering.AsyncHTTPClient(url) as mine:
                for client in (bento, mine):
                    task = await client.generate.submit(prompt="abcd", steps=3)
                    while (await task.get_status()).value != "completed":
                        await asyncio.sleep(0.02)
                    assert (await task.get()).size == (4, 3)
                    again = await task.retry()
                    assert again.id != task.id
                    long = await client.wait.submit(seconds=60)
                    await long.cancel()
                    assert (await long.get_status()).value == "canceled"

        asyncio.run(awaited())


def until(holds):
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def pipelines():
    with served(ported("pipelines").Pipeline) as (theirs, ours, _):
        rows = [{"width": 1.0, "length": 2.0}, {"width": 3.0, "length": 4.0}]
        for client in (theirs, ours):
            assert np.allclose(client.predict(frame=pd.DataFrame(rows)), [0.8, 1.2])
            assert client.norm(x=[3, 4]) == 5.0
            assert client.sample(values=[1, 2], name="z") == {"sum": 3.0, "name": "z"}
            assert client.sampled(sample={"values": [1, 2]}) == {"values": [2, 4], "name": "a"}
            assert client.settings()["index"] == 1
            assert raises(lambda: client.predict(frame=[{"width": 1}]), 400)
            assert client.is_ready()


def schemas():
    """What is told of methods is what BentoML tells, but for titles and documentation."""
    sys.path.insert(0, str(SOURCES))
    for name in ("classifying", "texts", "pictures", "tasks"):
        own = importlib.import_module(f"our_{name}")
        theirs = importlib.import_module(name)
        for key, service in vars(theirs).items():
            if hasattr(service, "apis"):
                told = {one["name"]: plain(one) for one in service.schema()["routes"]}
                # There BentoML refers to a definition, which its own client does not follow.
                told.pop("batch", None)
                mine = {
                    one["name"]: plain(one) for one in getattr(own, key).schema()["routes"] if one["name"] != "batch"
                }
                assert told == mine, (name, [(a, told[a], mine[a]) for a in told if told[a] != mine[a]])


def plain(schema):
    if isinstance(schema, dict):
        dropped = {"title", "description", "doc", "additionalProperties"}
        return {key: plain(value) for key, value in schema.items() if key not in dropped}
    return [plain(one) for one in schema] if isinstance(schema, list | tuple) else schema


for example in (classifying, texts, pictures, talking, tasks, pipelines, schemas):
    example()
    print(example.__name__, "ran", flush=True)
