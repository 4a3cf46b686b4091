"""The program `az` for Azure ML, with a workspace in memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from treering.deployments.programs import Done

__all__ = ["Workspace"]


class Workspace:
    """Programs that hold endpoints and their deployments."""

    def __init__(self) -> None:
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.deployments: dict[tuple[str, str], dict[str, Any]] = {}
        self.calls: list[list[str]] = []

    def run(self, command: Sequence[str], given: bytes = b"", *, timeout: float = 0) -> Done:
        """As Programs."""
        del given, timeout
        words = list(command)
        assert words[:2] == ["az", "ml"]
        assert words[words.index("--workspace-name") + 1] == "w"
        self.calls.append(words[2:])
        kind, verb = words[2:4]
        options = dict(zip(words[4::2], words[5::2], strict=False))
        file = yaml.safe_load(Path(options["--file"]).read_text()) if "--file" in options else {}
        if kind == "online-endpoint":
            return self._endpoint(verb, options.get("--name") or file["name"], file, options)
        name = options.get("--name") or file["name"]
        return self._deployment(verb, (options.get("--endpoint-name") or file["endpoint_name"], name), file)

    def _endpoint(self, verb: str, name: str, file: dict[str, Any], options: dict[str, str]) -> Done:
        if verb == "create":
            self.endpoints[name] = {**file, "traffic": {}, "scoring_uri": f"https://{name}.example/invocations"}
        if name not in self.endpoints:
            return Done(1, b"", "(ResourceNotFound) The endpoint was not found")
        if verb == "update":
            traffic = dict(part.split("=") for part in options["--traffic"].split())
            assert sum(map(int, traffic.values())) == 100
            assert all((name, label) in self.deployments for label, share in traffic.items() if int(share))
            self.endpoints[name]["traffic"] = {label: int(share) for label, share in traffic.items()}
        if verb == "delete":
            del self.endpoints[name]
            self.deployments = {place: one for place, one in self.deployments.items() if place[0] != name}
            return Done(0, b"", "")
        if verb == "invoke":
            return Done(0, Path(options["--request-file"]).read_bytes(), "")
        return Done(0, json.dumps({**self.endpoints[name], "provisioning_state": "Succeeded"}).encode(), "")

    def _deployment(self, verb: str, place: tuple[str, str], file: dict[str, Any]) -> Done:
        if verb in {"create", "update"}:
            assert (place in self.deployments) == (verb == "update")
            self.deployments[place] = file
        if place not in self.deployments:
            return Done(1, b"", "(ResourceNotFound) The deployment was not found")
        if verb == "delete":
            assert not self.endpoints[place[0]]["traffic"].get(place[1])
            del self.deployments[place]
            return Done(0, b"", "")
        return Done(0, json.dumps({**self.deployments[place], "provisioning_state": "Succeeded"}).encode(), "")
