"""The page of a run: each kind of file is shown, notes and tags can be changed and taken back, and nothing logged runs."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from ui.looking import look
from ui.site_server import Caller

pytestmark = pytest.mark.browser

# Another site: a server on a port of its own, which notes who asks. OUTSIDE stands for its address.
OUTSIDE = "http://outside.invalid"
# Each would be noticed: the page's title would change, or the other site would be asked.
SCRIPT = f"<script>top.document.title = 'taken'; fetch('{OUTSIDE}/')</script>"
HTML = f"""<h1 style="color: rgb(200, 0, 0)">Report</h1>{SCRIPT}
<link rel="stylesheet" href="{OUTSIDE}/a.css"><img src="{OUTSIDE}/a.png">
<img src="x" onerror="top.document.title = 'taken'"><iframe src="{OUTSIDE}/"></iframe>
<meta http-equiv="refresh" content="0;url={OUTSIDE}/"><form action="{OUTSIDE}/"></form>
"""
MARKDOWN = f"""# Head

[a link](javascript:top.document.title='taken') [another](https://example.org) <a href="javascript:alert(1)">third</a>
<img src="x" onerror="document.title = 'taken'"> ![far]({OUTSIDE}/a.png) ![near](near.svg)
<iframe src="{OUTSIDE}/"></iframe> <b style="position: fixed">bold</b> {SCRIPT}
"""
SVG = f"""<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" onload="top.document.title = 'taken'">
<script>top.document.title = 'taken'</script><image href="{OUTSIDE}/a.png" width="9" height="9"/>
<rect width="40" height="40" fill="green"/></svg>"""
FAR_DATA = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "data": {"url": f"{OUTSIDE}/rows.csv"},
    "mark": "bar",
}
EXPRESSION = {
    "$schema": "https://vega.github.io/schema/vega/v5.json",
    "width": 100,
    "height": 50,
    "data": [{"name": "rows", "values": [{"a": 1}]}],
    "signals": [{"name": "s", "update": "constructor.constructor('top.document.title = 1')()"}],
    "marks": [{"type": "image", "encode": {"enter": {"url": {"value": f"{OUTSIDE}/a.png"}}}}],
}
PLOTLY = {
    "data": [{"type": "scatter", "x": [1, 2], "y": [1, 2], "text": [SCRIPT, "<img src=x onerror=alert(1)>"]}],
    "layout": {
        "title": {"text": f"Title <a href=\"javascript:top.document.title='taken'\">link</a>{SCRIPT}"},
        "images": [{"source": f"{OUTSIDE}/a.png", "x": 0, "y": 0, "sizex": 1, "sizey": 1}],
    },
}


def notebook(outputs: list[dict[str, Any]]) -> bytes:
    cells = [{"cell_type": "code", "metadata": {}, "source": "show()", "execution_count": 1, "outputs": outputs}]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


def shown(**data: str) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {key.replace("_", "/"): data[key] for key in data}}


class Own(NamedTuple):
    """A run with hostile files, to be changed by tests; the other site that they name, and what it was asked for."""

    run_id: str
    outside: str
    asked: list[str]


@pytest.fixture(scope="module")
def outside() -> Iterator[tuple[str, list[str]]]:
    """Another site, and the paths that it was asked for."""
    asked: list[str] = []

    class Noting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Noting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.fixture(scope="module")
def own(site: Any, outside: tuple[str, list[str]]) -> Own:
    address, asked_for = outside
    call = Caller(site.url)
    experiment = call("experiments", {"name": "strange files"})["experiment_id"]
    asked = {"experiment_id": experiment, "run_name": "subject", "tags": {"team": "vision", "a/b": "slashed"}}
    run = call("runs", asked | {"start_time": 1_760_000_000_000, "user_id": "ada"})
    call.log(run["run_id"], params={"model.depth": "18", "model.width": "64", "seed": "1"})
    files = {
        "page.html": HTML.encode(),
        "near.svg": SVG.encode(),
        "note.md": MARKDOWN.encode(),
        "far.vl.json": json.dumps(FAR_DATA).encode(),
        "expression.vg.json": json.dumps(EXPRESSION).encode(),
        "texts.plotly.json": json.dumps(PLOTLY).encode(),
        "scene.plotly.json": json.dumps({"data": [{"type": "surface", "z": [[1]]}]}).encode(),
        "book.ipynb": notebook([shown(text_html=f"<p class=in>Inside</p>{SCRIPT}"), shown(application_javascript="1")]),
        "formulas.csv": f'a,b\n"=HYPERLINK(""{OUTSIDE}"")",<script>alert(1)</script>\n'.encode(),
        "deep.json": b"[" * 20_000 + b"]" * 20_000,
        "latin.txt": "Grüße".encode("latin-1"),
        "large.txt": b"".join(b"line %07d of a very long text\n" % line for line in range(6_000_000 // 31)),
        "logs/run.log": b"".join(b"\x1b[32mINFO\x1b[0m step %d\n" % step for step in range(20_000)),
        "strange": b"\x00\x01\x02binary",
    }
    call.put(
        run["artifact_uri"],
        {name: content.replace(OUTSIDE.encode(), address.encode()) for name, content in files.items()},
    )
    return Own(run["run_id"], address, asked_for)


def file_page(run_id: str, path: str, root: str = "") -> str:
    return f"/runs/{run_id}?tab=artifacts&path={quote(path)}" + (f"&root={root}" if root else "")


# Path of a file of the site's run, and a selector of what is shown of it.
SHOWN = {
    "summary.txt": ".code >> text=All went well.",
    "config.yaml": ".hljs-attr >> text=depth",
    "source/train.py": ".hljs-keyword >> nth=0",
    "config.json": ".json-key >> text=depth",
    "README.md": ".markdown [role=heading] >> text=Model card",
    "plots/curve.png": ".picture img",
    "plots/curve.svg": ".picture img",
    "audio/tone.wav": "audio",
    "clip.webm": "video",
    "tables/predictions.csv": ".file-table td >> text=14.5",
    "tables/scores.tsv": ".file-table td >> text=row 7",
    "tables/events.jsonl": ".file-table td >> text=checkpoint >> nth=0",
    "tables/predictions.parquet": ".file-table td >> text=Row 3 says",
    "eval/answers.json": ".file-table th >> text=question",
    "analysis.ipynb": ".notebook-cell >> text=hello >> nth=0",
    "weights.npy": ".file-table td >> text=29 >> nth=0",
    "weights.safetensors": ".file-table td >> text=layer1.weight",
    "sources.zip": ".file-table td >> text=train.py",
    "weights.bin": "text=No text. The first 256 bytes",
    "large/lines.txt": "button >> text=Show more",
    "latin1.txt": ".code >> text=Grüße",
    "odd names/größe 100% #1?.txt": ".code >> text=Grüße",
    "damaged/broken.json": "text=Not valid JSON",
    "damaged/broken.parquet": "text=could not be read as Parquet",
    "damaged/broken.png": "text=The picture cannot be shown",
    "damaged/empty.csv": "text=The file holds no table",
}


@pytest.mark.parametrize("path", SHOWN)
def test_each_kind_of_file_is_shown(visit: Any, site: Any, path: str):
    page = visit(file_page(site.run_id, path)).page
    page.locator(SHOWN[path]).first.wait_for()
    assert page.get_by_role("link", name="Download").get_attribute("download") == path.rpartition("/")[2]


@pytest.mark.parametrize(
    ("path", "drawn"),
    [
        ("plots/loss.plotly.json", ".main-svg"),
        ("plots/confusion.plotly.json", ".main-svg"),
        ("plots/scores.vl.json", "canvas"),
    ],
)
def test_figures_are_drawn_in_a_page_of_their_own(visit: Any, site: Any, path: str, drawn: str):
    page = visit(file_page(site.run_id, path)).page
    page.frame_locator("iframe.figure-frame").locator(drawn).first.wait_for()
    frame = next(frame for frame in page.frames if frame.url.endswith("/figure.html"))
    assert frame.evaluate("origin") == "null"


def test_a_table_is_sorted_and_filtered(visit: Any, site: Any):
    page = visit(file_page(site.run_id, "tables/predictions.parquet")).page
    page.locator(".file-table td").first.wait_for()
    page.locator(".file-table").get_by_role("button", name="score").click()
    page.locator("th[aria-sort=ascending]").wait_for()
    first = [float(text) for text in page.locator(".file-table tbody tr:not(.space) td:nth-child(2)").all_inner_texts()]
    assert first == sorted(first)
    page.get_by_label("Filter rows").fill("row 9999 ")
    page.get_by_text("1 of 10,000 rows").wait_for()


def test_steps_of_pictures_have_a_slider(visit: Any, site: Any):
    page = visit(file_page(site.run_id, "images")).page
    slider = page.get_by_label("Step of samples")
    slider.wait_for()
    before = page.locator("figure", has=slider).locator("img").get_attribute("src")
    slider.focus()
    page.keyboard.press("Home")
    page.locator("figure", has=slider).get_by_text("step 0", exact=True).wait_for()
    assert page.locator("figure", has=slider).locator("img").get_attribute("src") != before


def test_a_model_folder_tells_what_it_takes(visit: Any, site: Any):
    page = visit(f"/runs/{site.run_id}?tab=artifacts&root={site.logged_model_id}").page
    page.get_by_label("Inputs", exact=True).get_by_text("tenure").wait_for()
    page.get_by_label("Load it", exact=True).get_by_text("load_model").wait_for()
    page.get_by_label("Requirements", exact=True).get_by_text("scikit-learn").first.wait_for()


def test_files_are_walked_by_keyboard_and_found(visit: Any, site: Any):
    page = visit(f"/runs/{site.run_id}?tab=artifacts").page
    tree = page.get_by_role("tree")
    tree.get_by_role("treeitem", name="tables").focus()
    page.keyboard.press("ArrowRight")
    tree.get_by_role("treeitem", name="large.csv").wait_for()
    page.get_by_label("Find a file").fill("scores.t")
    tree.get_by_role("treeitem", name="tables/scores.tsv").click()
    page.locator(".file-table td >> text=row 7").wait_for()
    assert "path=tables/scores.tsv" in page.url


def refused(opened: Any, own: Own) -> None:
    """Nothing reached the other site; that something was stopped on its way, the browser may say."""
    assert own.asked == []
    opened.asked[:] = [url for url in opened.asked if not url.startswith(own.outside)]
    opened.said.clear()


def test_the_other_site_notes_who_asks(own: Own):
    with urllib.request.urlopen(f"{own.outside}/seen") as answer:
        assert answer.status == 204
    assert own.asked == ["/seen"]
    own.asked.clear()


@pytest.mark.parametrize(
    "path", ["page.html", "near.svg", "note.md", "book.ipynb", "texts.plotly.json", "formulas.csv"]
)
def test_nothing_that_was_logged_runs_or_calls_out(visit: Any, own: Own, path: str):
    opened = visit(file_page(own.run_id, path))
    page = opened.page
    ready = {
        "page.html": lambda: page.frame_locator("iframe").locator("h1 >> text=Report").wait_for(),
        "near.svg": lambda: page.locator(".picture img").wait_for(),
        "note.md": lambda: page.locator(".markdown >> text=bold").wait_for(),
        "book.ipynb": lambda: page.frame_locator("iframe").locator("text=Inside").wait_for(),
        "texts.plotly.json": page.frame_locator("iframe").locator(".main-svg").first.wait_for,
        "formulas.csv": lambda: page.locator("td >> text=<script>").wait_for(),
    }
    ready[path]()
    page.wait_for_load_state("networkidle")
    assert page.title() == "subject · Treering"
    refused(opened, own)
    if path == "page.html":
        heading = page.frame_locator("iframe").locator("h1")
        assert heading.evaluate("node => getComputedStyle(node).color") == "rgb(200, 0, 0)"
    if path == "note.md":
        assert page.locator(".markdown a[href]").evaluate_all("all => all.map(one => one.href)") == [
            "https://example.org/",
            f"{own.outside}/a.png",
        ]
        assert page.locator(".markdown a[href]").first.get_attribute("rel") == "noopener noreferrer nofollow"
        assert page.locator(".markdown :is(script, iframe, [onerror], [style])").count() == 0
        assert "near.svg" in (page.locator(".markdown img[src*=near]").get_attribute("src") or "")
    if path == "book.ipynb":
        page.get_by_text("Output of a kind that is not shown: application/javascript").wait_for()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("far.vl.json", "figures here load nothing"),
        ("scene.plotly.json", "traces of kind surface are not drawn here"),
        ("deep.json", "20000|could not be shown|Tree"),
    ],
)
def test_what_cannot_be_drawn_says_why(visit: Any, own: Own, path: str, said: str):
    opened = visit(file_page(own.run_id, path))
    opened.page.locator(f"text=/{said}/").first.wait_for()
    opened.page.get_by_role("treeitem", name=path).wait_for()
    refused(opened, own)


def test_expressions_of_a_figure_reach_nothing(visit: Any, own: Own):
    opened = visit(file_page(own.run_id, "expression.vg.json"))
    page = opened.page
    page.locator("text=This figure cannot be drawn").or_(page.locator("iframe.figure-frame")).first.wait_for()
    page.wait_for_load_state("networkidle")
    assert page.title() == "subject · Treering"
    refused(opened, own)


def test_a_long_text_is_read_in_parts(visit: Any, own: Own):
    opened = visit(file_page(own.run_id, "large.txt"))
    page = opened.page
    page.get_by_text("line 0000000 of").first.wait_for()
    page.get_by_role("button", name="Show more").click()
    page.get_by_text("1.0 MB of 6.4 MB").wait_for()


def test_logs_show_their_end_first(visit: Any, own: Own):
    page = visit(f"/runs/{own.run_id}?tab=logs").page
    log = page.get_by_role("log")
    log.get_by_text("step 19999").wait_for()
    assert log.get_by_text("step 0", exact=True).count() == 0
    page.get_by_role("button", name="Show earlier lines").click()
    page.get_by_label("Find lines").fill("step 19998")
    page.get_by_text("1 of ").wait_for()
    assert log.locator(".tone-ok").first.inner_text() == "INFO"


def test_code_and_environment(visit: Any, site: Any):
    page = visit(f"/runs/{site.run_id}?tab=code").page
    page.get_by_role("region", name="Changes of train.py").get_by_text("+RATE = 3e-4").wait_for()
    page.get_by_label("Filter packages").fill("torchv")
    page.get_by_label("Packages", exact=True).get_by_text("0.20.1").wait_for()
    page.get_by_label("Python and machine", exact=True).get_by_text("NVIDIA A100").wait_for()


def test_notes_are_written_and_taken_back(visit: Any, own: Own):
    page = visit(f"/runs/{own.run_id}").page
    page.get_by_role("button", name="Write a note").click()
    page.get_by_label("Note in Markdown").fill("It **worked**.")
    page.get_by_role("button", name="Preview").click()
    page.get_by_label("Preview of the note").locator("strong").wait_for()
    page.get_by_role("button", name="Save note").click()
    page.get_by_label("Note", exact=True).locator("strong").first.wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Write a note").wait_for()


def test_tags_are_changed_and_taken_back(visit: Any, own: Own):
    page = visit(f"/runs/{own.run_id}").page
    card = page.get_by_label("Tags", exact=True)
    card.get_by_role("button", name="Remove tag a/b").click()
    card.get_by_text("slashed").wait_for(state="detached")
    page.get_by_role("button", name="Undo").click()
    card.get_by_text("slashed").wait_for()
    card.get_by_role("button", name="Change tag team").click()
    card.get_by_label("Value of the tag").fill("speech")
    page.keyboard.press("Enter")
    card.get_by_text("speech").wait_for()
    page.keyboard.press("Control+z")
    card.get_by_text("vision").wait_for()
    card.get_by_role("button", name="Add a tag").click()
    card.get_by_label("Name of the tag").fill("new")
    card.get_by_label("Value of the tag").fill("one")
    card.get_by_role("button", name="Save").click()
    card.get_by_text("one", exact=True).wait_for()


def test_a_run_is_renamed_deleted_and_restored(visit: Any, own: Own):
    page = visit(f"/runs/{own.run_id}").page
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name of the run").fill("renamed")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="renamed").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("heading", name="subject").wait_for()
    page.get_by_role("button", name="Delete").click()
    page.locator(".facts >> text=Deleted").wait_for()
    page.get_by_role("button", name="Restore").click()
    page.locator(".facts >> text=Deleted").wait_for(state="detached")


def test_a_model_is_registered(visit: Any, site: Any):
    page = visit(f"/runs/{site.run_id}").page
    page.get_by_role("button", name="Register model").click()
    page.get_by_label("Register under").fill("from the page")
    page.get_by_role("button", name="Create and register").click()
    page.get_by_text("Registered as version 1 of from the page.").wait_for()


TABS = {
    "overview": ("", "text=Params"),
    "charts": ("?tab=charts", ".plot canvas"),
    "system": ("?tab=system", ".plot canvas"),
    "artifacts": ("?tab=artifacts", "[role=treeitem] >> text=README.md"),
    "logs": ("?tab=logs", "[role=log] .log-line"),
    "code": ("?tab=code", "text=Uncommitted changes"),
    "lineage": ("?tab=lineage", ".graph-box"),
    "table": ("?tab=artifacts&path=tables/large.csv", ".file-table td"),
    "notebook": ("?tab=artifacts&path=analysis.ipynb", ".notebook-cell"),
    "markdown": ("?tab=artifacts&path=README.md", ".markdown table"),
    "json": ("?tab=artifacts&path=config.json", ".json-key"),
    "source": ("?tab=artifacts&path=source/train.py", ".hljs-keyword"),
    "gallery": ("?tab=artifacts&path=images", ".gallery img"),
    "model": ("?tab=artifacts&path=model", "text=Load it"),
}


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 1024), ("light", 390)])
def test_parts_are_accessible_and_fit(visit: Any, site: Any, theme: str, width: int):
    for tab, (search, ready) in TABS.items():
        page = visit(f"/runs/{site.run_id}{search}", theme=theme, width=width).page
        page.locator(ready).first.wait_for()
        look(page, f"run-{tab}-{theme}-{width}")
        page.close()
