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


def test_the_proofs_of_parity_exist(root: Path) -> None:
    proofs = re.findall(r"`(tests/[^`]+)`", (root / "docs" / "parity.md").read_text("utf-8"))
    assert proofs
    assert [proof for proof in proofs if not (root / proof).exists()] == []


def test_what_works_has_a_proof(root: Path) -> None:
    rows = re.findall(r"^\| (.+?) \| works \| (.*) \|$", (root / "docs" / "parity.md").read_text("utf-8"), re.MULTILINE)
    assert rows
    assert [feature for feature, proof in rows if "tests/" not in proof and "test-full" not in proof] == []
