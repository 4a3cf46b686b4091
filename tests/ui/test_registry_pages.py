"""Experiments, models, versions, settings and the pages that wait: looked at in both themes, and edited."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from ui.looking import JUDGED, SIZES, Looker
from ui.site_server import Caller, running

pytestmark = pytest.mark.browser

PAGES = {
    "overview": ("/", "text=Ended lately"),
    "experiments-deleted": ("/experiments?deleted=1", "tr[data-row], .notice"),
    "model-churn": ("/models/churn", "text=@challenger"),
    "model-compare": ("/models/churn?compare=4,3", "text=recall_score"),
    "version": ("/models/churn/versions/4", "text=Metrics beside v3"),
    "version-evaluation": ("/models/churn/versions/4?tab=evaluation", "text=What decisions are worth"),
    "version-card": ("/models/churn/versions/4?tab=card", "text=What it is for"),
    "version-history": ("/models/churn/versions/4?tab=history", "text=approved v4"),
    "version-files": ("/models/churn/versions/4?tab=files", "text=MLmodel"),
    "deployments": ("/deployments", "text=Nothing is deployed yet."),
    "monitoring": ("/monitoring", "text=What works today"),
    "monitor": ("/monitoring/nothing", "text=Nothing called nothing"),
    "audit": ("/audit", "text=What is recorded"),
    "settings": ("/settings", "text=Height of rows"),
}


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_is_accessible_and_fits(visit: Any, look: Any, theme: str, width: int):
    wrong = {}
    for name, (path, ready) in PAGES.items():
        opened = visit(path, theme=theme, width=width)
        opened.page.locator(ready).first.wait_for()
        try:
            look(opened.page, f"{name}-{theme}-{width}")
        except AssertionError as error:
            wrong[name] = str(error)
        opened.page.close()
    assert wrong == {}


def heading(page: Any, name: str) -> Any:
    return page.get_by_role("heading", level=1, name=name, exact=True)


def toast(page: Any, text: str) -> Any:
    return page.locator(".toast", has_text=text)


def undo(page: Any, text: str) -> None:
    toast(page, text).get_by_role("button", name="Undo").click()


def test_an_experiment_is_made_noted_renamed_deleted_and_restored(visit: Any):
    opened = visit("/experiments")
    # The browser itself notes that the server refuses the name that is taken.
    opened.expected.append("status of 4")
    page = opened.page
    page.locator("text=cifar10-resnet").first.wait_for()
    page.keyboard.press("n")
    page.get_by_role("dialog").get_by_label("Name").fill("a new one")
    page.keyboard.press("Enter")
    heading(page, "a new one").wait_for()
    toast(page, "Created a new one.").wait_for()
    page.goto(page.url.rsplit("/", 1)[0])
    row = page.locator("tr[data-row]", has=page.get_by_role("link", name="a new one"))
    menu = page.get_by_role("button", name="What to do with a new one")
    menu.click()
    page.get_by_role("menuitem", name="Write a note").click()
    page.get_by_role("dialog").get_by_label("Markdown").fill("For **trying**.")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    row.get_by_text("For **trying**.").wait_for()
    # With keys alone: the menu opens, arrows move in it.
    menu.focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Rename").and_(page.locator(":focus")).wait_for()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    toast(page, "Deleted a new one.").wait_for()
    row.wait_for(state="detached")
    page.keyboard.press("Control+z")
    row.wait_for()
    menu.click()
    page.get_by_role("menuitem", name="Rename").click()
    name = page.get_by_role("dialog").get_by_label("Name")
    name.fill("cifar10-resnet")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("alert").filter(has_text="exists already").wait_for()
    name.fill("another one")
    page.keyboard.press("Enter")
    # What was opened lately stands beside the table, under the same names.
    table = page.get_by_role("table")
    table.get_by_role("link", name="another one").wait_for()
    undo(page, "Renamed a new one")
    table.get_by_role("link", name="a new one").wait_for()


def test_several_experiments_open_together(visit: Any, site: Any):
    opened = visit("/experiments")
    # A workspace that knows one experiment at a time says that there is none of this name.
    opened.expected.extend(["404"] * 9)
    page = opened.page
    page.get_by_label("Select cifar10-resnet").check()
    page.get_by_label("Select llm-finetune").check()
    page.get_by_role("button", name="Open together").click()
    page.wait_for_url("**/experiments/*,*")
    assert set(page.url.rsplit("/", 1)[1].split(",")) == {site.experiment_id, site.llm_id}


def test_a_thousand_experiments_are_as_quick_as_ten(visit: Any, site: Any):
    call = Caller(site.url)
    made = [call("experiments", {"name": f"many-{number:04}"})["experiment_id"] for number in range(300)]
    try:
        page = visit("/experiments?sort=name&q=many-").page
        page.locator("text=300 of").wait_for()
        assert page.locator("tr[data-row]").count() < 80
        page.locator("tr[data-row='0'] a").focus()
        page.keyboard.press("j")
        page.locator("tr[data-row='1'] a:focus").wait_for()
        page.keyboard.press("x")
        page.get_by_text("1 experiment selected").wait_for()
        page.locator(".page").evaluate("element => element.scrollTo(0, element.scrollHeight)")
        page.get_by_role("link", name="many-0299").wait_for()
    finally:
        for experiment in made:
            call(f"experiments/{experiment}", {}, "DELETE")


def test_a_models_text_tags_and_aliases_are_edited_and_taken_back(visit: Any, site: Any):
    call = Caller(site.url)
    call("registered-models", {"name": "edited", "description": "Before."})
    for number in range(3):
        source = {"name": "edited", "source": f"runs:/{site.run_id}/model", "run_id": site.run_id}
        call("registered-models/edited/versions", {**source, "description": f"Number {number + 1}."})
    opened = visit("/models/edited")
    # The browser notes that it would not run what the text brings along.
    opened.expected.extend(["inline event handler"] * 9)
    page = opened.page
    text = page.get_by_label("Description", exact=True)
    text.get_by_role("button", name="Edit").click()
    text.get_by_role("textbox").fill("**After**, and <img src=x onerror=alert(1)>")
    text.get_by_role("button", name="Save").click()
    text.locator("strong", has_text="After").wait_for()
    assert text.locator("img[onerror]").count() == 0
    undo(page, "Changed the description")
    text.get_by_text("Before.").wait_for()

    tags = page.get_by_label("Tags", exact=True)
    tags.get_by_role("button", name="Add tag").click()
    tags.get_by_label("Key of the tag").fill("owner")
    tags.get_by_label("Value of the tag").fill("growth")
    page.keyboard.press("Enter")
    tags.get_by_text("owner: growth").wait_for()
    tags.get_by_role("button", name="Remove tag owner").click()
    tags.get_by_text("owner: growth").wait_for(state="detached")
    undo(page, "Removed the tag owner")
    tags.get_by_text("owner: growth").wait_for()

    aliases = page.get_by_label("Aliases", exact=True)
    aliases.get_by_role("button", name="Set an alias").click()
    dialog = page.get_by_role("dialog", name="Set an alias")
    dialog.get_by_label("Alias").fill("champion")
    dialog.get_by_label("Version").select_option("2")
    dialog.get_by_text("models:/edited@champion will mean v2.").wait_for()
    dialog.get_by_role("button", name="Set").click()
    aliases.get_by_text("@champion").wait_for()
    aliases.get_by_role("button", name="Move @champion", exact=True).click()
    dialog = page.get_by_role("dialog", name="Move @champion")
    dialog.get_by_label("Version").select_option("3")
    dialog.get_by_text("@champion means v2 today.").wait_for()
    dialog.get_by_role("button", name="Set").click()
    aliases.get_by_role("link", name="v3").wait_for()
    page.keyboard.press("Control+z")
    aliases.get_by_role("link", name="v2").wait_for()
    aliases.get_by_role("button", name="Remove @champion").click()
    aliases.locator(".chip", has_text="@champion").wait_for(state="detached")
    undo(page, "Removed @champion")
    aliases.get_by_role("link", name="v2").wait_for()


def test_a_stage_says_what_it_replaces_and_is_taken_back(visit: Any):
    page = visit("/models/churn/versions/4").page
    page.get_by_role("button", name="Stage", exact=True).click()
    dialog = page.get_by_role("dialog", name="Stage of churn v4")
    dialog.get_by_label("Stage").select_option("Production")
    dialog.get_by_text("v4 takes the place of v3 in Production.").wait_for()
    dialog.get_by_role("button", name="Move to Production").click()
    toast(page, "churn v4 is in Production now.").wait_for()
    page.goto(page.url.replace("/versions/4", ""))
    rows = page.get_by_label("Versions", exact=True).locator("tbody tr")
    rows.filter(has=page.get_by_role("link", name="v3")).get_by_text("Archived").wait_for()
    # The notice went with the page; another one is made and taken back.
    page.get_by_role("button", name="What to do with v3").click()
    page.get_by_role("menuitem", name="Move to a stage").click()
    dialog = page.get_by_role("dialog", name="Stage of churn v3")
    dialog.get_by_label("Stage").select_option("Production")
    dialog.get_by_role("button", name="Move to Production").click()
    rows.filter(has=page.get_by_role("link", name="v4")).get_by_text("Archived").wait_for()
    undo(page, "churn v3 is in Production now.")
    rows.filter(has=page.get_by_role("link", name="v4")).get_by_text("Production").wait_for()
    rows.filter(has=page.get_by_role("link", name="v3")).get_by_text("Archived").wait_for()


def test_versions_are_laid_side_by_side(visit: Any):
    page = visit("/models/churn").page
    page.get_by_label("Compare v4").check()
    page.get_by_text("Select one more to compare").wait_for()
    page.get_by_label("Compare v2").check()
    side = page.get_by_label("2 versions side by side")
    visits = side.get_by_role("row").filter(has=page.get_by_role("rowheader", name="input visits"))
    visits.get_by_text("double").wait_for()
    side.get_by_role("rowheader", name="optimizer").wait_for()
    assert side.get_by_role("rowheader", name="batch_size").count() == 0
    side.get_by_label("Only differences").uncheck()
    side.get_by_role("rowheader", name="batch_size").wait_for()
    assert "compare=4,2" in page.url
    side.get_by_role("button", name="Close").click()
    side.wait_for(state="detached")


def test_a_model_is_made_renamed_and_deleted_for_good_only_by_its_name(visit: Any):
    page = visit("/models").page
    page.get_by_role("button", name="New model").click()
    page.get_by_role("dialog").get_by_label("Name").fill("short lived")
    page.keyboard.press("Enter")
    heading(page, "short lived").wait_for()
    page.get_by_text("No versions yet.").wait_for()
    page.keyboard.press("e")
    page.get_by_role("dialog").get_by_label("Name").fill("gone soon")
    page.keyboard.press("Enter")
    heading(page, "gone soon").wait_for()
    page.get_by_role("button", name="What to do with this model").click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("dialog")
    assert dialog.get_by_role("button", name="Delete").is_disabled()
    dialog.get_by_label("Type “gone soon” to go on").fill("gone soon")
    dialog.get_by_role("button", name="Delete").click()
    heading(page, "Models").wait_for()
    page.get_by_role("link", name="churn", exact=True).wait_for()
    assert page.get_by_role("link", name="gone soon").count() == 0


@contextlib.contextmanager
def listener(answer: Callable[[str], int] = lambda _: 204) -> Iterator[tuple[str, list[str]]]:
    """A program that a webhook tells, and what it was told of; it answers with the status that `answer` gives."""
    told: list[str] = []

    class Hears(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(self.rfile.read(int(self.headers["content-length"])).decode())
            self.send_response(answer(told[-1]))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Hears) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", told
        server.shutdown()
        thread.join()


@pytest.fixture
def trusting(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server that tells also programs of its own network."""
    monkeypatch.setenv("TREERING_WEBHOOK_ALLOW_PRIVATE_IPS", "true")
    monkeypatch.setenv("TREERING_WEBHOOK_ALLOWED_SCHEMES", "http,https")
    with running(tmp_path) as url:
        yield url


