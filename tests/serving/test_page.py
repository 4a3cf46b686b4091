"""The page to try models, in a browser: it shows what there is, sends the example, and breaks none of its own rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsers import FLAGS, chromium
from treering.serving.front.embedding import running
from treering.serving.front.options import ServingOptions

pytestmark = pytest.mark.browser


@pytest.fixture
def page() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api")
    program = chromium()
    if program is None:
        pytest.skip("needs Chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser.new_page()
        browser.close()


def test_the_example_is_sent_and_answered(folders: Path, page: Any):
    hostile = "<img src=x onerror=alert(1)>"
    names = {"array": folders / "array", hostile: folders / "table"}
    models = [{"name": name, "version": "1", "folder": str(folder)} for name, folder in names.items()]
    what = {"models": models, "loading": {"allow_code": True, "quiet": True}}
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    with running(ServingOptions("models", what)) as server:
        page.goto(f"{server.url}/docs")
        page.get_by_role("heading", name="array", exact=True).wait_for()
        assert page.get_by_role("heading", name=hostile, exact=True).is_visible()
        assert page.locator("img").count() == 0
        page.get_by_text("[-1, 2]").first.wait_for()
        first = page.locator("details").first
        first.get_by_role("button", name="Send").click()
        first.get_by_text("200 in").wait_for()
        assert '"predictions"' in first.locator("pre").inner_text()
        assert "answered by array 1" in first.locator("pre").inner_text()
        first.locator("textarea").fill("{")
        first.get_by_role("button", name="Send").click()
        first.get_by_text("400 in").wait_for()
    assert [text for text in said if "400" not in text] == []
