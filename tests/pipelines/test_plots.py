from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from projects import Project
from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.plots import Plots, plots_diff, plots_show
from treering.pipelines.reproduce import reproduce
from treering.versioning.errors import UnknownRevision

STAGES = """\
stages:
  train:
    cmd: cp src/* . && mkdir -p many && cp src/loss.csv many/a.csv && cp src/loss.csv many/b.csv
    deps: [src]
    plots:
    - logs.csv: {x: step, title: The logs}
    - bare.csv: {header: false}
    - many: {x: step, y: loss}
    - conf.json: {template: confusion, x: actual, y: predicted}
plots:
- loss.csv:
- shown: {x: step, y: {loss.csv: loss, logs.csv: loss}, template: mine}
- pics
- "top_${name}.yaml"
"""
PICTURE = b"\x89PNG\r\n\x1a\nnot really"


@pytest.fixture
def plots(project: Project) -> Project:
    project.write("dvc.yaml", STAGES)
    project.write("params.yaml", "name: a\n")
    project.write(
        ".dvc/plots/mine.json", {"data": {"values": "<DVC_METRIC_DATA>"}, "mark": "line", "t": "<DVC_METRIC_TITLE>"}
    )
    project.write("src/loss.csv", "step,loss\n0,0.5\n1,0.4\n")
    project.write("src/logs.csv", "step,loss\n0,5\n1,4\n")
    project.write("src/bare.csv", "1,2\n3,4\n")
    project.write("src/conf.json", [{"actual": "a", "predicted": "b"}, {"actual": "a", "predicted": "a"}])
    project.write("top_a.yaml", "rows:\n- {u: 1, v: 2}\n")
    project.write("pics/p.png", PICTURE)
    reproduce(project.repo)
    project.commit(tag="v1")
    project.write("src/loss.csv", "step,loss\n0,0.25\n1,0.2\n")
    reproduce(project.repo)
    return project


def as_json(found: Plots, project: Project) -> dict[str, Any]:
    return found.json(project.root / "out", split=True)


