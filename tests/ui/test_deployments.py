"""A deployment from its first version to its end in the browser: a real server that is kept running, real requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ui.looking import Looker
from ui.site_deployed import Place, asking, deployed

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with deployed(tmp_path_factory.mktemp("deployed")) as made:
        yield made


@pytest.fixture
def visit_place(browser: Any, place: Place) -> Iterator[Looker]:
    looker = Looker(browser, place.url)
    yield looker
    looker.close()


def card(page: Any, title: str) -> Any:
    return page.get_by_role("group", name=title, exact=True)


def toast(page: Any, text: str) -> Any:
    return page.locator(".toast", has_text=text)


def events(page: Any) -> list[str]:
    """Who did what, the newest first."""
    lines = card(page, "Lately").get_by_role("listitem").locator(".history-what")
    return [text.splitlines()[0] for text in lines.all_inner_texts()]


def test_a_better_version_is_promoted_by_itself_rolled_back_by_hand_and_all_is_removed(
    place: Place, visit_place: Looker, look: Any
):
    address = place.deploy(1, "shop")
    place.deploy(2, "shop", "--candidate")
    opened = visit_place("/deployments")
    # A look that is written down at the moment of a decision lets the page ask once more.
    opened.expected.extend(["status of 409"] * 2)
    page = opened.page
    with asking(address) as statuses:
        row = page.get_by_role("row", name="shop")
        row.get_by_text("Ready").wait_for()
        row.get_by_text("v1 100 % · v2 0 %").wait_for()
        page.get_by_role("link", name="shop").click()
        page.get_by_role("img", name="Traffic: v1 100 %").wait_for()
        page.get_by_role("img", name="Requests per second of v1").wait_for()
        page.get_by_role("button", name="Promote…").click()
        dialog = page.get_by_role("dialog", name="Promote iris v2")
        dialog.get_by_label("Steps, in per cent").fill("50, 100")
        dialog.get_by_label("At least so long on each").fill("4")
        dialog.get_by_label("Your name").fill("Zoë")
        dialog.get_by_label("Why").fill("It says two.")
        dialog.get_by_role("button", name="Begin").click()
        canary = card(page, "Canary of v2")
        canary.get_by_text("50 %, now").or_(canary.get_by_text("50 % of the traffic")).first.wait_for()
        page.get_by_role("img", name="Traffic: v1 50 %, v2 50 %").wait_for()
        look(page, "deployment-real-canary")
        card(page, "Canary").get_by_text("Promoted").wait_for(timeout=60_000)
        page.locator(".facts").get_by_role("link", name="iris v2").wait_for()
        page.get_by_role("img", name="Traffic: v2 100 %").wait_for()
        card(page, "Lately").get_by_text("promoted v2 in place of v1").wait_for()
        told = events(page)
        assert told[0] == "The canary promoted v2 in place of v1"
        assert "Zoë began to move traffic from v1 to v2 in steps" in told
        assert "ada put v2 beside v1 as the candidate" in told
        look(page, "deployment-real-promoted")
        page.get_by_role("button", name="What to do with this deployment").click()
        page.get_by_role("menuitem", name="Roll back…").click()
        page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
        toast(page, "Rolled shop back to v1.").wait_for()
        page.get_by_role("img", name="Traffic: v1 100 %").wait_for()
    assert set(statuses) == {200}
    page.get_by_role("link", name="Lineage", exact=True).last.click()
    page.get_by_role("group", name="Lineage of shop").or_(page.get_by_label("Lineage of shop")).first.wait_for()
    page.get_by_role("link", name="Overview", exact=True).last.click()
    page.get_by_role("button", name="What to do with this deployment").click()
    page.get_by_role("menuitem", name="Remove…").click()
    dialog = page.get_by_role("dialog", name="Remove shop?")
    dialog.get_by_label("Type “shop” to go on").fill("shop")
    dialog.get_by_role("button", name="Remove").click()
    page.get_by_role("heading", level=1, name="Deployments").wait_for()
    page.goto(f"{place.url}/deployments?state=removed")
    page.get_by_role("link", name="shop").click()
    card(page, "Lately").get_by_text("took it away").wait_for()


def test_a_version_that_fails_is_rolled_back_by_itself_and_the_page_says_why(
    place: Place, visit_place: Looker, look: Any
):
    address = place.deploy(1, "risky")
    place.deploy(3, "risky", "--canary", "20,100", "--every", "600")
    page = visit_place("/deployments/risky").page
    card(page, "Canary of v3").get_by_text("Running").wait_for()
    with asking(address) as statuses:
        canary = card(page, "Canary")
        canary.get_by_text("Rolled back", exact=True).wait_for(timeout=60_000)
        page.get_by_role("img", name="Traffic: v1 100 %").wait_for()
        card(page, "Lately").get_by_text("rolled back from v3 to v1").wait_for()
        assert events(page)[0] == "The canary rolled back from v3 to v1"
        page.locator(".facts").get_by_text("Ready").wait_for()
        look(page, "deployment-real-rolled-back")
        failed = len([status for status in statuses if status >= 400])
        assert 0 < failed < len(statuses) / 2
    page.goto(f"{place.url}/models/iris/versions/1")
    deployed_there = card(page, "Deployed")
    deployed_there.get_by_role("link", name="risky").wait_for()
    deployed_there.get_by_text("local, gets 100 % of the traffic").wait_for()
