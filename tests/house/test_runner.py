"""The tests' own rule: what is left out is said, and where everything was asked for, nothing is left out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

def test_runs():
    pass

@pytest.mark.skip(reason="no such machine")
def test_skipped():
    raise AssertionError

@pytest.mark.postgresql
def test_of_a_database():
    pass
"""
SKIPPED_FILE = "import pytest\npytest.importorskip('a_package_that_is_not_there')\n"


@pytest.fixture
def suite(tmp_path: Path, root: Path) -> Path:
    for name in ("conftest.py", "databases.py"):
        shutil.copy(root / "tests" / name, tmp_path / name)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\npythonpath = .\nmarkers =\n    postgresql: needs it\n    mariadb: m\n"
    )
    (tmp_path / "test_some.py").write_text(TESTS)
    return tmp_path


def run(suite: Path, *arguments: str, everything: bool) -> tuple[int, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("TREERING_", "PYTEST_"))}
    if everything:
        env["TREERING_TEST_REQUIRE_ALL"] = "1"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], cwd=suite, env=env, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def test_a_skip_is_a_skip(suite: Path) -> None:
    status, shown = run(suite, everything=False)
    assert status == 0, shown
    assert "2 passed, 1 skipped" in shown


def test_a_skip_fails_where_everything_was_asked_for(suite: Path) -> None:
    status, shown = run(suite, everything=True)
    assert status == 1, shown
    assert "2 passed, 1 error" in shown
    assert "no such machine" in shown


def test_so_does_a_file_that_skips_itself(suite: Path) -> None:
    (suite / "test_file.py").write_text(SKIPPED_FILE)
    assert run(suite, "test_file.py", everything=False)[0] in {0, 5}
    status, shown = run(suite, "test_file.py", everything=True)
    assert status == 2, shown
    assert "a_package_that_is_not_there" in shown


@pytest.mark.parametrize("workers", [(), ("--numprocesses", "2")])
def test_what_is_left_out_is_said_before_the_last_line(suite: Path, workers: tuple[str, ...]) -> None:
    status, shown = run(suite, *workers, "-m", "not (postgresql or mariadb)", everything=False)
    assert status == 0, shown
    assert "    1 need PostgreSQL" in shown
    assert "MariaDB" not in shown
    assert "1 passed" in shown.strip().splitlines()[-1]
