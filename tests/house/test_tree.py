"""Nothing in the tree belongs to one machine, and nothing in it is secret."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

Module = Any  # of conftest.py, which tests cannot import

SECRETS = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]{20}",
    "an AWS key": r"\b(AKIA|ASIA)[A-Z0-9]{16}\b",
    "a GitHub token": r"\b(ghp|gho|ghs|ghu)_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{60}",
    "a GitLab token": r"\bglpat-[A-Za-z0-9_-]{20}\b",
    "a Slack token": r"\bxox[abpr]-[A-Za-z0-9-]{20}",
    "a PyPI token": r"\bpypi-AgEI[A-Za-z0-9_-]{20}",
    "a URL with a password": r"https?://[^\s/:@'\"{}<>]+:[^\s/@'\"{}<>*]{12,}@",
}
MACHINE = r"(?<![\w.$~}\])*-])/(root|home|Users|work|mnt|media)/\w+"
# The image's own user, by name.
ALLOWED_MACHINE = {".devcontainer/Dockerfile"}
OWN_HOSTS = {"pypi.org", "files.pythonhosted.org"}


def lines(tracked: list[Path]) -> list[tuple[str, str]]:
    return [
        (f"{path}:{number}", line)
        for path in tracked
        if path.name not in {"uv.lock", "package-lock.json"}
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
    ]


@pytest.mark.parametrize("what", sorted(SECRETS))
def test_no_secret_is_tracked(tracked: list[Path], what: str) -> None:
    pattern = re.compile(SECRETS[what])
    found = [str(path) for path in tracked if pattern.search(path.read_text("utf-8", errors="replace"))]
    assert found == [], f"looks like {what}"


def test_no_path_of_one_machine_is_tracked(tracked: list[Path], root: Path) -> None:
    pattern = re.compile(MACHINE)
    found = [
        (where, line.strip())
        for where, line in lines(tracked)
        if pattern.search(line)
        and str(Path(where.rpartition(":")[0]).relative_to(root)) not in ALLOWED_MACHINE
        # `/home/...` in a test of bad input is data; it says so.
        and "made-up path" not in line
    ]
    assert found == []


def test_the_lock_file_names_only_the_public_index(root: Path) -> None:
    hosts = set(re.findall(r"https?://([^/\"]+)", (root / "uv.lock").read_text("utf-8")))
    assert hosts == OWN_HOSTS


def test_the_lock_file_of_the_ui_names_only_the_public_registry(root: Path) -> None:
    lock = root / "ui" / "package-lock.json"
    if not lock.exists():
        pytest.skip("ui/ has no lock file")
    hosts = set(re.findall(r"\"resolved\": \"https?://([^/\"]+)", lock.read_text("utf-8")))
    assert hosts <= {"registry.npmjs.org"}


def test_only_one_module_touches_the_environment(tracked: list[Path], root: Path) -> None:
    package = root / "src" / "treering"
    found = [
        str(path)
        for path in tracked
        if path.is_relative_to(package)
        and path.suffix == ".py"
        and re.search(r"os\.(environ|getenv)|from os import .*(environ|getenv)", path.read_text("utf-8"))
    ]
    assert found == [str(package / "core" / "variables.py")]


def test_the_product_knows_no_host_that_it_could_report_to(modules: list[Module]) -> None:
    # No telemetry: whoever is spoken to was named by the user. What is left are examples in help and docstrings.
    told = re.compile(r"https?://([\w-]+(?:\.[\w-]+)+)")
    # The name of a schema, or of a namespace, is no address that is asked.
    texts = [
        re.sub(r'"\$schema": "[^"]*"|xmlns="[^"]*"', "", module.text)
        for module in modules
        if ".testing" not in module.name
    ]
    named = {host for text in texts for host in told.findall(text)}
    assert {host for host in named if not re.fullmatch(r"127\.0\.0\.1|(.+\.)?example\.(com|org)", host)} == set()


def test_no_placeholder_lands(tracked: list[Path]) -> None:
    words = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X"))
    found = [where for where, line in lines(tracked) if re.search(rf"\b({words})\b", line) and "pyproject" not in where]
    assert found == []


def test_files_that_every_repository_has(root: Path) -> None:
    for name in (
        "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "ARCHITECTURE.md", "Makefile",
        ".ci/run", ".github/workflows/ci.yml", ".gitlab-ci.yml", ".devcontainer/Dockerfile",
        ".devcontainer/devcontainer.json", ".pre-commit-config.yaml", "src/treering/py.typed",
    ):  # fmt: skip
        path = root / name
        assert path.is_file(), name
        if name != "src/treering/py.typed":
            assert path.stat().st_size > 0, name
    assert (root / ".ci" / "run").stat().st_mode & 0o111, ".ci/run cannot be run"


def test_the_script_of_the_ci_can_be_read(root: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    done = subprocess.run([bash, "-n", ".ci/run"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [".github/workflows/ci.yml", ".gitlab-ci.yml"])
def test_both_forges_run_the_same_commands(root: Path, name: str) -> None:
    text = (root / name).read_text("utf-8")
    assert isinstance(yaml.safe_load(text), dict)
    for command in ("make test", ".ci/run", "make demo ARGS=--no-ui"):
        assert command in text


def test_the_devcontainer_can_be_read(root: Path) -> None:
    container = json.loads((root / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    assert (root / ".devcontainer" / container["build"]["dockerfile"]).is_file()


def test_make_has_the_promised_targets(root: Path) -> None:
    text = (root / "Makefile").read_text("utf-8")
    for target in ("demo", "test", "test-full", "lint", "fix", "docs", "bench", "ui", "clean", "help"):
        assert re.search(rf"^{target}:", text, re.MULTILINE), target
