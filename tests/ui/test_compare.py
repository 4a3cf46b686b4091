"""The page that compares runs: each of its parts, its keys, its address, both themes and three widths."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = pytest.mark.browser

PARTS = ("Params", "Metrics", "Charts", "Tags", "Code", "Environment", "Data", "Artifacts", "Details")


@pytest.fixture
def runs(site: Any) -> list[str]:
    """The run with everything, and two that have most of it."""
    return [site.run_id, *site.more_run_ids[:2]]


@pytest.fixture
def path(runs: list[str]) -> str:
    return f"/compare?runs={','.join(runs)}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_is_accessible(visit: Any, path: str, look: Any, theme: str, width: int):
    page = visit(path, theme=theme, width=width).page
    page.wait_for_selector("text=torchvision")
    look(page, f"compare-{theme}-{width}")


def test_shows_every_part_with_what_differs(visit: Any, path: str):
    page = visit(path).page
    page.wait_for_selector("text=torchvision")
    for name in PARTS:
        assert page.locator(f"[data-part={name}]").count() == 1, name
    params = page.locator("[data-part=Params]")
    assert params.locator("tr[data-difference] th").evaluate_all("cells => cells.map(cell => cell.title)") == [
        "depth",
        "lr",
        "optimizer",
    ]
    assert "3 of 4 differ" in params.inner_text()
    assert re.search(r"torch\b", page.locator("[data-part=Environment]").inner_text())
    assert "cifar10" in page.locator("[data-part=Data]").inner_text()


def test_only_differences_leaves_out_what_is_the_same(visit: Any, path: str):
    page = visit(path).page
    params = page.locator("[data-part=Params]")
    params.get_by_text("batch_size").wait_for()
    page.get_by_label("Only differences").check()
    params.get_by_text("batch_size").wait_for(state="detached")
    assert params.get_by_text("optimizer").is_visible()
    assert "diff=1" in page.url


def test_the_base_can_be_another(visit: Any, path: str, runs: list[str]):
    page = visit(path).page
    page.wait_for_selector("text=torchvision")
    metrics = page.locator("[data-part=Metrics]")
    assert metrics.locator("thead th[data-base]").inner_text().strip() == "swift-carp-0"
    page.get_by_role("button", name="Make base").first.click()
    metrics.locator("thead th[data-base]", has_text="calm-hare-1").wait_for()
    assert f"base={runs[1]}" in page.url
    # What was better than the base is now the base, and the old base is worse.
    row = metrics.locator("tr", has=page.get_by_role("rowheader", name="val/loss"))
    assert "worse" in row.locator("td").first.inner_text()


def test_minimum_and_maximum_of_metrics_can_be_compared(visit: Any, path: str):
    page = visit(path).page
    row = page.locator("[data-part=Metrics] tr", has=page.get_by_role("rowheader", name="val/loss"))
    last = row.locator("td").first.inner_text()
    page.get_by_role("button", name="Max", exact=True).click()
    page.wait_for_function(
        "before => !document.querySelector('[data-part=Metrics]').innerText.includes(before)", arg=last
    )
    assert "value=maximum" in page.url


def test_code_of_one_commit_is_compared_by_its_uncommitted_changes(visit: Any, path: str):
    page = visit(path).page
    code = page.locator("[data-part=Code]")
    code.get_by_text("changed in both, not alike").wait_for()
    code.locator(".diff-in", has_text="RATE").first.wait_for()
    code.locator(".diff-out", has_text="RATE").first.wait_for()
    code.get_by_text("changed alike in both").wait_for()


def test_code_of_two_commits_says_how_to_see_the_difference(visit: Any, path: str, runs: list[str]):
    page = visit(f"{path}&other={runs[2]}").page
    code = page.locator("[data-part=Code]")
    code.get_by_text(re.compile("^git diff [0-9a-f]{40} [0-9a-f]{40}$")).wait_for()
    link = code.get_by_role("link", name="Look at it where the repository is kept")
    assert link.get_attribute("href").startswith("https://github.com/example/cifar10/compare/")
    assert "noopener" in link.get_attribute("rel")


def test_the_same_file_of_several_runs_stands_side_by_side(visit: Any, path: str):
    page = visit(f"{path}&path=treering/environment.json").page
    files = page.locator("[data-part=Artifacts]")
    files.locator(".compare-sides section").nth(2).wait_for()
    files.locator(".text-diff .diff-in").first.wait_for()


def test_folders_are_opened_and_left(visit: Any, path: str):
    page = visit(path).page
    files = page.locator("[data-part=Artifacts]")
    files.get_by_role("button", name="treering", exact=True).click()
    files.get_by_role("button", name="environment.json").click()
    page.wait_for_url(re.compile(r"path=treering/environment\.json"))
    files.get_by_role("button", name="Artifacts", exact=True).click()
    files.get_by_role("button", name="treering", exact=True).wait_for()


def test_keys_lead_from_difference_to_difference(visit: Any, path: str):
    page = visit(path).page
    page.wait_for_selector("text=torchvision")
    page.keyboard.press("n")
    focused = "document.activeElement.querySelector('th')?.innerText ?? ''"
    assert page.evaluate(focused).startswith("depth")
    page.keyboard.press("n")
    assert page.evaluate(focused).startswith("lr")
    page.keyboard.press("p")
    assert page.evaluate(focused).startswith("depth")
    page.keyboard.press("d")
    page.wait_for_url(re.compile("diff=1"))


def test_runs_are_added_moved_and_left_out(visit: Any, path: str, runs: list[str]):
    page = visit(path).page
    cards = page.locator(".compare-runs > li")
    cards.nth(2).wait_for()
    page.get_by_role("button", name="Leave bold-lynx-2 out").click()
    page.wait_for_url(re.compile(f"runs={runs[0]},{runs[1]}$"))
    page.get_by_role("button", name="Move calm-hare-1 to the left").click()
    page.wait_for_url(re.compile(f"runs={runs[1]},{runs[0]}"))
    page.get_by_role("button", name="Add a run").click()
    page.get_by_label("Name of a run").fill("bold-lynx-2")
    page.get_by_role("button", name="bold-lynx-2", exact=True).click()
    cards.nth(2).wait_for()
    assert runs[2] in page.url
    page.go_back()
    page.wait_for_url(re.compile(f"runs={runs[1]},{runs[0]}(&|$)"))


def test_a_run_that_is_not_there_does_not_hide_the_others(visit: Any, path: str):
    opened = visit(f"{path},nosuchrun")
    opened.expected.append("404")
    opened.page.get_by_role("alert").get_by_text("Run nosuchrun could not be read.").wait_for()
    assert opened.page.locator(".compare-runs > li").count() == 3


def test_without_runs_it_says_how_to_choose_some(visit: Any):
    page = visit("/compare").page
    page.get_by_text("No runs are chosen.").wait_for()
    page.get_by_role("button", name="Add a run").click()
    page.get_by_label("Name of a run").fill("calm-hare-1")
    page.get_by_role("button", name="calm-hare-1", exact=True).click()
    page.locator(".compare-runs > li").wait_for()
