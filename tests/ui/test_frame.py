"""The frame of all pages with a real server: keys, palette, places, the line's state, titles, and settings that last."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ui.site_server import Caller

pytestmark = pytest.mark.browser


def heading(page: Any, name: str) -> Any:
    return page.get_by_role("heading", level=1, name=name, exact=True)


def results(page: Any) -> Any:
    return page.get_by_role("listbox", name="Results")


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.tagName"))


def test_the_keyboard_alone_goes_everywhere(visit: Any):
    page = visit("/experiments").page
    page.locator("text=cifar10-resnet").first.wait_for()
    for key, name in {
        "m": "Models", "y": "Deployments", "w": "Monitoring", "a": "Audit log", "s": "Settings", "o": "Overview"
    }.items():  # fmt: skip
        page.keyboard.press("g")
        page.keyboard.press(key)
        heading(page, name).wait_for()
        # Who listens to the page hears its heading, and the window is named after it.
        page.locator("h1:focus").wait_for()
        assert page.title() == f"{name} · Treering"
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard")
    sheet.get_by_text("Go to Lineage").wait_for()
    page.keyboard.press("Escape")
    sheet.wait_for(state="detached")


def test_the_first_tab_skips_to_the_page(visit: Any):
    page = visit("/settings").page
    heading(page, "Settings").wait_for()
    page.keyboard.press("Tab")
    skip = page.get_by_role("button", name="Skip to the page")
    assert skip.evaluate("element => element === document.activeElement")
    page.keyboard.press("Enter")
    assert focused(page) == "MAIN"


def test_typing_calls_no_command(visit: Any):
    page = visit("/experiments").page
    field = page.get_by_label("Search experiments by name")
    field.fill("")
    field.press_sequentially("gm?n")
    assert field.input_value() == "gm?n"
    heading(page, "Experiments").wait_for()
    assert page.get_by_role("dialog", name="New experiment").count() == 0
    # Taking back in a field is the field's own.
    field.press("Control+z")
    assert field.input_value() != "gm?n"


def test_the_palette_finds_everything(visit: Any, site: Any):
    page = visit("/models/churn").page
    page.get_by_label("Versions").get_by_role("link", name="v4").wait_for()

    def choose(text: str, option: str) -> None:
        page.keyboard.press("Control+k")
        page.get_by_role("combobox").fill(text)
        results(page).get_by_role("option", name=option).first.click()

    choose("set an al", "Set an alias")
    page.get_by_role("dialog", name="Set an alias").wait_for()
    page.keyboard.press("Escape")
    choose("churn v2", "churn v2 Version")
    heading(page, "churn v2").wait_for()
    choose(site.run_id[:8], "swift-carp-0 Run")
    heading(page, "swift-carp-0").wait_for()
    choose("vision", "team: vision")
    page.get_by_role("button", name="No longer only those with the tag team=vision").wait_for()
    assert page.locator("tr[data-row]").count() == 1
    choose("settings", "Settings")
    heading(page, "Settings").wait_for()
    # Where one was comes first.
    page.keyboard.press("Control+k")
    results(page).get_by_role("option").first.get_by_text("swift-carp-0").wait_for()
    page.keyboard.press("Enter")
    heading(page, "swift-carp-0").wait_for()


def test_pins_and_visits_stand_in_the_sidebar(visit: Any, site: Any):
    page = visit("/experiments").page
    page.get_by_role("button", name="Pin llm-finetune to the sidebar").click()
    main = page.get_by_role("navigation", name="Main")
    main.get_by_role("link", name="llm-finetune").click()
    heading(page, "llm-finetune").wait_for()
    page.goto(f"{site.url}/experiments/{site.empty_id}")
    main.get_by_role("link", name="empty", exact=True).wait_for()
    page.goto(f"{site.url}/")
    page.get_by_label("Opened lately").get_by_role("link", name="empty").wait_for()


def test_the_sidebar_narrows_and_stays_so(visit: Any):
    page = visit("/experiments").page
    page.locator("text=cifar10-resnet").first.wait_for()
    page.keyboard.press("Control+b")
    page.locator(".frame[data-narrow]").wait_for()
    page.reload()
    page.locator(".frame[data-narrow]").wait_for()
    # Icons are links with a name.
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Models").click()
    heading(page, "Models").wait_for()


def test_settings_last(visit: Any, site: Any):
    page = visit("/settings").page
    page.get_by_role("button", name="Compact").click()
    page.get_by_role("button", name="UTC").click()
    page.get_by_label("Digits of a number").select_option("6")
    page.get_by_label("Begin with").select_option("/models")
    page.locator("text=Such as 0.123457").wait_for()
    page.goto(f"{site.url}/")
    heading(page, "Models").wait_for()
    assert page.evaluate("document.documentElement.dataset.density") == "compact"
    row = page.locator(".list tbody tr").first
    row.wait_for()
    assert row.bounding_box()["height"] < 31
    assert "UTC" in page.locator(".list time").first.get_attribute("title")
    page.goto(f"{site.url}/settings")
    page.get_by_role("button", name="Forget all").click()
    page.locator("text=Such as 0.1235").wait_for()
    page.goto(f"{site.url}/")
    heading(page, "Overview").wait_for()


def test_a_lost_line_is_said_and_found_again(visit: Any):
    opened = visit("/experiments")
    page = opened.page
    page.locator("text=cifar10-resnet").first.wait_for()
    page.context.set_offline(True)
    page.locator(".offline", has_text="showing data from").wait_for()
    # What was there is still there.
    assert page.locator("text=cifar10-resnet").first.is_visible()
    page.context.set_offline(False)
    page.locator(".offline").wait_for(state="detached")
    opened.expected.extend(["ERR_INTERNET_DISCONNECTED"] * 200)


def test_the_overview_shows_what_runs_and_what_ended(visit: Any, site: Any):
    call = Caller(site.url)
    experiment = call("experiments", {"name": "overview"})["experiment_id"]
    # The newest are named: other tests may have left a dozen runs running before.
    run = call("runs", {"experiment_id": experiment, "run_name": "just-begun"})["run_id"]
    page = visit("/").page
    page.get_by_label("Running now").get_by_role("link", name="just-begun").wait_for()
    call(f"runs/{run}", {"status": "FINISHED", "end_time": int(time.time() * 1000)}, "PATCH")
    page.get_by_label("Ended lately").get_by_role("link", name="just-begun").wait_for()
    page.get_by_label("Ended lately").get_by_text("Finished").first.wait_for()
    page.get_by_label("Models changed lately").get_by_role("link", name="churn v4").click()
    heading(page, "churn v4").wait_for()
