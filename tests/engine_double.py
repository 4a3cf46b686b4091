"""A container engine in memory that understands the commands that we use; its containers answer at their ports."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from treering.deployments.programs import Done

__all__ = ["Engine"]

# These take a value.
_VALUES = {
    "--name", "--restart", "--label", "--publish", "--tmpfs", "--cap-drop", "--security-opt", "--memory", "--pull",
    "--cpus", "--gpus", "--network", "--env",
}  # fmt: skip


@dataclass
class Container:
    image: str
    labels: dict[str, str]
    words: list[str]
    server: ThreadingHTTPServer | None = field(default=None, repr=False)


class Engine:
    """Programs that hold containers.

    Attributes:
        broken: Images whose containers end at once.
    """

    def __init__(self) -> None:
        self.containers: dict[str, Container] = {}
        self.broken: set[str] = set()
        self.calls: list[list[str]] = []

    def run(self, command: Sequence[str], given: bytes = b"", *, timeout: float = 0) -> Done:
        """As Programs."""
        del given, timeout
        rest = list(command[1:])
        self.calls.append(rest)
        if rest[0] == "run":
            return self._run(rest[1:])
        if rest[0] == "ps":
            key, _, value = rest[-1].removeprefix("label=").partition("=")
            names = [name for name, one in self.containers.items() if one.labels.get(key) == value]
            return Done(0, "\n".join(names).encode(), "")
        if rest[0] == "logs":
            return Done(0, b"", "Error: there is no model\n")
        if rest[0] in {"rm", "stop"}:
            for one in rest[2:] if rest[0] == "rm" else rest[-1:]:
                self.end(self.containers[one])
                if rest[0] == "rm":
                    del self.containers[one]
            return Done(0, b"", "")
        return self._inspected(rest[-1])

    def _inspected(self, name: str) -> Done:
        if name not in self.containers:
            return Done(1, b"[]", f"Error: No such container: {name}")
        one = self.containers[name]
        state = {"State": {"Running": one.server is not None}, "Config": {"Labels": one.labels}, "RestartCount": 0}
        return Done(0, json.dumps([state]).encode(), "")

    def end(self, one: Container) -> None:
        """Let a container answer no more."""
        if one.server is not None:
            one.server.shutdown()
            one.server.server_close()
            one.server = None

    def close(self) -> None:
        """Let none answer any more."""
        for one in self.containers.values():
            self.end(one)

    def _run(self, words: list[str]) -> Done:
        given: dict[str, list[str]] = {}
        rest = list(words[:-1])
        while rest:
            word = rest.pop(0)
            given.setdefault(word, []).append(rest.pop(0) if word in _VALUES else "")
        (name,) = given["--name"]
        if name in self.containers:
            return Done(125, b"", f'Conflict. The container name "/{name}" is already in use')
        labels = dict(label.partition("=")[::2] for label in given["--label"])
        one = Container(words[-1], labels, words)
        if one.image not in self.broken:
            host, port, _ = given["--publish"][0].split(":")
            one.server = _answering(host, int(port), one.image)
        self.containers[name] = one
        return Done(0, name.encode(), "")


def _answering(host: str, port: int, image: str) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(b"{}")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self._say(json.dumps({"predictions": [image]}).encode())

        def _say(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((host, port), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server
