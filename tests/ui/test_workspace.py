"""The runs workspace, walked once with a mouse and once with keys alone; with 5,000 runs where their number matters."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ui import looking
from ui.site_server import Caller, columns, running

pytestmark = pytest.mark.browser

MANY = 5000
ROW = ".runs-body [data-row='{}']"
FIRST = ".runs-body [data-row='0'] a"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server with an experiment of many runs; its address and the experiment's id."""
    with running(tmp_path_factory.mktemp("many")) as url:
        call = Caller(url)
        experiment = call("experiments", {"name": "sweep-5k"})["experiment_id"]
        start = int(time.time() * 1000) - MANY * 1000
        for number in range(MANY):
            run = call(
                "runs",
                {"experiment_id": experiment, "run_name": f"run-{number:04}", "start_time": start + number * 1000},
            )
            call(
                "runs/log",
                {
                    "batches": [
                        {
                            "run_id": run["run_id"],
                            "params": {"width": str(number % 7)},
                            "tags": {"half": "ab"[number % 2]},
                        }
                    ]
                },
            )
        yield url, experiment


@pytest.fixture
def workspace(visit: Any, site: Any) -> Any:
    """The page of the experiment with curves, when its rows are there."""

    def opened(search: str = "", **options: Any) -> Any:
        page = visit(f"/experiments/{site.experiment_id}{search}", **options).page
        page.locator(FIRST).wait_for()
        return page

    return opened


def column(page: Any, name: str) -> list[str]:
    """What the cells of a column show, from the top."""
    page.locator(".runs-body:not(.dimmed)").wait_for()
    at = page.locator(f"[role=columnheader][data-column='{name}']").get_attribute("aria-colindex")
    cells = page.locator(f".runs-body [data-row] > [aria-colindex='{at}']")
    return [text for text in cells.all_inner_texts() if text]


def test_columns_are_sorted_moved_resized_and_kept_at_the_left(workspace: Any):
    page = workspace()
    heads = page.locator("[role=columnheader]")
    head = heads.locator("button", has_text="val/loss").first
    head.click()
    page.locator("[data-column='metrics.val/loss'][aria-sort=ascending]").wait_for()
    losses = [float(text) for text in column(page, "metrics.val/loss")]
    assert losses == sorted(losses)
    assert len(losses) > 10
    page.locator("[data-column='params.depth'] .head-button").click(modifiers=["Shift"])
    page.wait_for_url("**sort=metrics.val/loss,params.depth**")
    # With keys: wider, then one place to the left.
    head.focus()
    before = page.locator("[role=columnheader][data-column='metrics.val/loss']").bounding_box()["width"]
    page.keyboard.press("Alt+ArrowRight")
    page.wait_for_url("**widths=**")
    assert page.locator("[role=columnheader][data-column='metrics.val/loss']").bounding_box()["width"] > before
    page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_url("**cols=status,metrics.val/loss,metrics.val/acc**")
    # With the menu of the column.
    page.locator("[role=columnheader][data-column='metrics.val/acc']").click(button="right")
    page.get_by_role("menuitemcheckbox", name="Keep at the left").click()
    page.wait_for_url("**fixed=metrics.val/acc**")
    assert heads.nth(1).get_attribute("data-column") == "metrics.val/acc"
    page.locator("[role=columnheader][data-column='metrics.val/acc']").click(button="right")
    page.get_by_role("menuitemcheckbox", name="Curve").click()
    page.locator(".row-spark").first.wait_for()
    page.reload()
    page.locator(".row-spark").first.wait_for()
    assert heads.nth(1).get_attribute("data-column") == "metrics.val/acc"


def test_columns_are_chosen_from_all_keys(workspace: Any):
    page = workspace()
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Find a column").fill("gpu")
    page.get_by_role("checkbox", name="system/gpu_percent").check()
    page.locator("[role=columnheader][data-column='metrics.system/gpu_percent']").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Display").click()
    page.get_by_label("Tint numbers").check()
    page.get_by_label("Only those that differ").check()
    page.get_by_label("Compact").check()
    page.keyboard.press("Escape")
    page.locator(".heat").first.wait_for()
    assert page.locator(ROW.format(1)).bounding_box()["height"] <= 29


