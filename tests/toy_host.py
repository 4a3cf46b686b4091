"""A host that does what requests say, good and bad, for tests of what is around it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from treering.core.errors import InvalidInput, NotFound
from treering.serving.hosting import Answer, Call, Offer, Policy, Route

PATHS = {"/do": "main", "/also": "main", "/many": "many", "/once": "once"}


def open_host(what: Mapping[str, Any]) -> ToyHost:
    if what.get("broken"):
        msg = f"It is broken: {what['broken']}"
        raise NotFound(msg)
    if "dies" in what:
        os._exit(int(what["dies"]))
    if "first_only" in what:  # opens once, and never again
        with Path(what["first_only"]).open("x"):
            pass
    time.sleep(what.get("slow", 0))
    return ToyHost(what)


class ToyHost:
    def __init__(self, what: Mapping[str, Any]) -> None:
        self.policies = {name: Policy(**fields) for name, fields in what.get("lanes", {}).items()}
        self.tunnel = bool(what.get("tunnel"))
        self.versions = list(what.get("versions", []))
        self.held: list[bytes] = []

    def offer(self) -> Offer:
        lanes = {
            "main": Policy(), "many": Policy(group=1, at_once=4), "once": Policy(group=1, again=False), **self.policies,
        }  # fmt: skip
        routes = [Route("POST", path, lane, headers=("x-wanted", "x-second")) for path, lane in PATHS.items()]
        for version in self.versions:
            lanes[f"toy/{version}"] = Policy()
            routes.append(Route("POST", f"/v2/models/toy/versions/{version}/infer", f"toy/{version}", "toy", version))
        models = tuple(
            {"name": "toy", "version": one, "platform": "toy", "inputs": [], "outputs": []} for one in self.versions
        )
        return Offer(
            tuple(routes), lanes, models, b'{"openapi": "3.1.0"}', {"/notes": ("text/plain", b"noted")}, self.tunnel
        )

    def answer(self, route: Route, calls: Sequence[Call]) -> Sequence[Answer]:
        answers = [_refused(route, call) or self._one(route, call, len(calls)) for call in calls]
        return answers[:-1] if any(b"too few" in call.body for call in calls) else answers

    def _one(self, route: Route, call: Call, together: int) -> Answer:  # noqa: C901 -- one branch a word
        try:
            asked = json.loads(call.body)
        except ValueError:
            return Answer(200, call.body, call.content_type or b"application/octet-stream")
        do = asked.get("do") if isinstance(asked, dict) else None
        if do == "exit":
            os._exit(7)
        if do == "exit until":  # the first who come to a file that is not there make it, and die
            try:
                with Path(asked["file"]).open("x"):
                    pass
            except FileExistsError:
                pass
            else:
                os._exit(7)
        if do == "raise":
            raise RuntimeError(asked.get("text", "raised"))
        if do == "wait for":
            while not Path(asked["file"]).exists():
                time.sleep(0.005)
        if do == "grow":
            self.held.append(os.urandom(1 << 20) * int(asked["mib"]))
        if do == "long":
            return Answer(200, b"x" * int(asked["bytes"]), b"text/plain")
        told = {
            "path": route.path, "version": route.version, "pid": os.getpid(), "together": together, "asked": asked,
            "id": call.request_id.decode(), "type": call.content_type.decode(), "query": call.query.decode(),
            "headers": {name.decode(): value.decode() for name, value in call.headers},
        }  # fmt: skip
        return Answer(200, json.dumps(told).encode(), rows=1)

    def change(self, order: Mapping[str, Any]) -> None:
        if "load" in order:
            if order["load"]["version"] == "bad":
                msg = "This version cannot be loaded."
                raise InvalidInput(msg)
            self.versions.append(order["load"]["version"])
        else:
            self.versions.remove(order["unload"]["version"])

    def application(self) -> Any:
        return application if self.tunnel else None

    def close(self) -> None:
        pass


def _refused(route: Route, call: Call) -> Answer | None:
    """What a version says that is bad, if that is what is asked for."""
    bad = b'"bad": "%b"' % route.version.encode()
    return Answer(500, b'{"error": "this version is bad"}') if route.version and bad in call.body else None


async def application(scope: Any, receive: Any, send: Any) -> None:  # noqa: C901 -- one branch a path
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)})
        while (message := await receive())["type"] == "websocket.receive":
            if message.get("text") == "die":
                os._exit(7)
            await send(
                {
                    "type": "websocket.send",
                    **{name: message[name] for name in ("text", "bytes") if message.get(name) is not None},
                }
            )
        return
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if scope["path"] == "/fails":
        msg = "the application failed"
        raise RuntimeError(msg)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    if scope["path"] == "/stream":
        count = int(scope["query_string"] or b"3")
        for number in range(count):
            await send({"type": "http.response.body", "body": b"part %d\n" % number, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    elif scope["path"] == "/half":
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        os._exit(7)
    else:
        await send({"type": "http.response.body", "body": b"%s %s" % (scope["path"].encode(), body)})
