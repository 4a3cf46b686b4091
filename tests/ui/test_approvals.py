"""Approvals, rollback, notes and evaluations in the browser, with decisions that the server really takes."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = pytest.mark.browser

MODEL = "/models/churn"


def card(page: Any, title: str) -> Any:
    return page.get_by_role("group", name=title, exact=True)


def toast(page: Any, text: str) -> Any:
    return page.locator(".toast", has_text=text)


def test_a_guarded_alias_is_asked_for_approved_rejected_and_the_history_tells_all(visit: Any):
    opened = visit(MODEL)
    # The browser itself notes what the server refuses.
    opened.expected.append("status of 4")
    page = opened.page
    card(page, "Rules of approval").get_by_text("@challenger").wait_for(state="detached")
    card(page, "Rules of approval").get_by_role("button", name="Add a rule").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("select").select_option("alias:challenger")
    dialog.get_by_label("Of whom").fill("eve, Bob Lee")
    dialog.get_by_text("@challenger will ask for an approval of eve or Bob Lee.").wait_for()
    dialog.get_by_role("button", name="Set").click()
    toast(page, "@challenger now asks for an approval of eve or Bob Lee.").wait_for()
    card(page, "Aliases").get_by_role("button", name="Move @challenger", exact=True).click()
    dialog.get_by_label("Version").select_option("2")
    dialog.get_by_text("@challenger asks for an approval of eve or Bob Lee.").wait_for()
    dialog.get_by_label("Your name").fill("Zoë")
    dialog.get_by_label("Why").fill("It is calmer.")
    dialog.get_by_role("button", name="Ask for it").click()
    waiting = card(page, "Waiting for approval").locator("li", has_text="to @challenger")
    waiting.get_by_text("asked by Zoë").wait_for()
    # Who asked is none of those who may decide.
    waiting.get_by_role("button", name="Approve").click()
    dialog.get_by_role("button", name="Approve").click()
    dialog.get_by_role("alert").wait_for()
    dialog.get_by_label("Your name").fill("eve")
    dialog.get_by_label("Comment").fill("Agreed.")
    dialog.get_by_role("button", name="Approve").click()
    toast(page, "churn v2 for @challenger is approved.").wait_for()
    waiting.wait_for(state="detached")
    card(page, "Aliases").locator("li", has_text="@challenger").get_by_role("link", name="v2").wait_for()
    history = card(page, "History")
    history.get_by_text("approved v2 for @challenger").wait_for()
    history.get_by_text("asked to promote v2 to @challenger").wait_for()
    page.get_by_role("button", name="What to do with this model").click()
    page.get_by_role("menuitem", name="Roll back…").click()
    dialog.locator("select").select_option("alias:challenger")
    dialog.get_by_label("Why").fill("Too calm.")
    dialog.get_by_role("button", name="Roll back").click()
    card(page, "Aliases").locator("li", has_text="@challenger").get_by_role("link", name="v4").wait_for()
    history.get_by_text("rolled @challenger back from v2 to v4").wait_for()
    rules = card(page, "Rules of approval")
    rules.get_by_role("button", name="Remove the rule for @challenger").click()
    toast(page, "Removed the rule for @challenger.").wait_for()
    opened.page.close()


def test_what_waits_says_what_for_and_is_seen_on_the_audit_page(visit: Any):
    page = visit("/audit").page
    waiting = card(page, "Waiting for approval").locator("li", has_text="to @champion")
    waiting.get_by_text("recall_score is 0.847 and has to be 0.85").wait_for()
    waiting.get_by_text("approved", exact=True).wait_for()
    card(page, "History").get_by_text("asked to promote v4 to @champion").wait_for()


def test_notes_are_written_and_answered_under_a_name(visit: Any):
    page = visit("/settings").page
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.goto(page.url.replace("/settings", f"{MODEL}/versions/3"))
    notes = card(page, "Notes")
    notes.get_by_role("button", name="Add a note").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Markdown").fill("Trained **without** October.")
    dialog.get_by_role("button", name="Add").click()
    notes.get_by_text("Ada Lovelace").wait_for()
    assert notes.locator("strong").inner_text() == "without"
    notes.get_by_role("button", name="Answer").click()
    dialog.get_by_label("Markdown").fill("Why?")
    dialog.get_by_role("button", name="Add").click()
    notes.locator(".answer", has_text="Why?").wait_for()


def test_an_evaluation_shows_what_was_demanded_and_what_was_found(visit: Any):
    page = visit(f"{MODEL}/versions/4?tab=evaluation").page
    demands = card(page, "Demands")
    demands.get_by_text("1 passed, 1 failed, 1 undecided").wait_for()
    parts = card(page, "Parts of the data")
    parts.get_by_label("Metric of the parts").select_option("accuracy_score")
    assert "0.7620" in parts.locator("tr", has_text="less than three months").inner_text()
    groups = card(page, "Groups by age")
    groups.get_by_text("less than four fifths").wait_for()
    assert "few" in groups.locator("tr", has_text="unknown").inner_text()
    page.goto(page.url.replace("versions/4", "versions/1"))
    page.get_by_text("Not evaluated yet.").wait_for()


def test_the_runs_of_an_experiment_stand_below_its_objective(visit: Any, site: Any):
    page = visit(f"/experiments/{site.experiment_id}").page
    bar = page.locator(".objective")
    bar.get_by_text("Tell ships from planes").wait_for()
    bar.get_by_role("button", name="test/auc ≥ 0.95").click()
    page.wait_for_url(re.compile(r"[?&]q=.*auc"))
    met = bar.get_by_role("button", name="it")
    shown = met.inner_text()
    met.click()
    page.get_by_role("status").filter(has_text=shown.split()[0]).first.wait_for()


def test_an_objective_is_said_changed_and_taken_back(visit: Any, site: Any):
    opened = visit("/experiments")
    # The browser itself notes that the server refuses a bound that says nothing.
    opened.expected.append("status of 4")
    page = opened.page
    page.get_by_role("button", name="What to do with llm-finetune").click()
    page.get_by_role("menuitem", name="Objective…").click()
    dialog = page.get_by_role("dialog", name="Objective of llm-finetune")
    dialog.get_by_label("What it is for").fill("Answer as our lawyers would.")
    dialog.get_by_label("It has succeeded when").fill("loss at most 2")
    dialog.get_by_role("button", name="Save").click()
    dialog.get_by_role("alert").wait_for()
    dialog.get_by_label("It has succeeded when").fill("loss <= 2.5\naccuracy[contracts] >= 0.9")
    dialog.get_by_role("button", name="Save").click()
    toast(page, "Changed the objective of llm-finetune.").wait_for()
    page.goto(page.url.replace("/experiments", f"/experiments/{site.llm_id}"))
    bar = page.locator(".objective")
    bar.get_by_text("accuracy on contracts ≥ 0.9").wait_for()
    bar.get_by_role("button", name="Change the objective").click()
    assert dialog.get_by_label("It has succeeded when").input_value() == "loss <= 2.5\naccuracy[contracts] >= 0.9"
    assert dialog.get_by_label("Metric by which").input_value() == "loss"
    dialog.get_by_label("What it is for").fill("")
    dialog.get_by_role("button", name="Take it away").click()
    bar.wait_for(state="detached")
    toast(page, "llm-finetune has no objective any more.").get_by_role("button", name="Undo").click()
    bar.get_by_text("Answer as our lawyers would.").wait_for()


def test_an_approval_that_is_not_enough_says_what_else_is_waited_for(visit: Any):
    page = visit(f"{MODEL}/versions/4").page
    waiting = card(page, "Waiting for approval")
    waiting.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog", name="Approve churn v4 for @champion")
    # Who has no name yet begins with that.
    assert dialog.get_by_label("Your name").evaluate("field => field === document.activeElement")
    page.keyboard.type("eve")
    dialog.get_by_role("button", name="Approve").click()
    toast(page, "churn v4 for @champion is approved. It waits for the check 'gate'").wait_for()
    waiting.get_by_text("by eve").wait_for()