def test_filter_completes_fields_comparisons_and_values(workspace: Any):
    page = workspace()
    page.keyboard.press("/")
    page.keyboard.type("params.opt")
    page.get_by_role("option", name="params.optimizer").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("option", name="IS NOT NULL").wait_for()
    page.keyboard.type("= ")
    page.get_by_role("option", name="'sgd'").wait_for()
    page.keyboard.type("'sg")
    page.locator("[role=option]").nth(1).wait_for(state="detached")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.locator("text=14 runs").wait_for()
    # The builder adds to what is there, and takes it out.
    page.get_by_role("button", name="Filter 1").click()
    page.get_by_label("Field", exact=True).fill("params.depth")
    page.get_by_label("Comparison").select_option("=")
    page.get_by_label("Value", exact=True).fill("18")
    page.get_by_role("button", name="Add the condition").click()
    page.wait_for_url("**depth**")
    page.get_by_role("button", name="Filter 2").wait_for()
    page.get_by_role("button", name="Remove the condition params.optimizer = 'sgd'").click()
    page.get_by_role("button", name="Filter 1").wait_for()
    page.get_by_role("button", name="Clear the filter").click()
    page.locator("text=44 runs").wait_for()


def test_runs_are_gathered_in_groups(workspace: Any):
    page = workspace()
    page.get_by_role("button", name="Group", exact=True).click()
    page.get_by_role("checkbox", name="optimizer").check()
    page.keyboard.press("Escape")
    page.locator(".group-row", has_text="adamw").wait_for()
    assert "±" in page.locator(".group-row", has_text="adamw").inner_text()
    page.locator(".group-row", has_text="sgd").locator("[data-act=fold]").first.click()
    page.locator("[role=row][aria-level='2']").nth(10).wait_for()
    page.locator(".group-row", has_text="sgd").locator("[data-act=fold]").first.click()
    page.locator("[role=row][aria-level='2']").first.wait_for(state="detached")
    # What changed the view is taken back, and done again.
    page.keyboard.press("Control+z")
    page.locator(".group-row").first.wait_for(state="detached")
    page.keyboard.press("Control+Shift+z")
    page.locator(".group-row").first.wait_for()


def test_nested_runs_stand_below_their_parent(workspace: Any):
    page = workspace()
    page.locator("text=44 runs").wait_for()
    page.locator(FIRST).focus()
    page.keyboard.press("Control+End")
    parent = page.locator("[role=row]", has=page.locator("a[title='sweep-1']"))
    parent.wait_for()
    parent.locator("a").focus()
    page.keyboard.press("ArrowRight")
    page.locator("[role=row][aria-level='2']").nth(2).wait_for()
    assert parent.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowLeft")
    page.locator("[role=row][aria-level='2']").first.wait_for(state="detached")


def test_runs_are_pinned_hidden_compared_with_one_and_renamed(workspace: Any):
    page = workspace()
    name = page.locator(ROW.format(3)).locator("a").inner_text()
    page.locator(ROW.format(3)).locator("a").click(button="right")
    page.get_by_role("menuitem", name="Pin on top").click()
    page.locator(".runs-head [role=row]", has_text=name).wait_for()
    page.locator(".runs-head a", has_text=name).click(button="right")
    page.get_by_role("menuitem", name="Compare others with it").click()
    page.locator(".delta").first.wait_for()
    other = page.locator(ROW.format(5)).locator("a").inner_text()
    page.locator(ROW.format(5)).locator("a").click(button="right")
    page.get_by_role("menuitem", name="Hide").click()
    page.locator(f".runs-body a[title='{other}']").wait_for(state="detached")
    page.locator("text=43 runs").wait_for()
    page.locator(FIRST).focus()
    old = page.locator(FIRST).inner_text()
    page.keyboard.press("F2")
    page.get_by_label("Name", exact=True).fill("a better name")
    page.keyboard.press("Enter")
    page.locator("text=Renamed").wait_for()
    page.locator(".runs-body a", has_text="a better name").wait_for()
    page.keyboard.press("Control+z")
    page.locator(".runs-body a", has_text=old).first.wait_for()


def test_tags_and_a_note_are_edited_in_place(workspace: Any):
    page = workspace("?cols=status,tags.owner,tags.mlflow.note.content&sort=start_time")
    page.locator(FIRST).focus()
    page.keyboard.press("e")
    page.locator(".tag-row").first.wait_for()
    free = page.locator(".tag-row").count()
    page.get_by_label(f"Key {free}").fill("colour")
    page.get_by_label(f"Value {free}").fill("red")
    page.get_by_role("button", name="Save tags").click()
    page.locator("text=Set colour of 1 run").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.locator(ROW.format(1)).locator("[data-column='tags.owner']").dblclick()
    page.locator(".cell-edit").fill("speech")
    page.keyboard.press("Enter")
    page.locator("text=Set owner of 1 run").wait_for()
    page.locator(ROW.format(1), has_text="speech").wait_for()
    page.keyboard.press("Control+z")
    page.locator(ROW.format(1), has_text="speech").wait_for(state="detached")
    page.locator(FIRST).click(button="right")
    page.get_by_role("menuitem", name="Edit note…").click()
    page.get_by_label("Markdown").fill("Worth *another* look.")
    page.get_by_role("button", name="Save note").click()
    page.locator(ROW.format(0), has_text="Worth").wait_for()
    page.get_by_role("button", name="Undo").last.click()
    page.locator(ROW.format(0), has_text="Worth").wait_for(state="detached")


