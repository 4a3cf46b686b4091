"""A real server over a store with generated runs, and a browser to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from browsers import BROWSERS, FLAGS, chromium
from ui import looking
from ui.site_data import Site, fill
from ui.site_server import running


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server process with generated data; it is ended afterwards."""
    with running(tmp_path_factory.mktemp("home")) as url:
        yield fill(url)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless browser."""
    playwright = pytest.importorskip("playwright.sync_api")
    found = chromium()
    if found is None:
        pytest.skip(f"No browser was found; one of {', '.join(BROWSERS)} is needed.")
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=found, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Any, site: Site) -> Iterator[looking.Looker]:
    """Opens a path in a fresh profile; afterwards nothing may have been complained of, nor asked of other hosts."""
    looker = looking.Looker(browser, site.url)
    yield looker
    looker.close()


@pytest.fixture
def look() -> Any:
    """Takes a picture of a page that has come to rest, and lets axe look at it."""
    return looking.look
