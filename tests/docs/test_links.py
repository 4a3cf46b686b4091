"""Every link inside the documentation leads somewhere, and every page can be reached."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

_CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def links(path: Path) -> list[str]:
    return _LINK.findall(_CODE.sub("", path.read_text("utf-8")))


def anchors(path: Path) -> set[str]:
    """The names that forges give to headings."""
    text = re.sub(r"^ *```.*?^ *```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(text)}


def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if re.match(r"https?://|mailto:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name}: {link}"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: {link}"


def test_every_page_is_reached_from_the_index(root: Path) -> None:
    reached = {(root / "docs" / link.partition("#")[0]).resolve() for link in links(root / "docs" / "index.md")}
    assert set((root / "docs").glob("*.md")) - {root / "docs" / "index.md"} <= reached


def test_the_readme_leads_to_the_index(root: Path) -> None:
    assert "docs/index.md" in links(root / "README.md")


@pytest.mark.parametrize("extra", ["core", "extras"])
def test_each_dependency_is_explained(root: Path, extra: str) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = (
        project["dependencies"]
        if extra == "core"
        else [item for group in project["optional-dependencies"].values() for item in group]
    )
    text = (root / "docs" / "dependencies.md").read_text("utf-8")
    for requirement in wanted:
        name = re.split(r"[\s\[<>=!~;(]", requirement)[0]
        if name != "treering":
            assert re.search(rf"^\| `{re.escape(name)}` \|", text, re.MULTILINE), f"{name} is not explained"


PROMISES = ("parity.md", "complaints.md")
STATES = {"works", "partly", "not yet", "no"}
_PROOF = re.compile(r"`((?:tests|benchmarks|src/treering/testing)/[^`:]+)(?:::(\w+))?`")


def promises(root: Path, page: str) -> list[list[str]]:
    """The rows of the page's tables that have a state: their cells."""
    lines = (root / "docs" / page).read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")]
    return [row for row in rows if len(row) > 2 and set(row) & STATES]


@pytest.mark.parametrize("name", PROMISES)
def test_the_proofs_exist(root: Path, name: str) -> None:
    proofs = _PROOF.findall((root / "docs" / name).read_text("utf-8"))
    assert len(proofs) > 20
    missing = []
    for file, test in proofs:
        path = root / file
        if not path.exists() or (
            test and not re.search(rf"^ *(?:async )?def {test}\(", path.read_text("utf-8"), re.MULTILINE)
        ):
            missing.append(f"{file}::{test}")
    assert missing == []


@pytest.mark.parametrize("name", PROMISES)
def test_what_works_names_the_test_that_shows_it(root: Path, name: str) -> None:
    rows = promises(root, name)
    assert len(rows) > 20
    claimed = [row for row in rows if set(row) & {"works", "partly"}]
    # A folder or a whole file may hold anything: a proof is one test. What is measured is shown by its benchmark.
    bare = [
        row[0]
        for row in claimed
        if not any(test or file.startswith("benchmarks/") for file, test in _PROOF.findall(row[-1]))
    ]
    assert bare == []


def test_each_row_of_parity_has_a_state(root: Path) -> None:
    lines = (root / "docs" / "parity.md").read_text("utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| feature |")]
    assert [line for line in rows if line.split(" | ")[1].strip() not in STATES] == []


def test_each_theme_of_the_benchmarks_is_explained(root: Path) -> None:
    table = (root / "benchmarks" / "run.py").read_text("utf-8").partition("THEMES:")[2].partition("}")[0]
    themes = re.findall(r'"([\w-]+)":', table)
    assert len(themes) > 5
    explained = re.findall(r"^\| (`.*?) \|", (root / "benchmarks" / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(name for cell in explained for name in re.findall(r"`([\w-]+)`", cell)) == sorted(themes)