def test_views_are_saved_changed_and_opened_with_the_experiment(visit: Any, site: Any):
    path = f"/experiments/{site.llm_id}"
    page = visit(path).page
    page.locator(FIRST).wait_for()
    page.keyboard.press("n")
    page.get_by_label("Name", exact=True).fill("compact")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**view=**")
    page.get_by_role("button", name="compact").wait_for()
    page.get_by_role("button", name="Display").click()
    page.get_by_label("Compact").check()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="compact •").click()
    page.get_by_role("button", name="Save the changes").click()
    page.locator("text=Updated the view compact").wait_for()
    page.get_by_role("button", name="Open the experiment with it").click()
    page.locator("text=The experiment opens with compact").wait_for()
    page.goto(page.url.split("?")[0])
    page.wait_for_url("**density=compact**")
    page.locator(FIRST).wait_for()
    page.get_by_role("button", name="compact", exact=True).click()
    page.get_by_role("button", name="Delete the view").click()
    page.locator("text=Deleted the view compact").wait_for()


def test_keys_alone_select_draw_and_compare(workspace: Any):
    page = workspace()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.locator(ROW.format(1) + " a:focus").wait_for()
    page.keyboard.press("Space")
    page.locator(ROW.format(1) + ":not([data-drawn])").wait_for()
    page.keyboard.press("x")
    page.keyboard.press("k")
    page.keyboard.press("x")
    page.locator("text=2 selected").wait_for()
    page.keyboard.press("ArrowRight")
    page.locator(ROW.format(0) + " [aria-colindex='2']:focus").wait_for()
    page.keyboard.press("[")
    page.locator(".workspace[data-pane=charts]").wait_for()
    page.keyboard.press("[")
    page.locator(".workspace[data-pane=both]").wait_for()
    page.keyboard.press("?")
    page.get_by_role("heading", name="Keyboard").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.wait_for_url("**/compare?runs=**")


def test_what_is_shown_is_said_in_code(workspace: Any):
    page = workspace("?q=params.optimizer = 'sgd'&sort=-metrics.val/acc")
    page.get_by_role("button", name="Code").click()
    page.locator("pre", has_text='order_by=["metrics.`val/acc` DESC"]').wait_for()
    page.get_by_role("button", name="Command line").click()
    page.locator("pre", has_text="treering runs list").wait_for()
    page.get_by_role("button", name="REST").click()
    page.locator("pre", has_text="/api/v1/runs/search").wait_for()


def test_runs_of_several_experiments(visit: Any, site: Any):
    page = visit(f"/experiments/{site.experiment_id},{site.llm_id}").page
    page.locator(FIRST).wait_for()
    assert {"cifar10-resnet"} <= set(column(page, "experiment_id"))
    page.get_by_role("heading", name="cifar10-resnet, llm-finetune").wait_for()


