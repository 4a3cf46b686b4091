"""A real Chromium that opens pages, counts what they load, and times what they show. It knows no product.

What happens in a page is timed by the page's own clock, whose zero is the beginning of
the navigation, and looked at once a frame; the way to this program is not measured.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from statistics import fmean, quantiles
from typing import Any

from sides import ROOT  # noqa: F401  # puts the tests on the path

from browsers import BROWSERS, FLAGS, chromium

__all__ = ["Frames", "Rows", "Visit", "browsing", "visiting"]

PROBES = (Path(__file__).parent / "workloads" / "probes.js").read_text("utf-8")
QUIET = 1.0
PATIENCE = 60.0
# A wheel that is turned briskly, in pixels a second.
SPEED = 3000


@dataclass(frozen=True)
class Rows:
    """How rows are found in a page.

    Attributes:
        row: Selector of a row.
        index: Its attribute that numbers it.
        link: Selector, in a row, of the link that only a row has whose data are there.
    """

    row: str
    index: str
    link: str


@dataclass(frozen=True)
class Frames:
    """Frames a second: on the whole, and what all but the slowest 5 % of the frames reach."""

    mean: float
    slow: float


@dataclass
class Traffic:
    """What a page asked for, and how many bytes came on the wire for each request."""

    urls: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    changed: float = field(default_factory=time.monotonic)

    def watch(self, session: Any) -> None:
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._asked)
        # A stream of events never finishes; its parts count as they come.
        session.on("Network.responseReceived", lambda said: self._came(said, said["response"]["encodedDataLength"]))
        session.on("Network.dataReceived", lambda said: self._came(said, said["encodedDataLength"]))
        session.on("Network.loadingFinished", self._finished)

    def _asked(self, said: dict[str, Any]) -> None:
        url = said["request"]["url"]
        if url.startswith("http"):
            self.urls[said["requestId"]] = url
            self.changed = time.monotonic()

    def _came(self, said: dict[str, Any], size: int) -> None:
        self.sizes[said["requestId"]] = self.sizes.get(said["requestId"], 0) + int(size)
        self.changed = time.monotonic()

    def _finished(self, said: dict[str, Any]) -> None:
        self.sizes[said["requestId"]] = int(said["encodedDataLength"])
        self.changed = time.monotonic()

    @property
    def requests(self) -> int:
        return len(self.urls)

    def bytes_of(self, part: str = "") -> int:
        """Headers and bodies of the answers whose address has `part` in it."""
        return sum(self.sizes.get(request, 0) for request, url in self.urls.items() if part in url)


@dataclass
class Visit:
    """An open page."""

    page: Any
    session: Any
    traffic: Traffic

    def when(self, check: str, most: float = PATIENCE) -> float | None:
        """The page's time in milliseconds at which the JavaScript expression held; None after `most` seconds."""
        found = self.page.evaluate(f"() => __bench.when(() => {check}, {most * 1000})")
        return None if found is None else float(found)

    def need(self, check: str) -> float:
        """As `when`, for what cannot fail to appear."""
        found = self.when(check)
        if found is None:
            msg = f"{self.page.url} did not come so far within {PATIENCE:g} s: {check}"
            raise RuntimeError(msg)
        return found

    def number(self, expression: str) -> float:
        """What a JavaScript expression gives."""
        return float(self.page.evaluate(f"() => {expression}"))

    def quiet(self) -> None:
        """Wait until nothing was loaded for a second."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() - self.traffic.changed < QUIET and time.monotonic() < end:
            self.page.wait_for_timeout(100)

    def reordered(self, act: Callable[[], None]) -> float:
        """Milliseconds from a click or key that `act` ends with until the first rows are other ones."""
        before = json.dumps(self.page.evaluate("() => __bench.order()"))
        act()
        shown = self.need(f"__bench.order() && __bench.order() !== {before}")
        return shown - self.number("__bench.acted")

    def frames(self, act: Callable[[], None]) -> Frames:
        """How many frames a second there were while `act` ran."""
        self.page.evaluate("() => __bench.record()")
        act()
        return _frames(self.page.evaluate("() => __bench.recorded()"))

    def wheel(self, pixels: int) -> None:
        """Turn the wheel over the rows."""
        x, y, *_ = self.page.evaluate("() => __bench.place()")
        self.session.send(
            "Input.synthesizeScrollGesture",
            {"x": x, "y": y, "yDistance": -pixels, "speed": SPEED, "gestureSourceType": "mouse", "preventFling": True},
        )

    def drag(self, share: float) -> None:
        """Take the scroll bar of the rows with the mouse, and leave it at that share of its way."""
        _, _, x, top, bottom, at = self.page.evaluate("() => __bench.place()")
        before = self.number("__bench.scroller().scrollTop")
        mouse = self.page.mouse
        mouse.move(x, at)
        mouse.down()
        mouse.move(x, top + (bottom - top) * share, steps=12)
        mouse.up()
        if self.number("__bench.scroller().scrollTop") == before:
            msg = "The scroll bar of the rows did not move."
            raise RuntimeError(msg)


def _frames(times: list[float]) -> Frames:
    between = [after - before for before, after in pairwise(times)]
    if len(between) < 10:
        msg = f"Only {len(between)} frames were drawn: too few to judge."
        raise RuntimeError(msg)
    return Frames(1000 / fmean(between), 1000 / quantiles(between, n=20)[-1])


@contextmanager
def browsing() -> Iterator[Any]:
    """A headless browser, driven by Playwright."""
    program = chromium()
    if program is None:
        msg = f"No browser was found; one of {', '.join(BROWSERS)} is needed."
        raise RuntimeError(msg)
    try:
        playwright = import_module("playwright.sync_api")
    except ImportError as error:
        msg = "Playwright is not installed. `make bench` brings it."
        raise RuntimeError(msg) from error
    with playwright.sync_playwright() as driver:
        # Scroll bars are hidden otherwise, and one of them is to be dragged.
        launched = driver.chromium.launch(
            executable_path=program, args=list(FLAGS), ignore_default_args=["--hide-scrollbars"]
        )
        try:
            yield launched
        except playwright.Error as error:
            msg = f"The browser could not do it: {error}"
            raise RuntimeError(msg) from error
        finally:
            launched.close()


@contextmanager
def visiting(browser: Any, url: str, rows: Rows, height: int = 900) -> Iterator[Visit]:
    """A page in a profile of its own, with nothing cached; left with the block."""
    context = browser.new_context(viewport={"width": 1440, "height": height})
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        session = context.new_cdp_session(page)
        traffic = Traffic()
        traffic.watch(session)
        config = json.dumps({"row": rows.row, "index": rows.index, "link": rows.link})
        page.add_init_script(f"{{const probes = {PROBES}\nprobes({config})}}")
        page.goto(url, wait_until="commit")
        yield Visit(page, session, traffic)
    finally:
        context.close()
