"""The demo's project: its data is tracked, and done again only where something has changed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from treering.demo.project import FOLDER, make_project
from treering.versioning.git import GitRepository


def test_a_second_demo_finds_its_data_made(tmp_path: Path) -> None:
    first = make_project(tmp_path)
    assert first.report.ran == ["split", "describe"]
    rows = {name: len(pd.read_csv(first.part(name))) for name in ("train", "validation", "test")}
    assert rows == {"train": 341, "validation": 114, "test": 114}
    record = json.loads(first.split.read_text("utf-8"))
    assert (record["method"], record["columns"]) == ("stratified", {"stratify": "malignant"})
    assert [part["rows"] for part in record["parts"]] == [341, 114, 114]
    git = GitRepository(first.root, os.environ)
    assert not git.dirty()
    assert make_project(tmp_path).report.reproduced == []
    assert git.text("rev-list", "--count", "HEAD") == "1"


def test_it_needs_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert make_project(tmp_path).report.ran == ["split", "describe"]
    assert not (tmp_path / FOLDER / ".git").exists()