def test_a_webhook_is_made_tried_switched_off_and_deleted(browser: Any, trusting: str):
    looker = Looker(browser, trusting)
    page = looker("/settings").page
    with listener() as (url, told):
        page.get_by_role("button", name="New webhook").click()
        dialog = page.get_by_role("dialog", name="New webhook")
        dialog.get_by_label("Name", exact=True).fill("hook")
        dialog.get_by_label("Address").fill(url)
        dialog.get_by_role("button", name="Create").click()
        hook = page.locator(".webhook", has_text=url)
        hook.get_by_role("button", name="Test").click()
        toast(page, "hook answered with 204.").wait_for()
        assert len(told) == 1
        hook.get_by_role("button", name="Switch off").click()
        hook.get_by_text("Off", exact=True).wait_for()
        hook.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        hook.wait_for(state="detached")
    looker.close()


@pytest.mark.parametrize("width", JUDGED)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_deliveries_say_how_they_went_and_are_sent_again(
    browser: Any, look: Any, trusting: str, theme: str, width: int
):
    looker = Looker(browser, trusting)
    call = Caller(trusting)
    # The second is refused once; the third finds nobody at home.
    statuses = {"first": [204], "second": [404, 204], "third": [503]}

    def answer(body: str) -> int:
        left = statuses[json.loads(body)["data"]["name"]]
        return left.pop(0) if len(left) > 1 else left[0]

    with listener(answer) as (url, told):
        events = [{"entity": "registered_model", "action": "created"}, {"entity": "promotion", "action": "done"}]
        call("webhooks", {"name": "hook", "url": url, "events": events})
        for name in ("first", "second", "third"):
            call("registered-models", {"name": name})
        page = looker("/settings", theme=theme, width=width).page
        page.get_by_role("button", name="Deliveries to hook").click()
        dialog = page.get_by_role("dialog", name="Deliveries to hook")
        rows = dialog.get_by_role("listitem")
        rows.nth(2).get_by_text("Delivered").wait_for()
        rows.nth(1).get_by_text("Given up").wait_for()
        rows.nth(1).get_by_text("1 try · answer 404 · ended").wait_for()
        rows.nth(1).get_by_text("The receiver answered with status 404.").wait_for()
        rows.nth(0).get_by_text("The receiver answered with status 503.").wait_for()
        look(page, f"deliveries-{theme}-{width}")
        rows.nth(1).get_by_role("button", name="Send again: registered_model.created").click()
        toast(page, "registered_model.created is sent to hook again.").wait_for()
        rows.nth(1).get_by_text("Delivered").wait_for()
        assert [json.loads(text)["data"]["name"] for text in told].count("second") == 2
        dialog.get_by_role("button", name="Close").click()
        page.get_by_role("button", name="New webhook").click()
        asked = page.get_by_role("dialog", name="New webhook")
        for label in ("A run finishes", "A promotion is asked for", "A stage or alias is rolled back"):
            asked.get_by_label(label).check()
        look(page, f"new-webhook-{theme}-{width}")
        asked.get_by_label("Name", exact=True).fill("second-hook")
        asked.get_by_label("Address").fill(url)
        asked.get_by_role("button", name="Create").click()
        second = page.locator(".webhook", has_text="second-hook")
        second.get_by_text("5 events").wait_for()
    looker.close()


def test_evaluations_data_and_code_stand_beside_each_other(visit: Any):
    page = visit("/models/churn?compare=4,3").page
    side = page.get_by_label("2 versions side by side")
    side.get_by_label("Only differences").uncheck()
    side.get_by_role("rowheader", name="Evaluation").wait_for()
    side.get_by_role("rowheader", name="recall_score", exact=True).wait_for()
    side.get_by_role("rowheader", name="evaluated on churn", exact=False).or_(
        side.get_by_role("rowheader", name="cifar10")
    ).first.wait_for()


def test_a_server_with_nothing_says_how_to_begin(browser: Any, trusting: str):
    looker = Looker(browser, trusting)
    page = looker("/").page
    page.get_by_text(f"export MLFLOW_TRACKING_URI={trusting}").wait_for()
    page.get_by_text(f'treering.set_tracking_uri("{trusting}")').wait_for()
    page.goto(f"{trusting}/models")
    page.get_by_text("No registered models yet.").wait_for()
    looker.close()
