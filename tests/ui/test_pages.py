"""Every page, in both themes and two widths: accessible, quiet, self-contained; and what can be done on it works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from treering.server.static import STATIC_FOLDER

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "ui-screenshots"
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {1440: 900, 390: 844}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE = "rules => axe.run({runOnly: {type: 'tag', values: rules}})"


class Visit(NamedTuple):
    """A page that was opened, what it did while it was, and a part of each complaint that a test expects."""

    page: Any
    said: list[str]
    asked: list[str]
    expected: list[str]

    def complaints(self) -> list[str]:
        """What was said and not expected; each expectation excuses one complaint."""
        left = list(self.said)
        for part in self.expected:
            if excused := next((said for said in left if part in said), None):
                left.remove(excused)
        return left


@pytest.fixture
def visit(browser: Any, site: Any) -> Iterator[Any]:
    """Opens a path in a fresh profile; afterwards nothing may have been complained of, nor asked of other hosts."""
    contexts, visits = [], []

    def open_page(path: str, *, theme: str = "light", width: int = 1440) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": SIZES[width]}, color_scheme=theme)
        contexts.append(context)
        opened = Visit(context.new_page(), [], [], [])
        visits.append(opened)
        opened.page.set_default_timeout(20_000)
        opened.page.on(
            "console", lambda said: opened.said.append(said.text) if said.type in {"error", "warning"} else 0
        )
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.on("request", lambda request: opened.asked.append(request.url))
        opened.page.goto(site.url + path)
        return opened

    yield open_page
    for opened in visits:
        assert [url for url in opened.asked if not url.startswith((site.url + "/", "blob:", "about:"))] == []
        assert opened.complaints() == []
    for context in contexts:
        context.close()


def pages(site: Any) -> dict[str, tuple[str, str]]:
    """Name of each page to its path, and a selector of what it shows when it is ready."""
    experiment, run = f"/experiments/{site.experiment_id}", f"/runs/{site.run_id}"
    return {
        "experiments": ("/experiments", "text=cifar10-resnet"),
        "experiments-none": ("/experiments?q=nothing-like-it", "text=No experiment has"),
        "workspace": (experiment, ".runs-body [data-row='3'] a"),
        "workspace-sorted": (f"{experiment}?sort=-metrics.val/acc&x=relative&smooth=0.6", "[aria-sort=descending]"),
        "workspace-empty": (f"/experiments/{site.empty_id}", "text=No runs yet."),
        "workspace-unknown": ("/experiments/4711", "[role=alert]"),
        "run": (run, "text=val/loss"),
        "run-parent": (f"/runs/{site.parent_id}", "text=Related runs"),
        "run-charts": (f"{run}?tab=charts", ".plot canvas"),
        "run-table": (f"{run}?tab=artifacts&path=tables/predictions.csv", ".file-table td"),
        "run-picture": (f"{run}?tab=artifacts&path=plots/curve.png", ".picture img"),
        "run-json": (f"{run}?tab=artifacts&path=config.json", ".file-text"),
        "models": ("/models", "text=@champion"),
        "model": ("/models/cifar10", "text=Staging"),
        "not-found": ("/nowhere", "text=There is no such page."),
    }


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_is_accessible_and_fits(visit: Any, site: Any, theme: str, width: int):
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run `npm ci` in ui/.")
    SHOTS.mkdir(parents=True, exist_ok=True)
    wrong = {}
    for name, (path, ready) in pages(site).items():
        opened = visit(path, theme=theme, width=width)
        opened.page.locator(ready).first.wait_for()
        opened.page.wait_for_load_state("networkidle")
        opened.page.screenshot(path=str(SHOTS / f"{name}-{theme}-{width}.png"))
        assert opened.page.evaluate("document.documentElement.dataset.theme") == theme
        assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is too wide"
        # The policy of the page forbids foreign scripts, so axe comes as a part of the driver's own call.
        opened.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = opened.page.evaluate(RUN_AXE, RULES)["violations"]
        if found:
            wrong[name] = [(item["id"], [node["html"] for node in item["nodes"]]) for item in found]
        if name == "workspace-unknown":
            # The browser itself notes each answer with status 404.
            opened.expected.append("404")
        opened.page.close()
    assert wrong == {}


def test_first_load_is_small(visit: Any, site: Any):
    opened = visit(f"/experiments/{site.experiment_id}")
    opened.page.locator(".plot canvas").first.wait_for()
    opened.page.wait_for_load_state("networkidle")
    assert len(opened.asked) <= 12, opened.asked
    entry = next(STATIC_FOLDER.glob("assets/index-*.js.gz"))
    assert entry.stat().st_size <= 230 * 1024
    packed = sum(path.stat().st_size for path in STATIC_FOLDER.rglob("*.br"))
    fonts = sum(path.stat().st_size for path in STATIC_FOLDER.rglob("*.woff2"))
    assert packed + fonts <= 350 * 1024


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
    opened.expected.append("400")
    field.fill("start_tme > now() - 7d")
    field.press("Enter")
    page.locator(".query-mistake", has_text="Did you mean 'start_time'?").wait_for()
    assert page.locator(".query-mistake").inner_text().startswith("Character 1: ")
    assert page.locator(".query-ink .wrong").inner_text() == "start_tme"
    opened.expected.append("400")
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
    page.get_by_role("button", name="val/loss").click()
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
    page.keyboard.press("x")
    page.locator(".runs-body [data-row='2']:not([data-drawn])").wait_for()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("calm-hare-1")
    page.get_by_role("option", name="calm-hare-1 Run", exact=True).wait_for()
    page.get_by_role("combobox").fill("llm")
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
    assert opened.page.title() == "Treering"
    # The browser says that it refused the script.
    opened.expected.append("sandboxed")


def test_links_of_mlflow_clients_lead_to_the_run(visit: Any, site: Any):
    page = visit(f"/#/experiments/{site.experiment_id}/runs/{site.run_id}").page
    page.wait_for_url(f"**/runs/{site.run_id}")
    page.get_by_role("heading", name="swift-carp-0").wait_for()
