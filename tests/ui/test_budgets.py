"""What pages may cost: requests, bytes, elements, size in the package. How long they take is measured in benchmarks/."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from treering.server.static import STATIC_FOLDER
from ui.site_server import Caller, columns

REQUESTS = 12
# Where runs stand below others, and not all have the same metrics, both have to be counted; and where the experiment
# has an objective, those that meet it.
REQUESTS_FOR_A_TREE = 15
FIRST_LOAD = 350 * 1024
FURTHER_PAGE = 120 * 1024
ELEMENTS = 3_000
IN_THE_PACKAGE = 3_000_000


@pytest.fixture
def weigh(visit: Any) -> Any:
    """Opens a path in a fresh profile and gives the bytes of each answer, as they travelled."""

    def open_and_weigh(path: str, ready: str) -> tuple[Any, dict[str, int]]:
        opened = visit("/api/v1/server")  # a page of no weight, so that the watch stands before the load begins
        page = opened.page
        watch = page.context.new_cdp_session(page)
        watch.send("Network.enable")
        watch.send("Network.clearBrowserCache")
        names: dict[str, str] = {}
        sizes: dict[str, int] = {}

        def asked(event: Any) -> None:
            name = names[event["requestId"]] = f"{event['request']['url']} ({len(names)})"
            sizes[name] = 0

        watch.on("Network.requestWillBeSent", asked)
        watch.on(
            "Network.loadingFinished",
            lambda event: sizes.update({names[event["requestId"]]: int(event["encodedDataLength"])}),
        )
        page.goto(path if "://" in path else page.url.replace("/api/v1/server", path))
        page.locator(ready).first.wait_for()
        # What can wait is asked for after a while, and counts as well.
        page.wait_for_timeout(3000)
        return page, sizes

    return open_and_weigh


@pytest.fixture(scope="module")
def even(site: Any) -> str:
    """An experiment of more runs than come at once, which all have the same metric; its id."""
    call = Caller(site.url)
    experiment = call("experiments", {"name": "even"})["experiment_id"]
    for number in range(200):
        run = call("runs", {"experiment_id": experiment, "run_name": f"run-{number}"})
        call.log(run["run_id"], series={"loss": columns([3.0, 2.0, 1.0], 0)})
    return str(experiment)


@pytest.mark.browser
def test_first_load_of_the_workspace(weigh: Any, even: str):
    page, sizes = weigh(f"/experiments/{even}", ".plot canvas")
    # The stream of changes stays open; it is a request like the others.
    assert len(sizes) <= REQUESTS, sorted(sizes)
    assert sum(sizes.values()) <= FIRST_LOAD, sizes
    assert page.evaluate("document.querySelectorAll('*').length") <= ELEMENTS


@pytest.mark.browser
def test_first_load_of_a_tree(weigh: Any, site: Any):
    _, sizes = weigh(f"/experiments/{site.experiment_id}", ".plot canvas")
    assert len({name.rsplit(" (", 1)[0] for name in sizes}) <= REQUESTS, sorted(sizes)
    assert len(sizes) <= REQUESTS_FOR_A_TREE, sorted(sizes)
    assert sum(sizes.values()) <= FIRST_LOAD, sizes


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "ready"),
    [
        ("/", "h1"),
        ("/experiments", "text=cifar10-resnet"),
        ("/models", "text=cifar10"),
        ("/data", "h1"),
        ("/settings", "h1"),
    ],
)
def test_other_pages_are_no_heavier(weigh: Any, name: str, ready: str):
    _, sizes = weigh(name, ready)
    assert sum(sizes.values()) <= FIRST_LOAD, sizes


@pytest.mark.browser
def test_a_further_page_brings_little(visit: Any, site: Any):
    opened = visit(f"/experiments/{site.experiment_id}")
    page = opened.page
    page.locator(".runs-body [data-row='0'] a").wait_for()
    before = len(opened.asked)
    page.goto(page.url.split("/experiments")[0] + f"/runs/{site.run_id}")
    page.locator("text=val/loss").first.wait_for()
    scripts = [url for url in opened.asked[before:] if url.endswith(".js")]
    sizes = [(STATIC_FOLDER / "assets" / (url.rsplit("/", 1)[1] + ".gz")) for url in scripts if "/assets/" in url]
    fresh = sum(path.stat().st_size for path in sizes if path.is_file() and not path.name.startswith("core-"))
    assert fresh <= FURTHER_PAGE


@pytest.mark.browser
def test_what_the_pages_add_to_the_package():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path in STATIC_FOLDER.rglob("*"):
            if path.is_file():
                wheel.write(path, path.relative_to(STATIC_FOLDER))
    assert len(packed.getvalue()) <= IN_THE_PACKAGE
