"""Every page, in both themes and three widths: accessible, quiet, self-contained; and what can be done on it works."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser

WIDTHS = (1440, 1024, 390)


def pages(site: Any) -> dict[str, tuple[str, str]]:
    """Pages that no other file of tests looks at: name to path, and a selector of what shows that it is ready."""
    experiment = f"/experiments/{site.experiment_id}"
    return {
        "experiments-none": ("/experiments?q=nothing-like-it", "text=No experiment has"),
        "workspace": (experiment, ".runs-body [data-row='3'] a"),
        "workspace-sorted": (f"{experiment}?sort=-metrics.val/acc&x=relative&smooth=0.6", "[aria-sort=descending]"),
        "workspace-empty": (f"/experiments/{site.empty_id}", "text=No runs yet."),
        "workspace-unknown": ("/experiments/4711", "[role=alert]"),
        "not-found": ("/nowhere", "text=There is no such page."),
    }


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_is_accessible_and_fits(visit: Any, look: Any, site: Any, theme: str, width: int):
    wrong = {}
    for name, (path, ready) in pages(site).items():
        opened = visit(path, theme=theme, width=width)
        opened.page.locator(ready).first.wait_for()
        try:
            look(opened.page, f"{name}-{theme}-{width}")
        except AssertionError as error:
            wrong[name] = str(error)
        if name == "workspace-unknown":
            # The browser itself notes each answer with status 404.
            opened.expected.append("404")
        opened.page.close()
    assert wrong == {}


def test_filter_narrows_and_a_mistake_is_shown_in_place(visit: Any, site: Any):
    opened = visit(f"/experiments/{site.experiment_id}")
    page = opened.page
    page.locator("text=44 runs").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("params.optimizer = 'sgd'")
    page.keyboard.press("Enter")
    page.locator("text=14 runs").wait_for()
    assert "q=params.optimizer" in page.url
    field = page.get_by_label("Filter runs")
    field.fill("params.optimizer ~ 'sgd'")
    field.press("Enter")
    page.locator(".query-mistake").wait_for()
    assert field.get_attribute("aria-invalid") == "true"
    assert page.locator(".query-ink .wrong").inner_text().strip() == "~"
    # What was found before is still there.
    assert page.locator(".runs-body [data-row]").count() > 5
    opened.expected.extend(["400"] * 4)
    field.fill("start_tme > now() - 7d")
    field.press("Enter")
    page.locator(".query-mistake", has_text="Did you mean 'start_time'?").wait_for()
    assert page.locator(".query-mistake").inner_text().startswith("Character 1: ")
    assert page.locator(".query-ink .wrong").inner_text() == "start_tme"
    opened.expected.extend(["400"] * 4)
    field.fill("params.optimizer = 'sgd'")
    field.press("Enter")
    page.locator("text=14 runs").wait_for()


def test_colour_stays_with_its_run(visit: Any, site: Any):
    page = visit(f"/experiments/{site.experiment_id}").page
    page.locator(".plot canvas").first.wait_for()
    marks = page.get_by_role("checkbox", name="Draw ")
    colour = "element => getComputedStyle(element.querySelector('.stroke')).borderTopColor"
    second, third = marks.nth(1), marks.nth(2)
    colours = second.evaluate(colour), third.evaluate(colour)
    second.click()
    second.and_(page.locator("[aria-checked=false]")).wait_for()
    assert third.evaluate(colour) == colours[1]
    marks.nth(8).click()
    marks.nth(8).and_(page.locator("[aria-checked=true]")).wait_for()
    assert marks.nth(8).evaluate(colour) == colours[0]
    page.reload()
    page.locator(".plot canvas").first.wait_for()
    assert [marks.nth(at).get_attribute("aria-checked") for at in (1, 2, 8)] == ["false", "true", "true"]


def test_sorting_is_done_by_the_server(visit: Any, site: Any):
    page = visit(f"/experiments/{site.experiment_id}").page
    page.locator("[role=columnheader]").get_by_role("button", name="val/loss").click()
    page.locator("[role=columnheader][aria-sort=ascending]").wait_for()
    page.locator(".runs-body:not(.dimmed)").wait_for()
    column = page.locator("[role=columnheader]").all_inner_texts().index("val/loss ↑")
    cells = page.locator(f".runs-body [data-row] > :nth-child({column + 1})").all_inner_texts()
    losses = [float(text) for text in cells if text]
    assert losses == sorted(losses)
    assert len(losses) > 10


def test_children_stand_below_their_parent(visit: Any, site: Any):
    page = visit(f"/runs/{site.parent_id}").page
    page.locator("text=Related runs").wait_for()
    page.get_by_label("Related runs").get_by_role("link").first.click()
    page.get_by_label("Related runs").get_by_role("link", name="sweep-1").click()
    page.locator("text=A grid over lr.").wait_for()


def test_keyboard_moves_through_runs_and_the_palette_finds(visit: Any, site: Any):
    page = visit(f"/experiments/{site.experiment_id}").page
    page.locator(".runs-body [data-row='0'] a").focus()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.locator(".runs-body [data-row='2'] a:focus").wait_for()
    page.keyboard.press("Space")
    page.locator(".runs-body [data-row='2']:not([data-drawn])").wait_for()
    page.keyboard.press("Control+k")
    page.locator("dialog").get_by_role("combobox").fill("calm-hare-1")
    page.get_by_role("option", name="calm-hare-1 Run", exact=True).wait_for()
    page.locator("dialog").get_by_role("combobox").fill("llm")
    page.get_by_role("option", name="llm-finetune").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="llm-finetune").wait_for()


def test_theme_is_remembered(visit: Any):
    page = visit("/experiments").page
    page.get_by_role("button", name="Dark theme").click()
    page.reload()
    page.locator("text=cifar10-resnet").wait_for()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_logged_page_runs_nothing(visit: Any, site: Any):
    opened = visit(f"/runs/{site.run_id}?tab=artifacts&path=report.html")
    frame = opened.page.frame_locator("iframe")
    frame.locator("h1", has_text="Report").wait_for()
    assert opened.page.title() == "swift-carp-0 · Treering"
    # The browser says that it refused the script.
    opened.expected.append("sandboxed")


def test_links_of_mlflow_clients_lead_to_the_run(visit: Any, site: Any):
    page = visit(f"/#/experiments/{site.experiment_id}/runs/{site.run_id}").page
    page.wait_for_url(f"**/runs/{site.run_id}")
    page.get_by_role("heading", name="swift-carp-0").wait_for()