def points(entry: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = entry[0]["anchor_definitions"]["<DVC_METRIC_DATA>"]
    return found


def test_plots_of_stages_and_those_at_the_top_are_shown(plots: Project) -> None:
    found = as_json(plots_show(plots.repo), plots)
    assert set(found) == {"data"}
    assert list(found["data"]) == [
        "loss.csv", "shown", "pics/p.png", "top_a.yaml", "logs.csv", "bare.csv", "many/a.csv", "many/b.csv", "conf.json",
    ]  # fmt: skip
    logs = found["data"]["logs.csv"][0]
    assert (logs["type"], logs["revisions"]) == ("vega", ["workspace"])
    assert logs["anchor_definitions"]["<DVC_METRIC_TITLE>"] == "The logs"
    assert points(found["data"]["logs.csv"]) == [
        {"step": "0", "loss": "5", "rev": "workspace"}, {"step": "1", "loss": "4", "rev": "workspace"},
    ]  # fmt: skip
    assert points(found["data"]["bare.csv"])[0] == {"0": "1", "1": "2", "step": 0, "rev": "workspace"}
    assert points(found["data"]["top_a.yaml"]) == [{"u": 1, "v": 2, "step": 0, "rev": "workspace"}]
    assert [row["filename"] for row in points(found["data"]["shown"])] == [
        "loss.csv",
        "loss.csv",
        "logs.csv",
        "logs.csv",
    ]


def test_revisions_lie_over_each_other_and_none_is_checked_out(plots: Project) -> None:
    for name in ("loss.csv", "logs.csv"):
        (plots.root / name).unlink()
    found = as_json(plots_diff(plots.repo, ["v1"], ["logs.csv", "many"]), plots)
    entry = found["data"]["many/a.csv"]
    assert entry[0]["revisions"] == ["workspace", "v1"]
    assert [(row["rev"], row["loss"]) for row in points(entry)] == [
        ("workspace", "0.25"), ("workspace", "0.2"), ("v1", "0.5"), ("v1", "0.4"),
    ]  # fmt: skip


def test_without_a_word_the_working_tree_is_compared_with_the_last_commit_where_they_differ(plots: Project) -> None:
    assert as_json(plots_diff(plots.repo), plots)["data"]["conf.json"][0]["revisions"] == ["workspace", "HEAD"]
    plots.commit("two")
    assert as_json(plots_diff(plots.repo), plots)["data"]["conf.json"][0]["revisions"] == ["workspace"]
    assert as_json(plots_diff(plots.repo, ["v1", "HEAD"]), plots)["data"]["conf.json"][0]["revisions"] == ["v1", "HEAD"]
    with pytest.raises(UnknownRevision):
        plots_diff(plots.repo, ["nope"])


def test_pictures_are_written_beside_for_each_revision(plots: Project) -> None:
    found = as_json(plots_diff(plots.repo, ["v1"], ["pics"]), plots)
    entries = found["data"]["pics/p.png"]
    assert [(one["type"], one["revisions"]) for one in entries] == [("image", ["workspace"]), ("image", ["v1"])]
    assert [Path(one["url"]).name for one in entries] == ["workspace_pics_p.png", "v1_pics_p.png"]
    assert Path(entries[1]["url"]).read_bytes() == PICTURE


def test_targets_choose_by_how_names_begin_and_a_file_is_shown_by_itself_too(plots: Project) -> None:
    assert list(as_json(plots_show(plots.repo, ["lo"]), plots)["data"]) == ["loss.csv", "logs.csv"]
    assert list(as_json(plots_show(plots.repo, ["dvc.yaml::shown"]), plots)["data"]) == ["shown"]
    assert list(as_json(plots_show(plots.repo, ["loss.csv"]), plots)["data"]) == ["dvc.yaml::loss.csv", "loss.csv"]
    assert list(as_json(plots_show(plots.repo, ["src/loss.csv"]), plots)["data"]) == ["src/loss.csv"]
    assert as_json(plots_show(plots.repo, ["nope"]), plots) == {}


def test_given_properties_count_more(plots: Project) -> None:
    found = as_json(
        plots_show(plots.repo, ["logs.csv"], properties={"x": "loss", "y": "step", "title": "Mine", "y_label": "Y"}),
        plots,
    )
    anchors = found["data"]["logs.csv"][0]["anchor_definitions"]
    assert [anchors[f"<DVC_METRIC_{name}>"] for name in ("TITLE", "X_LABEL", "Y_LABEL")] == ["Mine", "loss", "Y"]


def test_what_is_wrong_with_one_plot_leaves_the_others(plots: Project) -> None:
    plots.write("dvc.yaml", STAGES + "- gone.csv\n- weird.txt\n- bytes.csv\n- logs2: {y: {logs.csv: nope}}\n")
    plots.write("weird.txt", "text")
    plots.write("bytes.csv", b"\xff\xfe")
    shown = plots_show(plots.repo)
    found = as_json(shown, plots)
    assert [(one["name"], one.get("source"), one["type"]) for one in found["errors"]] == [
        ("gone.csv", "gone.csv", "FileNotFoundError"),
        ("weird.txt", "weird.txt", "PlotMetricTypeError"),
        ("bytes.csv", "bytes.csv", "EncodingError"),
        ("logs2", None, "FieldNotFoundError"),
    ]
    assert found["data"]["gone.csv"] == []
    assert len(found["data"]["logs.csv"]) == 1
    assert shown.errored == ["workspace"]
    assert shown.warnings == ["In 'workspace', could not find provided field ('nope') in data fields ('step, loss')."]


def test_a_definition_that_cannot_be_used_is_an_error_of_its_revision(plots: Project) -> None:
    plots.write("dvc.yaml", "plots: {a: b}\n")
    found = as_json(plots_diff(plots.repo, ["v1"]), plots)
    assert [(one["rev"], one["type"]) for one in found["errors"]] == [("workspace", "YAMLValidationError")]
    assert found["data"]["logs.csv"][0]["revisions"] == ["v1"]


def test_the_specification_is_filled_with_the_template_of_the_repository(plots: Project) -> None:
    spec = plots_show(plots.repo, ["shown"]).vega()
    assert spec is not None
    assert (spec["t"], spec["mark"], len(spec["data"]["values"])) == ("shown", "line", 4)
    assert plots_show(plots.repo, ["pics"]).vega() is None
    with pytest.raises(NotFound, match="Template 'nope' not found"):
        plots_show(plots.repo, ["logs.csv"], properties={"template": "nope"}).vega()


def test_plots_are_named_from_where_the_user_stands(plots: Project) -> None:
    found = plots_show(plots.repo, base=plots.root / "src").json(plots.root / "out")
    assert "../logs.csv" in found["data"]
    assert "shown" in found["data"]


def test_the_page_asks_no_other_host_and_shows_everything(plots: Project) -> None:
    out = plots.root / "dvc_plots"
    page = plots_diff(plots.repo, ["v1"]).write_page(out)
    assert page == out / "index.html"
    text = page.read_text("utf-8")
    links = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert links == ["static/workspace_pics_p.png", "static/v1_pics_p.png"]
    assert all((out / link).read_bytes() == PICTURE for link in links)
    assert "<script src" not in text
    assert text.count("<section") == 9
    specs = [json.loads(one) for one in re.findall(r'class="vega-lite">(.*?)</script>', text)]
    assert len(specs) == 8
    # Two revisions of the confusion, each a field of squares with numbers.
    section = text[text.index('id="conf_json"') :]
    assert section[: section.index("</section>")].count("<svg") == 2


def test_text_of_the_data_is_no_markup(project: Project) -> None:
    project.write("dvc.yaml", "plots: [{a.json: {title: '<b>&'}}]\n")
    project.write("a.json", [{"<i>": 1, "y": "</script><script>alert(1)</script>"}])
    page = plots_show(project.repo).write_page(project.root / "out")
    assert page is not None
    text = page.read_text("utf-8")
    assert "<b>" not in text
    assert "<i>" not in text
    assert "<script>" not in text


def test_a_page_of_the_users_own_frames_the_plots(plots: Project) -> None:
    out = plots.root / "out"
    found = plots_show(plots.repo, ["logs.csv"])
    page = found.write_page(out, "<html><head>{scripts}</head><h1>Mine</h1>{plot_divs}{refresh_tag}</html>")
    assert page is not None
    text = page.read_text("utf-8")
    assert text.startswith("<html><head><style>")
    assert "<h1>Mine</h1><div" in text
    with pytest.raises(InvalidInput, match="plot_divs"):
        found.write_page(out, "<html></html>")


def test_without_plots_there_is_no_page(project: Project) -> None:
    found = plots_show(project.repo)
    assert found.is_empty
    assert found.json(project.root) == {}
    assert found.write_page(project.root / "out") is None
    assert as_json(plots_diff(project.repo), project) == {}
