"""Opens pages in a browser and looks at them: what they complain of, whom they ask, whether everybody can use them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "ui-screenshots"
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {1440: 900, 1024: 768, 390: 844}
JUDGED = (1440, 390)
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


class Looker:
    """Opens pages of one server, each in a fresh profile."""

    def __init__(self, browser: Any, url: str) -> None:
        self._browser = browser
        self._url = url
        self._contexts: list[Any] = []
        self.visits: list[Visit] = []

    def __call__(self, path: str, *, theme: str = "light", width: int = 1440, **options: Any) -> Visit:
        """Open `path`; `options` are those of Playwright's `new_context`."""
        size = {"width": width, "height": SIZES[width]}
        context = self._browser.new_context(viewport=size, color_scheme=theme, **options)
        self._contexts.append(context)
        opened = Visit(context.new_page(), [], [], [])
        self.visits.append(opened)
        opened.page.set_default_timeout(20_000)
        opened.page.on(
            "console", lambda said: opened.said.append(said.text) if said.type in {"error", "warning"} else 0
        )
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.on("request", lambda request: opened.asked.append(request.url))
        opened.page.goto(self._url + path)
        return opened

    def close(self) -> None:
        """Nothing may have been complained of, nor asked of other hosts."""
        for context in self._contexts:
            context.close()
        own = (self._url + "/", "blob:", "about:", "data:")
        for opened in self.visits:
            foreign = [url for url in opened.asked if not url.startswith(own)]
            assert not foreign, f"Other hosts were asked: {foreign}"
            assert not opened.complaints(), f"The page complained: {opened.complaints()}"


def look(page: Any, name: str) -> None:
    """Take a picture of a page, and see that it fits its width and that axe finds nothing.

    Axe looks at the widest and the narrowest; what is between them has the parts of either.
    The page must have come to rest; charts and streams may go on asking.
    """
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run `npm ci` in ui/.")
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(SHOTS / f"{name}.png"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than its window"
    if page.viewport_size["width"] not in JUDGED:
        return
    # The policy of the page forbids foreign scripts, so axe comes as a part of the driver's own call.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(RUN_AXE, RULES)["violations"]
    wrong = [f"{item['id']}: {', '.join(node['html'] for node in item['nodes'])}" for item in found]
    assert not wrong, "\n".join([name, *wrong])
