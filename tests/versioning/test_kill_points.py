"""Commands that are killed at any of their steps, and two at once: no good object is lost, and the next one carries on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import kill_points

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks")


def wrong(tmp_path: Path, environ: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, kill_points.__file__, str(tmp_path), *arguments],
        env={**environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    # It says at last how much it has tried.
    assert done.stdout.splitlines()[-1:] != []
    return "" if done.returncode == 0 else done.stdout


@pytest.mark.parametrize(
    ("scenario", "kinds", "step"),
    [
        ("add", "copy", 5),
        ("add", "hardlink", 11),
        ("commit", "copy", 12),
        ("checkout", "copy", 5),
        ("checkout", "symlink", 6),
        ("push", "copy", 4),
        ("pull", "copy", 7),
        ("gc", "copy", 1),
        ("remove", "copy", 3),
        ("repro", "copy", 15),
        ("repro", "hardlink", 29),
        ("exp", "copy", 19),
    ],
)
def test_killed_at_any_step(tmp_path: Path, environ: Mapping[str, str], scenario: str, kinds: str, step: int) -> None:
    assert wrong(tmp_path, environ, scenario, kinds, str(step)) == ""


def test_two_at_once(tmp_path: Path, environ: Mapping[str, str]) -> None:
    assert wrong(tmp_path, environ, "pairs", "1") == ""
