"""Deployments in the browser: the list, one with a canary, and the windows that decide, over answers that are made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ui.looking import JUDGED, SIZES, Looker, Visit
from ui.site_deployments import CANARY, Pretended
from ui.site_server import running

pytestmark = pytest.mark.browser

PAGES = {
    "deployments-listed": ("/deployments", "text=churn-eu"),
    "deployments-removed": ("/deployments?state=removed", "text=vision-old"),
    "deployments-unmatched": ("/deployments?q=nothing", "text=None of 5 matches."),
    "deployment-canary": (f"/deployments/{CANARY}", ".plot canvas"),
    "deployment-history": (f"/deployments/{CANARY}?tab=history", "text=agreed in the review of Monday"),
    "deployment-degraded": ("/deployments/churn-eu", "text=managed from"),
    "deployment-failed": ("/deployments/vision-edge", "text=refuses the connection"),
    "deployment-quiet": ("/deployments/churn-batch", "text=does not tell what is asked of it"),
    "deployment-begun": ("/deployments/vision-ray", "text=models:/vision/7"),
    "deployment-gone": ("/deployments/vision-old", "text=models:/vision/1"),
}
Opens = Callable[..., tuple[Visit, Pretended]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with nothing in it."""
    with running(tmp_path_factory.mktemp("home")) as url:
        yield url


@pytest.fixture
def opens(browser: Any, server: str) -> Iterator[Opens]:
    """Opens a path of a server whose deployments are made up."""
    looker = Looker(browser, server)

    def visited(path: str, **options: Any) -> tuple[Visit, Pretended]:
        opened = looker(
            "/api/v1/server", **options
        )  # a page of no weight, so that the stand-in is there before any other
        pretended = Pretended()
        pretended.stand_in(opened.page)
        opened.page.goto(server + path)
        return opened, pretended

    yield visited
    looker.close()


def card(page: Any, title: str) -> Any:
    return page.get_by_role("group", name=title, exact=True)


def toast(page: Any, text: str) -> Any:
    return page.locator(".toast", has_text=text)


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_is_accessible_and_fits(opens: Opens, look: Any, theme: str, width: int):
    wrong = {}
    for name, (path, ready) in PAGES.items():
        opened, _ = opens(path, theme=theme, width=width)
        opened.page.locator(ready).first.wait_for()
        try:
            look(opened.page, f"{name}-{theme}-{width}")
        except AssertionError as error:
            wrong[name] = str(error)
        opened.page.close()
    assert wrong == {}


@pytest.mark.parametrize("width", JUDGED)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_windows_are_accessible_and_fit(opens: Opens, look: Any, theme: str, width: int):
    page = opens(f"/deployments/{CANARY}", theme=theme, width=width)[0].page
    for button, title in (("Hold here…", "hold"), ("Promote now…", "promote"), ("Roll back…", "roll-back")):
        card(page, "Canary of v4").get_by_role("button", name=button).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Your name").wait_for()
        look(page, f"deployment-{title}-{theme}-{width}")
        dialog.get_by_role("button", name="Cancel").click()


def test_the_list_says_what_is_where_and_how_it_goes(opens: Opens):
    page = opens("/deployments")[0].page
    row = page.get_by_role("row", name="churn-scoring")
    # Of both variants that answer together; a shadow answers nobody.
    for text in ("churn v3", "Canary", "local", "v3 75 % · v4 25 %", "279", "8.3 ms", "0.023 %"):
        row.get_by_text(text, exact=True).wait_for()
    silent = page.get_by_role("row", name="vision-edge")
    silent.get_by_title("http://10.0.4.17:9000 refuses the connection.").first.wait_for()
    page.get_by_label("State").select_option("failed")
    row.wait_for(state="detached")
    page.get_by_label("Search deployments").fill("churn")
    page.get_by_text("None of 5 matches.").wait_for()
    page.get_by_role("button", name="Show all").click()
    row.wait_for()
    page.get_by_role("link", name="churn-scoring").click()
    page.get_by_role("heading", level=1, name="churn-scoring").wait_for()


def test_only_what_is_seen_is_asked_for_its_traffic(opens: Opens):
    opened, pretended = opens("/api/v1/server", width=1024)
    first = pretended.items["churn-eu"]
    pretended.items = {name: first | {"name": name} for name in (f"deployment-{number:03d}" for number in range(150))}
    opened.page.goto(opened.page.url.replace("/api/v1/server", "/deployments"))
    opened.page.get_by_role("row", name="deployment-000").get_by_text("31.0").wait_for()
    asked = {url for url in opened.asked if url.endswith("/live")}
    assert 5 < len(asked) < 60