def test_many_runs_are_scrolled_selected_tagged_deleted_and_brought_back(
    browser: Any, many: tuple[str, str], tmp_path: Path
):
    url, experiment = many
    looker = looking.Looker(browser, url)
    page = looker(f"/experiments/{experiment}", accept_downloads=True).page
    page.locator("text=5,000 runs").wait_for()
    page.locator(FIRST).wait_for()
    assert page.locator(FIRST).inner_text() == "run-4999"
    # To a place far below, without what lies between.
    page.locator(".runs").evaluate("box => box.scrollTo(0, 2500 * 32)")
    page.locator(".runs-body a", has_text="run-2490").wait_for()
    assert page.locator(".runs-body [data-row]").count() < 100
    page.locator(".runs-body a", has_text="run-2490").focus()
    page.keyboard.press("Control+End")
    page.locator(ROW.format(MANY - 1) + " [role=gridcell]:focus").wait_for()
    page.locator(ROW.format(MANY - 1), has_text="run-0000").wait_for()
    page.keyboard.press("Control+Home")
    page.locator(".runs-body a:focus", has_text="run-4999").wait_for()
    # A range, then all.
    page.keyboard.press("x")
    page.locator(ROW.format(9)).get_by_role("checkbox", name="Select").click(modifiers=["Shift"])
    page.locator("text=10 selected").wait_for()
    page.get_by_role("button", name="Select all 5,000 that match").click()
    page.locator(ROW.format(2)).get_by_role("checkbox", name="Select").click()
    page.locator("text=All 4,999 runs that match").wait_for()
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Key").fill("half")
    page.get_by_label("Value").fill("whole")
    page.get_by_role("button", name="Set for 4,999 runs").click()
    page.locator("text=Set half of 4,999 runs").wait_for(timeout=60_000)
    assert values(url, experiment) == {"whole": 4999, "b": 0, "a": 0} | left_out(url, experiment)
    page.get_by_role("button", name="Undo").click()
    until(lambda: values(url, experiment).get("a") == MANY // 2, 60)
    # The file has what is shown, of all runs.
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Export").first.click()
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name="Export 5,000 runs").click()
    download.value.save_as(tmp_path / "runs.csv")
    with (tmp_path / "runs.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == MANY
    assert rows[0]["Run"] == "run-4999"
    assert {row["params.width"] for row in rows} == set("0123456")
    # Deleted and restored, all at once.
    page.get_by_label("Select all that match").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.locator("text=No runs yet.").wait_for(timeout=60_000)
    page.locator(".toast", has_text="Deleted 5,000 runs").wait_for(timeout=60_000)
    page.keyboard.press("Control+z")
    page.locator("text=5,000 runs").wait_for(timeout=60_000)
    looker.close()


def values(url: str, experiment: str) -> dict[str, int]:
    """How many runs have which value of the tag."""
    found = Caller(url)("runs/values", {"experiment_ids": [experiment], "field": "tags.half"})["values"]
    return {"a": 0, "b": 0} | {one["value"]: one["runs"] for one in found}


def left_out(url: str, experiment: str) -> dict[str, int]:
    """The one run that was not selected keeps what it had."""
    body = {"experiment_ids": [experiment], "filter": "run_name = 'run-4997'", "columns": ["tags.half"]}
    return {json.loads(json.dumps(Caller(url)("runs/rows", body)["columns"][0][0])): 1}


def until(true: Any, seconds: float) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "It did not come true in time."
        time.sleep(0.2)


def test_new_runs_come_in_without_moving_what_is_looked_at(browser: Any, many: tuple[str, str]):
    url, _ = many
    call = Caller(url)
    experiment = call("experiments", {"name": "live"})["experiment_id"]
    for number in range(3):
        call("runs", {"experiment_id": experiment, "run_name": f"early-{number}"})
    looker = looking.Looker(browser, url)
    page = looker(f"/experiments/{experiment}?sort=run_name").page
    page.locator(FIRST).wait_for()
    page.wait_for_timeout(1000)
    call("runs", {"experiment_id": experiment, "run_name": "alpha"})
    button = page.get_by_role("button", name="Show 1 new run")
    button.wait_for(timeout=30_000)
    assert page.locator(FIRST).inner_text() == "early-0"
    button.click()
    page.locator(FIRST, has_text="alpha").wait_for()
    looker.close()


def test_runs_that_lie_below_a_folded_parent_are_drawn(browser: Any, many: tuple[str, str]):
    url, _ = many
    call = Caller(url)
    experiment = call("experiments", {"name": "nested"})["experiment_id"]
    parent = call("runs", {"experiment_id": experiment, "run_name": "candidates"})["run_id"]
    for name in ("forest", "boosted"):
        run = call("runs", {"experiment_id": experiment, "run_name": name, "tags": {"mlflow.parentRunId": parent}})
        call.log(run["run_id"], series={"auc": columns([0.7, 0.9], 1_760_000_000_000)})
    looker = looking.Looker(browser, url)
    page = looker(f"/experiments/{experiment}").page
    page.locator(FIRST, has_text="candidates").wait_for()
    page.locator(".plot canvas").first.wait_for()
    assert page.locator("text=No run is drawn.").count() == 0
    looker.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", looking.SIZES)
def test_everything_is_accessible(workspace: Any, visit: Any, site: Any, look: Any, theme: str, width: int):
    base = "?fixed=metrics.val/acc&cols=status,metrics.val/acc,metrics.val/loss,metrics.val/loss:line,params.optimizer&heat=1"
    page = workspace(f"{base}&sort=metrics.val/loss,-params.lr", theme=theme, width=width)
    page.locator(ROW.format(1)).get_by_role("checkbox", name="Select").click(force=True)
    page.locator("text=1 selected").wait_for()
    page.wait_for_timeout(1500)
    look(page, f"runs-selected-{theme}-{width}")
    page = visit(f"/experiments/{site.experiment_id}{base}&group=params.optimizer", theme=theme, width=width).page
    page.locator("[data-act=fold]").first.click()
    page.locator("[role=row][aria-level='2']").first.wait_for()
    page.wait_for_timeout(1500)
    look(page, f"runs-groups-{theme}-{width}")
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Find a column").wait_for()
    look(page, f"runs-columns-{theme}-{width}")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="+ Filter").click()
    page.get_by_label("Comparison").wait_for()
    look(page, f"runs-filter-{theme}-{width}")
    page.keyboard.press("Escape")
    page.locator(".runs-body .group-name").first.click(button="right")
    page.get_by_role("menu").wait_for()
    look(page, f"runs-menu-{theme}-{width}")
