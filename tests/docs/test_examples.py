"""Every example in the documentation runs."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LANGUAGES = {"python", "sh", "text", "json", "toml", "yaml", "ini", "dockerfile", "sql", "make", "ts"}
# Ports that pages write down. A machine may have them in use, so that the tests take free ones.
PORTS = ("5000", "5001")


def test_blocks_say_what_they_are(page_blocks: list[Any]) -> None:
    for block in page_blocks:
        assert block.language in LANGUAGES, f"line {block.line}"
        if block.note.startswith("not run"):
            assert block.note.startswith("not run: "), f"line {block.line}: say why"


def test_every_fence_has_a_language(page: Path, page_blocks: list[Any]) -> None:
    assert len(re.findall(r"^ *```", page.read_text("utf-8"), re.MULTILINE)) == 2 * len(page_blocks)


def test_examples_run(page: Path, page_blocks: list[Any], tmp_path: Path) -> None:
    if not any(block.language == "python" or "treering " in block.text for block in page_blocks):
        return
    # Git ends the search for a home of the embedded store: what runs here stays here.
    (tmp_path / ".git").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TREERING_", "MLFLOW_"))}
    # As where the environment is active, which Treering was installed into.
    kept["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), kept.get("PATH", os.defpath)))
    given = json.dumps([page.name, [dataclasses.asdict(block) for block in page_blocks]])
    for port in PORTS:
        if re.search(rf"\b{port}\b", given):
            given = re.sub(rf"\b{port}\b", str(free_port()), given)
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", str(Path(__file__).with_name("run_page.py"))],
        cwd=tmp_path, env=kept, input=given, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.fail(f"{page.name} does not run as it is written.\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
