"""Tracked data, pipelines and experiments of a repository: everybody can use the pages, and they say what Git and DVC know."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ui import looking
from ui.site_repository import Repository, made
from ui.site_server import running

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("repository_pages")]


class Shown(NamedTuple):
    """A repository, and the server that shows it."""

    repository: Repository
    url: str


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    home = tmp_path_factory.mktemp("repository")
    repository = made(home, f"sqlite:///{home / 'treering.db'}")
    with running(home, repository=str(repository.root)) as url:
        yield Shown(repository, url)


@pytest.fixture
def visit(browser: Any, shown: Shown) -> Iterator[looking.Looker]:
    looker = looking.Looker(browser, shown.url)
    yield looker
    looker.close()


@pytest.fixture
def visit_without(browser: Any, tmp_path: Path) -> Iterator[looking.Looker]:
    """A server that shows no repository."""
    with running(tmp_path) as url:
        looker = looking.Looker(browser, url)
        yield looker
        looker.close()


PAGES = {
    "tracked": ("/data", ".tracked-list tbody tr >> nth=6"),
    "tracked-none-found": ("/data?tab=tracked&q=nothing-like-it", "text=Nothing that is tracked fits"),
    "tracked-file": ("/data/tracked/data/data.xml", ".file-view .code"),
    "tracked-folder": ("/data/tracked/data/screenshots?file=sorted", ".gallery-card >> nth=6"),
    "tracked-working": ("/data/tracked/data/data.xml?rev=working&tab=files", "text=is no version yet"),
    "tracked-changes": ("/data/tracked/data/screenshots?tab=changes", ".change-list li >> nth=7"),
    "tracked-lineage": ("/data/tracked/data/data.xml?tab=lineage", ".graph-box >> nth=5"),
    "tracked-no-lineage": ("/data/tracked/data/screenshots?tab=lineage", "text=No run has recorded this content"),
    "tracked-get": ("/data/tracked/data/data.xml?tab=get", ".get-it .snippet"),
    "tracked-unknown": ("/data/tracked/nobody", "text=The repository does not track"),
    "pipeline": ("/pipelines?stage=train", ".stage-panel .reasons"),
    "pipeline-data": ("/pipelines?stage=data:data/data.xml", ".stage-panel"),
    "pipeline-list": ("/pipelines?as=list", ".list tbody tr >> nth=3"),
    "pipeline-none-found": ("/pipelines?q=nothing-like-it", "text=No stage fits"),
    "pipeline-log": ("/pipelines?stage=train&log=1", ".stage-log .log-line >> nth=11"),
    "trials": ("/pipelines?view=experiments", ".trials tbody tr >> nth=7"),
    "trials-flat": ("/pipelines?view=experiments&group=none&sort=-at", ".trials tbody tr >> nth=7"),
    "trials-none-found": ("/pipelines?view=experiments&q=nothing-like-it", "text=No experiment fits"),
    "overview-repository": ("/", "text=4 stages"),
}
WITHOUT = {
    "tracked-without": ("/data?tab=tracked", "text=This server shows no repository"),
    "tracked-page-without": ("/data/tracked/x", "text=This server shows no repository"),
    "pipelines-without": ("/pipelines", "text=This server shows no repository"),
}


# These are looked at in each theme and width, the others in two pairs of them.
MAIN = ("tracked", "tracked-file", "tracked-changes", "pipeline", "pipeline-log", "trials")
ALL_IN = {("light", 1440), ("dark", 390)}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_are_accessible(visit: Any, look: Any, theme: str, width: int):
    names = PAGES if (theme, width) in ALL_IN else MAIN
    look_at(visit, look, {name: PAGES[name] for name in names}, theme, width)


@pytest.mark.parametrize(("theme", "width"), sorted(ALL_IN))
def test_a_server_without_a_repository_says_how_to_begin(visit_without: Any, look: Any, theme: str, width: int):
    look_at(visit_without, look, WITHOUT, theme, width)


def look_at(visit: Any, look: Any, pages: dict[str, tuple[str, str]], theme: str, width: int) -> None:
    """Every page is looked at before one that is wrong ends the test."""
    wrong = {}
    for name, (path, ready) in pages.items():
        page = visit(path, theme=theme, width=width).page
        page.locator(ready).first.wait_for()
        if width > 700 and name in {"pipeline", "pipeline-data", "pipeline-log"}:
            page.locator(".graph-box").first.wait_for()
        try:
            look(page, f"{name}-{theme}-{width}")
        except AssertionError as error:
            wrong[name] = str(error)
        page.close()
    assert wrong == {}


def cells(row: Any) -> list[str]:
    return [" ".join(text.split()) for text in row.locator("td").all_inner_texts()]


def test_tracked_data_are_listed_with_their_state_and_what_makes_them(visit: Any):
    page = visit("/data").page
    rows = page.locator(".tracked-list tbody tr")
    rows.nth(6).wait_for()
    data = cells(rows.filter(has_text="data.xml"))
    assert data[1:3] == ["Data", "Modified"]
    assert data[5:] == ["data/data.xml.dvc", "1"]
    assert cells(rows.filter(has_text="prepared"))[2:6] == ["Up to date", "57 kB", "2", "stage prepare"]
    page.get_by_label("State").select_option("modified")
    page.wait_for_url("**state=modified")
    assert rows.count() == 2
    page.get_by_label("State").select_option("")
    page.get_by_role("button", name="Size").click()
    page.locator("[aria-sort=descending]").wait_for()
    assert "data/screenshots" in rows.first.inner_text()
    page.reload()
    page.locator("[aria-sort=descending]").wait_for()
    page.get_by_role("link", name=re.compile("Recorded by runs")).click()
    page.wait_for_url("**tab=recorded")
    page.get_by_role("link", name="prepared").wait_for()


def test_versions_lead_through_the_history(visit: Any, shown: Shown):
    page = visit("/data/tracked/data/data.xml").page
    rail = page.get_by_role("navigation", name="Versions").get_by_role("listitem")
    rail.nth(2).wait_for()
    assert rail.count() == 3
    newest, first = rail.nth(1).inner_text(), rail.nth(2).inner_text()
    assert rail.nth(0).inner_text().startswith("Working tree")
    assert all(part in newest for part in ("Bring the posts of another year", "Grace Hopper", "v1.1", "main", "+21 kB"))
    assert all(part in first for part in ("Add the first posts", "Ada Lovelace", "v1.0", "52 kB", "1 run"))
    page.get_by_text('<row Id="').or_(page.locator(".code")).first.wait_for()
    rail.nth(2).get_by_role("link").click()
    page.wait_for_url(f"**rev={shown.repository.commits[1]}")
    page.get_by_role("link", name="Get it").click()
    page.get_by_role("button", name="Command line").click()
    code = page.locator(".get-it .snippet pre").inner_text()
    assert f"treering data get . data/data.xml --rev {shown.repository.commits[1][:7]}" in code
    got = shown.repository.run(*code.splitlines()[-1].split(), "--force")
    name = f"{shown.repository.commits[1][:7]}-data.xml"
    assert (shown.repository.root / name).read_text().count("<row") == 300, got
    (shown.repository.root / name).unlink()


def test_files_of_a_folder_are_seen_as_they_were(visit: Any, shown: Shown):
    page = visit(f"/data/tracked/data/screenshots?rev={shown.repository.commits[2]}").page
    page.get_by_role("treeitem", name="sorted").click()
    page.locator(".gallery-card").nth(5).wait_for()
    page.get_by_role("treeitem", name="0.png").click()
    picture = page.locator(".picture img")
    picture.wait_for()
    page.wait_for_function("() => document.querySelector('.picture img').naturalWidth === 96")
    page.get_by_role("treeitem", name="labels.csv").click()
    page.wait_for_url("**file=labels.csv")
    page.locator(".file-view").get_by_text("picture").first.wait_for()
    page.reload()
    page.locator(".file-view").get_by_text("picture").first.wait_for()


def test_two_versions_are_compared_file_by_file(visit: Any):
    page = visit("/data/tracked/data/screenshots?tab=changes").page
    page.get_by_text("3 added").wait_for()
    summary = " ".join(page.locator(".change-summary").inner_text().split())
    assert re.match(r"\+ 3 added ~ 3 modified \S 2 deleted 2 unchanged", summary)
    page.get_by_role("button", name="labels.csv").click()
    diff = page.get_by_role("region", name="Changes of labels.csv")
    diff.wait_for()
    assert diff.locator(".diff-in").count() >= 1
    assert diff.locator(".diff-out").count() >= 1
    page.get_by_role("button", name="sorted/3.png").click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.change-pictures img')].every(each => each.naturalWidth === 96)"
    )
    assert page.locator(".change-pictures img").count() == 2
    page.get_by_role("link", name=re.compile("Working tree")).click()
    page.get_by_text("1 deleted").wait_for()
    assert "1 added" in page.locator(".change-summary").inner_text()
    page.get_by_label("From").select_option(index=2)
    page.wait_for_url(lambda url: "against=" in url)
    page.get_by_text("2 deleted").wait_for()


def test_a_changed_stage_says_why(visit: Any):
    page = visit("/pipelines").page
    box = page.locator(".graph-box", has_text="train.py")
    box.wait_for()
    assert box.locator(".state").inner_text() == "Changed"
    assert page.locator(".graph-box", has_text="featurize.py").locator(".state").inner_text() == "Up to date"
    assert " ".join(page.locator(".state-line").inner_text().split()).startswith("2 changed 2 up to date")
    box.click()
    page.wait_for_url("**stage=train")
    panel = page.get_by_role("region", name="Stage train")
    assert "train.lr" in panel.get_by_label("Why it would run").inner_text()
    assert "params.yaml" in panel.get_by_label("Why it would run").inner_text()
    param = panel.locator(".stage-params > div", has_text="train.lr")
    assert " ".join(param.inner_text().split()) == "train.lr 0.8 modified"
    assert (
        "python src/train.py data/features model.json" in panel.get_by_role("group", name="Command").first.inner_text()
    )
    panel.get_by_role("button", name="from featurize").click()
    page.get_by_role("region", name="Stage featurize").get_by_role("link", name="data/prepared").click()
    page.get_by_role("heading", name="data/prepared").wait_for()
    page.go_back()
    page.get_by_role("region", name="Stage featurize").get_by_role("link", name="Open its run").click()
    page.get_by_role("heading", name="featurize").wait_for()


def test_the_data_that_a_pipeline_begins_with_are_in_its_graph(visit: Any):
    page = visit("/pipelines").page
    box = page.locator(".graph-box[data-kind=data]")
    box.wait_for()
    assert "Modified" in box.inner_text()
    page.locator(".graph-words summary").click()
    said = [" ".join(text.split()) for text in page.locator(".graph-words li").all_inner_texts()]
    assert any(re.fullmatch(r"Data data/data.xml was read by stage prepare prepare.py", one) for one in said)
    assert any("is needed by (data/features) stage train" in one for one in said)
    box.click()
    page.get_by_role("link", name="Open the data").click()
    page.get_by_role("heading", name="data/data.xml").wait_for()


def test_lineage_leads_from_a_file_to_the_stages_that_read_it(visit: Any):
    page = visit("/data/tracked/data/data.xml?tab=lineage").page
    for name in ("prepare", "featurize", "train", "model.json", "evaluate"):
        page.locator(".graph-box", has_text=name).first.wait_for()
    page.locator(".graph-box", has_text="data.xml").click()
    page.get_by_role("link", name="Versions of data/data.xml").click()
    page.get_by_role("link", name="Files").and_(page.locator("[aria-current]")).wait_for()


def test_experiments_are_sorted_found_and_marked(visit: Any):
    page = visit("/pipelines?view=experiments").page
    rows = page.locator(".trials tbody tr")
    rows.nth(7).wait_for()
    assert rows.first.inner_text().startswith("Working tree")
    fox = rows.filter(has_text="lucky-fox")
    assert [text.split() for text in fox.locator(".param-changed").all_inner_texts()] == [
        ["30", "changed", "from", "20"]
    ]
    assert rows.filter(has_text="bold-lynx").get_by_text("Queued").count() == 1
    owl = rows.filter(has_text="quiet-owl")
    assert owl.locator(".best").count() == 3
    page.get_by_role("button", name="loss").click()
    page.locator("[aria-sort=ascending]").wait_for()
    names = [text.split()[0] for text in rows.locator(".trial-name").all_inner_texts()]
    assert names[:2] == ["Working", "main"]
    assert names[2] == "quiet-owl"
    assert names[-1] == "bold-lynx"
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="accuracy").uncheck()
    page.get_by_role("checkbox", name="train.seed").check()
    page.wait_for_url(lambda url: "cols=" in url)
    page.keyboard.press("Escape")
    page.get_by_label("Search experiments").fill("train.lr=2 epochs=20")
    page.wait_for_function("() => document.querySelectorAll('.trials tr[data-kind=experiment]').length === 1")
    assert "calm-hare" in rows.last.inner_text()
    page.reload()
    rows.filter(has_text="calm-hare").wait_for()
    heads = page.locator(".trials thead th").all_inner_texts()
    assert "accuracy" not in heads
    assert "train.seed" in heads
    page.get_by_role("button", name="One list").click()
    page.wait_for_url("**group=none")


def test_the_palette_finds_data_stages_and_experiments(visit: Any):
    page = visit("/").page
    page.get_by_text("7 tracked paths").wait_for()
    for typed, option, kind, heading in (
        ("screensh", "data/screenshots", "Data", "data/screenshots"),
        ("featuri", "featurize", "Stage", "Pipelines"),
        ("lucky", "lucky-fox", "Experiment", "Pipelines"),
    ):
        page.keyboard.press("Control+k")
        page.locator("dialog").get_by_role("combobox").fill(typed)
        page.get_by_role("option", name=f"{option} {kind}", exact=True).click()
        page.get_by_role("heading", name=heading).wait_for()
    assert "q=lucky-fox" in page.url


def test_a_stage_that_runs_is_followed(visit: Any, shown: Shown):
    slow = shown.repository.root / "slow"
    slow.mkdir()
    (slow / "wait.sh").write_text(
        "echo begun\n: > here\nwhile [ ! -e gate ]; do sleep 0.05; done\necho ended\necho x > done\n"
    )
    (slow / "dvc.yaml").write_text("stages:\n  wait:\n    cmd: sh wait.sh\n    deps: [wait.sh]\n    outs: [done]\n")
    command = ["treering", "repro", "--jobs", "2", "slow/dvc.yaml"]
    # It must not ask: what it prints is of no interest, and its end is waited for.
    with subprocess.Popen(
        command, cwd=shown.repository.root, env=shown.repository.environ, stdout=subprocess.DEVNULL
    ) as process:
        try:
            # A page that shows nothing that runs does not ask again by itself.
            while not (slow / "here").exists():
                assert process.poll() is None
                time.sleep(0.05)
            page = visit("/pipelines?stage=slow/dvc.yaml:wait&log=1&as=list").page
            panel = page.get_by_role("region", name="Stage slow/dvc.yaml:wait")
            panel.get_by_text("begun").wait_for()
            panel.get_by_text("Running").wait_for()
            assert panel.get_by_text("ended").count() == 0
        finally:
            (slow / "gate").touch()
            process.wait(60)
        panel.get_by_text("ended").wait_for()
        panel.get_by_text("Up to date").wait_for()
    page.get_by_label("File", exact=True).select_option("slow/dvc.yaml")
    page.wait_for_url("**file=slow/dvc.yaml**")
    assert page.locator(".list tbody tr").count() == 1
