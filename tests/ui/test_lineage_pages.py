"""Lineage and datasets: everybody can use them, the graph can be walked and grown, versions compared."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest

from ui.site_captured import COMMITS
from ui.site_server import Caller

pytestmark = pytest.mark.browser

CHAMPION = "/lineage?uri=models:/churn@champion"
DATA = "/lineage?uri=datasets:/cifar10/9d77e0"


def pages() -> dict[str, tuple[str, str]]:
    """Name of each page to its path, and a selector of what it shows when it is ready."""
    return {
        "lineage-start": ("/lineage", ".starts .rows >> text=churn"),
        "lineage-nothing": ("/lineage?q=nothing-like-it", "text=has “nothing-like-it” in its name"),
        "lineage-version": (CHAMPION, ".graph-box >> nth=3"),
        "lineage-data": (DATA, ".graph-box >> nth=10"),
        "data": ("/data", "text=instructions"),
        "data-none": ("/data?q=nothing-like-it", "text=No dataset has"),
        "dataset": ("/data/cifar10", ".graph-box"),
        "dataset-compared": ("/data/instructions?version=b81d40&against=a07c31", ".graph-box"),
        "dataset-unknown": ("/data/nobody", "text=No run has recorded"),
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_pages_are_accessible(visit: Any, look: Any, theme: str, width: int):
    for name, (path, ready) in pages().items():
        page = visit(path, theme=theme, width=width).page
        page.locator(ready).first.wait_for()
        if ".graph-box" in ready:
            page.locator(".graph-box").first.click()
            page.locator(".lineage-panel dd").first.wait_for()
            page.locator(".graph-words summary").click()
            page.locator(".graph-words li").first.wait_for()
        look(page, f"{name}-{theme}-{width}")
        page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_a_commit_says_what_it_is_and_is_copied(visit: Any, look: Any, theme: str, width: int):
    commit = COMMITS[0]
    page = visit(f"/lineage?uri=code:/{commit}", theme=theme, width=width).page
    box(page, commit[:12]).click()
    panel = page.get_by_label(f"Git commit {commit[:12]}")
    panel.get_by_text(commit, exact=True).wait_for()
    panel.get_by_text("https://github.com/example/cifar10.git").wait_for()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel.get_by_role("button", name="Copy the commit").click()
    panel.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == commit
    look(page, f"lineage-commit-{theme}-{width}")


def box(page: Any, name: str) -> Any:
    return page.locator(".graph-box", has_text=name)


def test_a_version_leads_to_its_data_by_keyboard_alone(visit: Any):
    page = visit(CHAMPION).page
    box(page, "churn v3").wait_for()
    page.locator(".graph-box[tabindex='0']").focus()
    assert "churn v3" in page.locator(".graph-box:focus").inner_text()
    for name in ("churn-2", "bold-lynx-2", "cifar10"):
        page.keyboard.press("ArrowLeft")
        page.locator(".graph-box:focus", has_text=name).wait_for()
    page.keyboard.press("ArrowRight")
    page.locator(".graph-box:focus", has_text="bold-lynx-2").wait_for()
    page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="Run bold-lynx-2")
    panel.get_by_text("adamw").or_(panel.get_by_text("sgd")).or_(panel.get_by_text("adam")).first.wait_for()
    assert "val/loss" in panel.inner_text()
    panel.get_by_role("link", name="Open the run").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*")
    page.get_by_role("heading", name="bold-lynx-2").wait_for()


def test_the_graph_says_the_same_in_words(visit: Any):
    page = visit(CHAMPION).page
    box(page, "churn v3").wait_for()
    page.locator(".graph-words summary").click()
    said = [" ".join(text.split()) for text in page.locator(".graph-words li").all_inner_texts()]
    assert "Dataset cifar10 5f1c2a was read by (train) run bold-lynx-2 ada" in said
    assert "Run bold-lynx-2 ada wrote logged model churn-2 classifier" in said
    assert any(
        re.fullmatch(r"Logged model churn-2 classifier was registered as model version churn v3 .*", one)
        for one in said
    )


def test_what_is_left_out_is_counted_and_shown_on_demand(visit: Any):
    page = visit(DATA).page
    box(page, "cifar10").wait_for()
    page.locator(".graph-box").nth(10).wait_for()
    assert page.locator(".graph-box").count() == 11
    page.get_by_role("button", name=re.compile(r"Show more: \+13 that came of cifar10")).click()
    page.locator(".graph-box").nth(23).wait_for()
    assert page.locator(".graph-box").count() == 24
    # A run of a sweep came of the sweep as well.
    box(page, "bold-lynx-50").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Show 1 more that it came of").click()
    box(page, "sweep-1").wait_for()


def test_size_and_place_of_the_graph_can_be_changed(visit: Any):
    page = visit(CHAMPION).page
    box(page, "churn v3").wait_for()
    plane, read = page.locator(".graph-plane"), "element => element.style.transform"
    seen = [plane.evaluate(read)]

    def changed() -> None:
        page.wait_for_function(
            "([was]) => document.querySelector('.graph-plane').style.transform !== was", arg=[seen[-1]]
        )
        seen.append(plane.evaluate(read))

    page.get_by_role("button", name="Make smaller").click()
    changed()
    page.get_by_role("button", name="Fit everything").click()
    changed()
    assert seen[-1] == seen[0]
    around = page.locator(".graph-frame").bounding_box()
    page.mouse.move(around["x"] + 40, around["y"] + 40)
    page.mouse.wheel(0, 300)
    changed()
    page.mouse.down()
    page.mouse.move(around["x"] + 90, around["y"] + 60, steps=4)
    page.mouse.up()
    changed()
    page.locator(".graph-box[tabindex='0']").focus()
    page.keyboard.press("0")
    changed()


def test_steps_are_part_of_the_address(visit: Any):
    page = visit(CHAMPION).page
    # Not the commit, whose repository has the same name.
    data = box(page, "5f1c2a")
    data.wait_for()
    page.get_by_label("Steps up").select_option("1")
    data.wait_for(state="detached")
    assert "up=1" in page.url
    box(page, "churn-2").wait_for()
    page.reload()
    box(page, "churn-2").wait_for()
    assert data.count() == 0


def test_a_start_is_found_by_name_and_by_address(visit: Any, site: Any):
    opened = visit("/lineage")
    page = opened.page
    field = page.get_by_label("Start of the lineage")
    page.locator(".starts").wait_for()
    field.fill("cifar")
    page.locator(".starts .rows a", has_text="churn").wait_for(state="detached")
    page.locator(".starts .rows a[title='models:/cifar10/3']").click()
    box(page, "cifar10 v3").wait_for()
    field.fill(f"runs:/{site.parent_id}")
    field.press("Enter")
    box(page, "sweep-1").wait_for()
    field.fill("models:/nobody/1")
    field.press("Enter")
    page.get_by_role("alert").get_by_text("nobody").first.wait_for()
    opened.expected.append("404")


def test_a_running_thing_and_a_failed_one_look_different(visit: Any, site: Any):
    page = visit(f"/lineage?uri=runs:/{site.live_run_id}").page
    running = box(page, "live-llama").locator(".state")
    running.wait_for()
    assert running.inner_text() == "Running"
    page.goto(page.url.replace(site.live_run_id, site.diverged_run_id))
    failed = box(page, "diverged-llama").locator(".state")
    failed.wait_for()
    assert failed.inner_text() == "Failed"
    assert page.locator(".graph-box .state svg").count() >= 1


def test_datasets_lead_to_versions_differences_and_runs(visit: Any):
    page = visit("/data").page
    row = page.locator("tr", has_text="cifar10")
    row.wait_for()
    assert re.search(r"60,000|50,000", row.inner_text())
    page.get_by_label("Search datasets by name").fill("instr")
    row.wait_for(state="detached")
    page.get_by_role("link", name="instructions").click()
    page.get_by_role("link", name="b81d40").click()
    page.get_by_role("button", name="Compare a07c31 with b81d40").click()
    page.wait_for_url("**against=a07c31")
    changes = page.get_by_label("From a07c31 to b81d40")
    assert re.search(r"language\s+\+ added\s+string", changes.inner_text())
    assert re.search(r"num_rows\s+~ changed\s+51760\s+52002", changes.inner_text())
    page.get_by_label("Columns").get_by_text("tokens").wait_for()
    page.get_by_label("Used by runs").get_by_role("link", name="All of llm-finetune").click()
    page.wait_for_url(lambda url: quote("datasets.digest", safe="") in url)
    page.locator(".runs-body [data-row='0']").wait_for()


def test_a_name_with_slashes_has_a_page(visit: Any, site: Any):
    call = Caller(site.url)
    run = call("runs", {"experiment_id": site.empty_id, "run_name": "reads wine", "start_time": 1000})["run_id"]
    wine = {"name": "raw/wine & beer #1", "digest": "d1", "source_type": "local", "source": "{}"}
    call.log(run, datasets=[{"dataset": wine, "tags": {"mlflow.data.context": "eval"}}])
    try:
        page = visit("/data?q=beer").page
        page.get_by_role("link", name="raw/wine & beer #1").click()
        page.get_by_label("Used by runs").get_by_role("link", name="reads wine").wait_for()
        page.reload()
        page.get_by_label("Columns").get_by_text("Nothing of its columns is known.").wait_for()
        box(page, "reads wine").wait_for()
    finally:
        # Other tests look at the experiment without runs.
        call(f"runs/{run}", {}, "DELETE")