def test_a_canary_shows_how_far_it_is_what_it_is_judged_by_and_what_comes_next(opens: Opens):
    page = opens(f"/deployments/{CANARY}")[0].page
    canary = card(page, "Canary of v4")
    canary.get_by_text("Running").wait_for()
    steps = canary.get_by_role("list", name="Steps of the canary").get_by_role("listitem")
    assert [step.inner_text().replace("\n", "") for step in steps.all()] == [
        "5 %, done", "25 %, now", "50 %, to come", "100 %, to come",
    ]  # fmt: skip
    canary.get_by_text("judged in").wait_for()
    assert canary.get_by_role("row", name="Slower than 99 % of answers").inner_text().split("\t") == [
        "Slower than 99 % of answers", "1 %", "1.3 %", "5 %", "good",
    ]  # fmt: skip
    page.get_by_role("img", name="Traffic: v3 75 %, v4 25 %").wait_for()
    page.get_by_role("img", name="Requests per second of v3, v4 over").wait_for()
    card(page, "Rewards").get_by_role("row", name="v4 beside v3").get_by_text("surely better").wait_for()
    page.get_by_role("button", name="Actions of Errors, %").click()
    page.get_by_role("button", name="View as table").click()
    page.get_by_role("region", name="Errors, % as a table").get_by_role("row", name="v4").wait_for()


def test_a_canary_that_ends_is_told_without_a_reload(opens: Opens):
    opened, pretended = opens(f"/deployments/{CANARY}")
    page = opened.page
    card(page, "Canary of v4").get_by_text("Running").wait_for()

    def ended(live: dict[str, Any]) -> dict[str, Any]:
        reason = "Errors 12 % against 0.03 %, which is more than 1 % allows."
        canary = live["canary"] | {"state": "ROLLED_BACK", "reason": reason}
        return live | {
            "state": "READY",
            "canary": canary,
            "variants": [live["variants"][0] | {"weight": 100.0}],
            "series": None,
        }

    pretended.items[CANARY] |= {"state": "READY", "candidate": None, "canary": None, "weight": 0}
    pretended.lives[CANARY] = ended
    canary = card(page, "Canary")
    canary.get_by_text("Errors 12 % against 0.03 %, which is more than 1 % allows.").wait_for()
    canary.get_by_text("25 %, rolled back here").wait_for()
    page.locator(".facts").get_by_text("Ready").wait_for()
    page.get_by_role("img", name="Traffic: v3 100 %").wait_for()
    # Without a candidate there is nothing to promote, and the way back leads to the version before.
    page.get_by_role("button", name="Promote…").wait_for(state="detached")
    page.get_by_role("button", name="What to do with this deployment").click()
    page.get_by_role("menuitem", name="Roll back…").click()
    page.get_by_role("dialog").get_by_text("All of the traffic goes from churn v3 back to churn v2.").wait_for()


def test_a_candidate_gets_its_traffic_at_once_in_steps_or_as_a_share(opens: Opens):
    opened, pretended = opens(f"/deployments/{CANARY}")
    page = opened.page
    page.get_by_role("button", name="Promote…").click()
    dialog = page.get_by_role("dialog", name="Promote churn v4")
    # Who interrupts a canary means to end it.
    assert dialog.get_by_label("All of the traffic at once").is_checked()
    dialog.get_by_text("v4 takes the place of v3, which a rollback brings back.").wait_for()
    dialog.get_by_label("In steps").check()
    begin = dialog.get_by_role("button", name="Begin")
    dialog.get_by_label("Steps, in per cent").fill("50, 10")
    assert begin.is_disabled()
    dialog.get_by_label("Steps, in per cent").fill("10, 50 100")
    dialog.get_by_label("At least so long on each").fill("90")
    dialog.get_by_text("v4 begins with 10 % of the requests and has 100 % after 4 min 30 s or later.").wait_for()
    dialog.get_by_label("Your name").fill("Zoë")
    dialog.get_by_label("Why").fill("It is better.")
    begin.click()
    toast(page, "v4 gets the traffic of churn-scoring in steps.").wait_for()
    wanted = {"canary": [10, 50, 100], "every": 90, "reason": "It is better.", "revision": 7}
    assert pretended.done == [("POST", f"{CANARY}/promote", wanted)]
    card(page, "Canary of v4").get_by_role("button", name="Hold here…").click()
    assert dialog.get_by_label("Share of v4, in per cent").input_value() == "25"
    dialog.get_by_label("Share of v4, in per cent").fill("101")
    assert dialog.get_by_role("button", name="Set the share").is_disabled()
    dialog.get_by_label("Share of v4, in per cent").fill("12.5")
    dialog.get_by_role("button", name="Set the share").click()
    toast(page, "v4 has 12.5 % of the traffic of churn-scoring.").wait_for()
    assert pretended.done[-1][2] == {"weight": 12.5, "reason": "", "revision": 7}
    card(page, "Canary of v4").get_by_role("button", name="Promote now…").click()
    dialog.get_by_role("button", name="Promote", exact=True).click()
    toast(page, "v4 has all of the traffic of churn-scoring.").wait_for()
    assert pretended.done[-1][2] == {"reason": "", "revision": 7}


