"""Environments that are built: by the real venv, and by programs that stand for uv and conda; once, whole, and told of."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from treering.core.errors import NotSupported, Unavailable, UnknownPlugin
from treering.environments import ENVIRONMENT_MANAGERS
from treering.environments.base import Specification
from treering.environments.cache import key_of, ready
from treering.environments.entering import needs_of_treering, run_there

HERE = Specification(platform.python_version(), ())


def quiet(_line: str) -> None:
    """Nobody reads it."""


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o755)


# Makes what looks like an environment, and notes how it was called.
CONDA = """
import json, os, pathlib, sys
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
folder = pathlib.Path(sys.argv[sys.argv.index("--prefix") + 1])
(folder / "bin").mkdir(parents=True)
python = folder / "bin" / "python"
python.write_text("#!/bin/sh\\nexit 0\\n")
python.chmod(0o755)
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program(tmp_path / "bin", "conda", CONDA)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def test_an_environment_is_built_once_and_kept_by_what_it_holds(tmp_path: Path, calls: Path):
    specification = Specification("3.12.1", ("numpy",), ours=("click",))
    first = ready("conda", specification, tmp_path / "root", quiet)
    assert ready("conda", specification, tmp_path / "root", quiet) == first
    other = ready("conda", Specification("3.12.1", ("numpy==2",)), tmp_path / "root", quiet)
    assert other != first
    assert len(calls.read_text().splitlines()) == 2
    assert key_of("uv", specification) != key_of("conda", specification)


@pytest.mark.usefixtures("calls")
def test_what_conda_is_told_is_the_models_own_file(tmp_path: Path):
    seen: list[str] = []
    program(
        tmp_path / "bin", "conda", CONDA + "\nprint(open(sys.argv[sys.argv.index('--file') + 1]).read())\nsys.exit(3)"
    )
    conda = {"channels": ["conda-forge"], "dependencies": ["python=3.12", {"pip": ["numpy"]}]}
    with pytest.raises(Unavailable) as caught:
        ready("conda", Specification("3.12.1", ("numpy",), conda=conda), tmp_path / "root", seen.append)
    assert "conda-forge" in str(caught.value)
    assert not [path for path in (tmp_path / "root").iterdir() if path.suffix != ".lock"]


def test_two_that_want_one_environment_build_it_once(tmp_path: Path, calls: Path):
    program(tmp_path / "bin", "conda", "import time; time.sleep(0.3)\n" + CONDA)
    specification = Specification("3.12.1", ("numpy",))
    found: list[Path] = []
    threads = [
        threading.Thread(target=lambda: found.append(ready("conda", specification, tmp_path / "root", quiet)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 3
    assert len(calls.read_text().splitlines()) == 1


def test_what_a_crash_left_is_built_anew(tmp_path: Path, calls: Path):
    specification = Specification("3.12.1", ("numpy",))
    python = ready("conda", specification, tmp_path / "root", quiet)
    (python.parent.parent / "treering-environment.json").unlink()
    assert ready("conda", specification, tmp_path / "root", quiet) == python
    assert len(calls.read_text().splitlines()) == 2


UV = """
import sys
if sys.argv[1] == "venv":
    import pathlib
    pathlib.Path(sys.argv[-1]).mkdir(parents=True)
else:
    print("  x No solution found when resolving dependencies:")
    print("  Because there is no version of nosuch==9.9 and you require nosuch==9.9, we can conclude ...")
    sys.exit(1)
"""


def test_a_package_that_cannot_be_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program(tmp_path / "bin", "uv", UV)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    specification = Specification(platform.python_version(), ("nosuch==9.9",))
    with pytest.raises(Unavailable, match=r"nosuch==9\.9 cannot be installed.*(?s:.)*update-pip-requirements"):
        ready("uv", specification, tmp_path / "root", quiet)
    assert [path.suffix for path in (tmp_path / "root").iterdir()] == [".lock"]


def test_pips_words_for_it_are_understood_too(tmp_path: Path):
    wheelless = Specification(platform.python_version(), ("nosuch-package-of-treering==9.9", "--no-index"))
    with pytest.raises(Unavailable, match=r"nosuch-package-of-treering==9\.9 cannot be installed"):
        ready("virtualenv", wheelless, tmp_path / "root", quiet)


def test_what_is_missing_on_this_machine_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(NotSupported, match="Install conda, mamba or micromamba"):
        ready("conda", HERE, tmp_path / "root", quiet)
    with pytest.raises(NotSupported, match=r"pyenv install 3\.99"):
        ready("virtualenv", Specification("3.99.1", ()), tmp_path / "root", quiet)
    with pytest.raises(NotSupported, match=r"made with Python 3\.8\.10"):
        ready("virtualenv", Specification("3.8.10", ()), tmp_path / "root", quiet)
    with pytest.raises(NotSupported, match="names the Python version 'new'"):
        ready("virtualenv", Specification("new", ()), tmp_path / "root", quiet)
    with pytest.raises(UnknownPlugin, match="conda, local, uv, virtualenv"):
        ready("docker", HERE, tmp_path / "root", quiet)


def test_this_very_treering_runs_in_another_environment(tmp_path: Path):
    # An empty environment, which borrows what Treering needs from this one, so that nothing has to be fetched.
    python = ready("virtualenv", HERE, tmp_path / "root", quiet)
    site = next(path for path in map(Path, sys.path) if (path / "click").is_dir())
    inside = next((python.parent.parent / "lib").glob("python*/site-packages"))
    for name in ("click", "msgspec", "yaml"):
        (inside / name).symlink_to(site / name)
    script = tmp_path / "out"
    assert run_there(python, tmp_path / "root", ["config", "--json"], {"TREERING_HOST": "10.1.2.3"}) in {0, 1}
    done = subprocess.run(
        [str(python), "-c", "import treering, sys; print(treering.__file__, sys.prefix)"],
        env={"PYTHONPATH": str(next((tmp_path / "root").glob("treering-*")))},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    where, prefix = done.stdout.split()
    assert Path(where).name == "__init__.py"
    assert Path(prefix) == python.parent.parent
    assert not script.exists()
    assert run_there(python, tmp_path / "root", ["no-such-command"], {}) == 2


def test_what_treering_needs_is_known():
    needs = needs_of_treering()
    assert any(one.startswith("click") for one in needs)
    assert not any("boto3" in one for one in needs)


def test_each_manager_is_one_of_the_kind():
    for name in ENVIRONMENT_MANAGERS.names():
        manager = ENVIRONMENT_MANAGERS.load(name)
        assert manager.isolated is (name != "local")
    assert ready("local", HERE, Path("unused"), quiet) == Path(sys.executable)
    assert json.dumps(key_of("uv", HERE))
