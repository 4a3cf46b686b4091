"""The charts: what is drawn and read, what can be done with them by pointer and by keys, what they leave as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = pytest.mark.browser

PANELS = {
    "lines": "metrics.train/loss,metrics.val/loss",
    "bars": "metrics.val/acc",
    "scatter": "params.lr,metrics.val/loss,metrics.val/acc",
    "parallel": "params.lr,params.depth,params.optimizer,metrics.val/loss",
    "contour": "params.lr,params.depth,metrics.val/loss",
    "importance": "metrics.val/loss",
    "box": "metrics.val/loss,params.optimizer",
    "history": "min.val/loss",
}
# The title of each kind in the menu, and what of it is in the page when it is drawn.
KINDS = {
    "Lines": ".plot canvas",
    "Bars": ".bars li",
    "Scatter": ".plot canvas",
    "Parallel coordinates": ".plot canvas",
    "Contour": ".plot canvas",
    "Importance of params": ".importance td",
    "Box plots": ".plot canvas",
    "Best so far": ".plot canvas",
}


def _workspace(site: Any, **params: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in params.items())
    return f"/experiments/{site.experiment_id}?{query}"


def _panels(*kinds: str) -> str:
    return "+".join(f"{kind}:{PANELS[kind]}" for kind in kinds)


def _param(page: Any, name: str) -> str:
    return parse_qs(urlsplit(page.url).query).get(name, [""])[0]


def _asks(request: Any) -> bool:
    return "/api/v1/metrics/lines" in request.url


def _chart(page: Any, title: str) -> Any:
    card = page.get_by_role("article", name=title, exact=True)
    card.scroll_into_view_if_needed()
    card.locator(".plot canvas").wait_for()
    return card


def _menu(page: Any, title: str, action: str) -> None:
    page.get_by_role("button", name=f"Actions of {title}", exact=True).click()
    page.locator(".card-menu").get_by_role("button", name=action, exact=True).click()


def _wait(page: Any, condition: str, argument: Any = None) -> None:
    page.wait_for_function(condition, arg=argument, timeout=30_000)


@pytest.mark.parametrize("width", [1440, 1024, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_charts_of_all_kinds_are_accessible_and_fit(visit: Any, site: Any, look: Any, theme: str, width: int):
    page = visit(_workspace(site, panels=_panels(*PANELS), smooth="0.6"), theme=theme, width=width).page
    if width == 390:
        page.get_by_role("group", name="What is shown").get_by_role("button", name="Charts").click()
    for kind in ("scatter", "parallel", "importance", "box", "history"):
        card = page.locator(f"[data-kind={kind}]")
        card.scroll_into_view_if_needed()
        card.locator("canvas, .importance td").first.wait_for()
    page.locator("[data-kind=scatter]").scroll_into_view_if_needed()
    page.locator("[data-kind=scatter] canvas").wait_for()
    look(page, f"charts-panels-{theme}-{width}")
    _chart(page, "val/loss")
    look(page, f"charts-lines-{theme}-{width}")


def test_each_kind_of_chart_can_be_added_and_removed(visit: Any, site: Any):
    page = visit(_workspace(site)).page
    page.locator(".plot canvas").first.wait_for()
    for count, (title, drawn) in enumerate(KINDS.items(), 1):
        page.get_by_role("button", name="Add chart").click()
        page.locator(".panel-kinds button", has_text=title).first.click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Add", exact=True).click()
        dialog.wait_for(state="detached")
        cards = page.locator("[aria-label='Added charts'] article")
        _wait(
            page, "count => document.querySelectorAll('[aria-label=\"Added charts\"] article').length === count", count
        )
        cards.nth(count - 1).scroll_into_view_if_needed()
        cards.nth(count - 1).locator(drawn).first.wait_for()
        assert len(_param(page, "panels").split()) == count
    page.reload()
    page.locator("[data-kind=importance]").scroll_into_view_if_needed()
    page.locator("[data-kind=importance] td").first.wait_for()
    names = page.locator("[data-kind=importance] tbody th").all_inner_texts()
    assert {"optimizer", "lr"} <= set(names)
    title = page.locator("[data-kind=importance]").get_attribute("aria-label")
    _menu(page, title, "Remove")
    page.locator("[data-kind=importance]").wait_for(state="detached")
    assert len(_param(page, "panels").split()) == len(KINDS) - 1


def test_zooming_reads_finer_points_for_all_charts(visit: Any, site: Any):
    page = visit(_workspace(site)).page
    plot = _chart(page, "val/loss").locator(".u-over")
    box = plot.bounding_box()
    with page.expect_request(lambda request: _asks(request) and '"first":null' not in request.post_data) as asked:
        page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60, steps=5)
        page.mouse.up()
    body = json.loads(asked.value.post_data)
    assert 50 < body["first"] < 100 < body["last"] < 180
    assert len(body["keys"]) > 1
    _wait(page, "() => location.search.includes('zoom=')")
    first, last = map(float, _param(page, "zoom").split(","))
    assert first == pytest.approx(body["first"])
    assert last == pytest.approx(body["last"])
    page.locator(".zoomed", has_text="step").wait_for()
    plot.dblclick(position={"x": 40, "y": 40})
    _wait(page, "() => !location.search.includes('zoom=')")


def test_charts_are_moved_by_keys(visit: Any, site: Any):
    page = visit(_workspace(site)).page
    plot = _chart(page, "val/loss").locator(".plot")
    plot.focus()
    page.keyboard.press("+")
    _wait(page, "() => location.search.includes('zoom=')")
    first, last = map(float, _param(page, "zoom").split(","))
    assert last - first == pytest.approx(299 / 2, abs=2)
    before = page.url
    page.keyboard.press("ArrowRight")
    _wait(page, "before => location.href !== before", before)
    assert float(_param(page, "zoom").split(",")[0]) > first
    page.keyboard.press("0")
    _wait(page, "() => !location.search.includes('zoom=')")
    page.keyboard.press("Shift+ArrowRight")
    page.locator(".tip").wait_for()


def test_a_wheel_with_a_modifier_zooms(visit: Any, site: Any):
    page = visit(_workspace(site)).page
    plot = _chart(page, "val/loss").locator(".u-over")
    plot.hover(position={"x": 100, "y": 60})
    page.keyboard.down("Control")
    page.mouse.wheel(0, -40)
    page.keyboard.up("Control")
    _wait(page, "() => location.search.includes('zoom=')")


def test_the_cursor_is_shared_and_the_nearest_line_stands_out(visit: Any, site: Any):
    page = visit(_workspace(site)).page
    _chart(page, "val/acc")
    chart, other = _chart(page, "val/loss"), page.get_by_role("article", name="train/loss", exact=True)
    chart.locator(".u-over").hover(position={"x": 100, "y": 40})
    page.locator(".tip").wait_for()
    place = page.locator(".tip .muted").first.inner_text()
    assert place.startswith("step ")
    values = [float(text) for text in page.locator(".tip .num").all_inner_texts()]
    assert len(values) == 6
    assert values == sorted(values, reverse=True)
    assert other.locator("header .muted").inner_text().startswith(place + " ·")
    # Towards a line, until it is the nearest.
    for y in range(10, 190, 12):
        chart.locator(".u-over").hover(position={"x": 100, "y": y})
        if page.locator(".tip-line[data-near]").count():
            break
    assert page.locator(".tip-line[data-near]").count() == 1
    page.mouse.move(5, 5)
    page.locator(".tip").wait_for(state="detached")


def test_axes_smoothing_and_scales_are_chosen_and_kept(visit: Any, site: Any):
    page = visit(_workspace(site)).page
    _chart(page, "val/loss")
    tools = page.get_by_role("group", name="Charts", exact=True)
    with page.expect_request(lambda request: _asks(request) and '"x":"relative"' in request.post_data):
        tools.get_by_role("button", name="Step").click()
        page.get_by_label("Relative time").check()
    page.get_by_label("Logarithmic").last.check()
    page.get_by_label("Leave outliers outside").check()
    page.keyboard.press("Escape")
    tools.get_by_role("button", name="Smooth").click()
    page.get_by_label("Gaussian").check()
    page.keyboard.press("Escape")
    _wait(page, "() => location.search.includes('smooth=gaussian:5')")
    assert [_param(page, name) for name in ("x", "log", "clip")] == ["relative", "1", "1"]
    with page.expect_request(
        lambda request: _asks(request) and '"x_key"' in request.post_data and '"x":"metric"' in request.post_data
    ):
        tools.get_by_role("button", name="Relative time").click()
        page.get_by_label("Another metric").check()
    assert _param(page, "x").startswith("metrics.")


def test_metrics_are_found_folded_and_put_into_order(visit: Any, site: Any):
    page = visit(f"/experiments/{site.wide_id}").page
    articles = page.locator(".chart-section article")
    articles.first.wait_for()
    page.get_by_label("Find metrics").fill("/metric1$/")
    _wait(
        page,
        "() => [...document.querySelectorAll('.chart-section article')].every(a => a.ariaLabel.endsWith('metric1'))",
    )
    page.get_by_label("Find metrics").fill("/(/")
    _wait(page, "() => document.querySelector('.chart-find[aria-invalid=true]') !== null")
    page.get_by_label("Find metrics").fill("")
    _wait(page, "() => !location.search.includes('metrics=')")
    section = page.locator(".section-title button").first
    name = section.inner_text().split()[0]
    was = section.get_attribute("aria-expanded")
    section.click()
    _wait(page, "was => document.querySelector('.section-title button').ariaExpanded !== was", was)
    assert _param(page, "fold") == name
    section.click()
    _wait(page, "was => document.querySelector('.section-title button').ariaExpanded === was", was)
    first, second = (articles.nth(index).get_attribute("aria-label") for index in (0, 1))
    _menu(page, first, "Move on by one")
    _wait(page, "name => document.querySelector('.chart-section article').ariaLabel === name", second)
    articles.nth(1).locator("header").drag_to(articles.nth(0))
    _wait(page, "name => document.querySelector('.chart-section article').ariaLabel === name", first)


def test_ranges_on_axes_become_a_filter(visit: Any, site: Any):
    page = visit(_workspace(site, panels=_panels("parallel"))).page
    card = page.locator("[data-kind=parallel]")
    card.locator("canvas").wait_for()
    box = card.locator(".plot").bounding_box()
    page.mouse.move(box["x"] + 36, box["y"] + box["height"] * 0.6)
    page.mouse.down()
    page.mouse.move(box["x"] + 36, box["y"] + box["height"] * 0.9, steps=8)
    page.mouse.up()
    card.get_by_role("button", name="Filter by them").click()
    _wait(page, "() => location.search.includes('q=')")
    condition = _param(page, "q")
    assert "params.`lr` >= " in condition
    assert "params.`lr` <= " in condition
    page.get_by_role("status").filter(has_text="runs").first.wait_for()
    # The same without a pointer.
    card.get_by_role("button", name="Axes").click()
    page.get_by_label("val/loss: to").fill("0.6")
    page.get_by_role("button", name="Filter by these ranges").click()
    _wait(page, "() => location.search.includes('loss')")
    assert _param(page, "q").endswith("metrics.`val/loss` <= 0.6")


def test_axes_are_turned_and_moved(visit: Any, site: Any):
    page = visit(_workspace(site, panels=_panels("parallel"))).page
    card = page.locator("[data-kind=parallel]")
    card.locator("canvas").wait_for()
    card.get_by_role("button", name="Axes").click()
    page.get_by_label("lr: logarithmic").check()
    _wait(page, "() => location.search.includes('log-0')")
    page.get_by_label("optimizer: turned over").check()
    _wait(page, "() => location.search.includes('flip-2')")
    page.get_by_label("depth: move to the left").click()
    _wait(page, "() => location.search.includes('parallel:params.depth,params.lr')")
    assert ":log-1" in _param(page, "panels")


def test_charts_are_saved(visit: Any, site: Any):
    page = visit(_workspace(site, panels=_panels("scatter"))).page
    _chart(page, "val/loss")

    def saved(title: str, action: str) -> tuple[str, bytes]:
        with page.expect_download() as download:
            _menu(page, title, action)
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()

    name, picture = saved("val/loss", "Save as PNG")
    assert name == "val-loss.png"
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 5_000
    _, drawing = saved("val/loss", "Save as SVG")
    assert drawing.startswith(b"<svg")
    assert drawing.count(b"<path") == 6
    _, table = saved("val/loss", "Save as CSV")
    head, first, *rest = table.decode().splitlines()
    assert head.split(",")[0] == "step"
    assert len(head.split(",")) == 7
    assert first.startswith("0,")
    assert len(rest) == 299
    card = page.locator("[data-kind=scatter]")
    card.scroll_into_view_if_needed()
    with page.expect_download() as download:
        card.get_by_role("button", name="CSV").click()
    rows = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert rows[0] == "run_id,run,lr,val/loss,val/acc"
    assert len(rows) == 1 + 44


def test_a_chart_is_a_table_too_and_fills_the_window(visit: Any, site: Any):
    page = visit(f"/runs/{site.diverged_run_id}?tab=charts").page
    plot = _chart(page, "train/loss").locator(".plot")
    assert "train/loss of 1 run; best " in plot.get_attribute("aria-label")
    _menu(page, "train/loss", "View as table")
    table = page.get_by_role("region", name="train/loss as a table")
    assert "NaN" in table.inner_text()
    _menu(page, "train/loss", "View as chart")
    _menu(page, "train/loss", "Full screen")
    large = page.locator("dialog .plot canvas")
    large.wait_for()
    assert large.bounding_box()["height"] > 600
    page.keyboard.press("Escape")
    large.wait_for(state="detached")


def test_the_points_of_ten_runs_and_five_metrics_are_few_bytes(visit: Any, site: Any):
    opened = visit(f"/experiments/{site.empty_id}")
    body = {"experiment_ids": [site.experiment_id], "filter": "metrics.`val/loss`.count > 100", "max_results": 10}
    ask = "async body => (await (await fetch('/api/v1/runs/search', {method: 'POST', body: JSON.stringify(body), headers: {'content-type': 'application/json'}})).json()).runs.map(run => run.run_id)"
    runs = opened.page.evaluate(ask, body)
    assert len(runs) == 10
    answers: list[Any] = []
    opened.page.on("response", lambda answer: answers.append(answer) if _asks(answer.request) else None)
    opened.page.goto(
        opened.page.url.split("/experiments")[0] + _workspace(site, runs=",".join(runs), across="3", size="s")
    )
    page = opened.page
    for metric in ("val/loss", "val/acc", "train/loss", "train/lr"):
        _chart(page, metric)
    read = {
        (run, key)
        for answer in answers
        for run in json.loads(answer.request.post_data)["run_ids"]
        for key in json.loads(answer.request.post_data)["keys"]
    }
    assert len(read) >= 50
    sizes = sum(answer.request.sizes()["responseBodySize"] for answer in answers)
    assert sizes <= 100_000 * len(read) / 50