def test_what_somebody_else_decided_meanwhile_is_not_decided_on(opens: Opens):
    opened, pretended = opens(f"/deployments/{CANARY}")
    opened.expected.append("status of 409")
    page = opened.page
    card(page, "Canary of v4").get_by_role("button", name="Roll back…").click()
    dialog = page.get_by_role("dialog", name="Roll churn-scoring back")
    dialog.get_by_text("churn v4 is dropped as the candidate: all of the traffic goes to churn v3.").wait_for()
    said = "Deployment churn-scoring was changed meanwhile: it is at revision 8, and 7 was named."
    pretended.refusals.append((409, {"error_code": "RESOURCE_CONFLICT", "message": said}))
    pretended.items[CANARY] |= {"state": "READY", "candidate": None, "canary": None, "weight": 0, "revision": 8}
    dialog.get_by_role("button", name="Roll back").click()
    dialog.get_by_role("alert").get_by_text(said).wait_for()
    assert len(pretended.done) == 1
    # What can be decided on now is another thing, and said so.
    dialog.get_by_text("All of the traffic goes from churn v3 back to churn v2.").wait_for()


def test_a_look_that_somebody_else_wrote_down_hinders_no_decision(opens: Opens):
    opened, pretended = opens(f"/deployments/{CANARY}")
    opened.expected.append("status of 409")
    page = opened.page
    card(page, "Canary of v4").get_by_role("button", name="Roll back…").click()
    pretended.refusals.append((409, {"error_code": "RESOURCE_CONFLICT", "message": "It is at revision 8."}))
    pretended.items[CANARY] |= {"weight": 50, "revision": 8}
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    toast(page, "Rolled churn-scoring back to v3.").wait_for()
    assert [body["revision"] for _, _, body in pretended.done] == [7, 8]


def test_removing_asks_for_the_name(opens: Opens):
    opened, pretended = opens(f"/deployments/{CANARY}")
    page = opened.page
    page.get_by_role("button", name="What to do with this deployment").click()
    page.get_by_role("menuitem", name="Remove…").click()
    dialog = page.get_by_role("dialog", name="Remove churn-scoring?")
    button = dialog.get_by_role("button", name="Remove")
    assert button.is_disabled()
    dialog.get_by_label("Type “churn-scoring” to go on").fill(CANARY)
    button.click()
    page.get_by_role("heading", level=1, name="Deployments").wait_for()
    assert [(method, path) for method, path, _ in pretended.done] == [("DELETE", CANARY)]


def test_a_deployment_of_another_place_is_shown_and_cannot_be_changed(opens: Opens):
    page = opens("/deployments/churn-eu")[0].page
    page.get_by_text("ci, /srv/treering").wait_for()
    page.get_by_text("1 of 3 replicas is not ready").wait_for()
    page.get_by_text("2 of 3 ready").wait_for()
    assert page.get_by_role("button", name="What to do with this deployment").count() == 0


def test_keys_and_the_palette_lead_to_a_deployment_and_to_its_decisions(opens: Opens):
    page = opens("/")[0].page
    page.get_by_role("heading", level=1, name="Overview").wait_for()
    page.keyboard.press("Control+k")
    page.keyboard.type("churn-sc")
    page.get_by_role("option", name="churn-scoring Deployment").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="churn-scoring").wait_for()
    card(page, "Canary of v4").wait_for()
    page.keyboard.press("p")
    page.get_by_role("dialog", name="Promote churn v4").wait_for()


def test_one_that_is_not_recorded_is_said_so(opens: Opens):
    opened, _ = opens("/deployments/nowhere")
    opened.expected.extend(["404"] * 4)
    opened.page.get_by_text("No deployment called nowhere is recorded.").wait_for()
