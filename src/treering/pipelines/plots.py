"""Plots: data of one or several revisions in one chart, as DVC's JSON, as a specification, or as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treering.core.errors import TreeringError
from treering.core.whole_files import write_whole
from treering.pipelines.plots_anchors import Chart, fill, fill_apart
from treering.pipelines.plots_collect import CollectedPlots, collect_plots
from treering.pipelines.plots_page import ChartSection, ImageSection, page_of
from treering.pipelines.plots_points import REVISION, Points, Record, is_image, points_of, sources_of
from treering.pipelines.plots_templates import DEFAULT_TEMPLATE, find_template
from treering.pipelines.readings import encode_error
from treering.pipelines.snapshots import WORKSPACE, snapshot
from treering.versioning.repository import Repository
from treering.versioning.sources import Revisions

__all__ = ["Plots", "plots_diff", "plots_show"]

OUT = "dvc_plots"
_STATIC = "static"


@dataclass(frozen=True, slots=True)
class _Plot:
    """A plot over all revisions.

    Attributes:
        plot_id: What tells it from others.
        name: As dvc.yaml has it.
        chart: All there is to draw; None where that is nothing, or it is a picture.
        template: The name of the template.
        pictures: Revision, file and content of each, where it is one of images.
    """

    plot_id: str
    name: str
    chart: Chart | None
    template: str
    pictures: Sequence[tuple[str, str, bytes]]
    errors: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Plots:
    """Plots as they were collected, to be had in several forms.

    Attributes:
        revisions: What each of them has.
        templates: The folder with the repository's own templates.
    """

    revisions: Sequence[CollectedPlots]
    templates: Path | None = None

    @property
    def errored(self) -> list[str]:
        """The revisions at which something could not be read."""
        return [one.name for one in self.revisions if one.error or one.errors]

    @property
    def warnings(self) -> list[str]:
        """What is wrong with plots whose files could be read."""
        return [
            f"In '{error['rev']}', {error['msg'][:1].lower()}{error['msg'][1:]}"
            for plot in self._plots()
            for error in plot.errors
            if "source" not in error
        ]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw and nothing to complain of."""
        return not any(one.plots or one.error for one in self.revisions)

    def json(self, out: Path, *, split: bool = False) -> dict[str, Any]:
        """`{"data": {plot: [...]}, "errors": [...]}` as DVC's JSON; pictures are written into `out`.

        Args:
            split: Leave data, sizes and colours as anchors in the specification, and give them beside.

        Raises:
            NotFound: If there is no such template.
            InvalidInput: If a template cannot be filled.
        """
        data: dict[str, Any] = {}
        errors: list[Mapping[str, Any]] = []
        for plot in self._plots():
            data[plot.plot_id] = self._pictures(plot, out) if is_image(plot.name) else self._vega(plot, split=split)
            errors += plot.errors
        errors += [{"rev": one.name, **one.error} for one in self.revisions if one.error]
        found = {"errors": errors, "data": data}
        return {key: value for key, value in found.items() if value}

    def vega(self) -> dict[str, Any] | None:
        """The specification of the first plot that is no picture; None if there is none."""
        for plot in self._plots():
            if not is_image(plot.name):
                return dict(fill(self._template(plot), plot.chart, plot.template)) if plot.chart else {}
        return None

    def write_page(self, out: Path, html_template: str = "") -> Path | None:
        """Write `index.html` into a folder, and the pictures beside it; None where there is nothing to draw.

        Raises:
            InvalidInput: If a template cannot be filled, or the user's page has no place for the plots.
            NotFound: If there is no such template.
        """
        sections: list[ChartSection | ImageSection] = []
        for plot in self._plots():
            if is_image(plot.name):
                images = [
                    (one["revisions"][0], f"{_STATIC}/{Path(one['url']).name}")
                    for one in self._pictures(plot, out / _STATIC)
                ]
                sections.append(ImageSection(plot.plot_id, images))
            elif plot.chart is not None:
                spec = fill(self._template(plot), plot.chart, plot.template)
                sections.append(ChartSection(plot.plot_id, plot.chart, plot.template, spec))
        if not any(True for _ in self._plots()):
            return None
        page = out / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        write_whole(page, page_of(sections, html_template).encode())
        return page

    def _vega(self, plot: _Plot, *, split: bool) -> list[dict[str, Any]]:
        if plot.chart is None:
            return []
        template = self._template(plot)
        found: dict[str, Any] = {"type": "vega", "revisions": list(plot.chart.revisions)}
        if not split:
            return [{**found, "content": fill(template, plot.chart, plot.template)}]
        filled = fill_apart(template, plot.chart, plot.template)
        return [{**found, "content": filled.content, "anchor_definitions": dict(filled.apart)}]

    @staticmethod
    def _pictures(plot: _Plot, out: Path) -> list[dict[str, Any]]:
        found = []
        for revision, file, content in plot.pictures:
            out.mkdir(parents=True, exist_ok=True)
            target = out.absolute() / f"{revision}_{file}".replace("/", "_").replace("\\", "_")
            write_whole(target, content)
            found.append({"type": "image", "revisions": [revision], "url": str(target)})
        return found

    def _template(self, plot: _Plot) -> Mapping[str, Any]:
        return find_template(plot.template, self.templates)

    def _plots(self) -> Iterator[_Plot]:
        groups: dict[str, list[tuple[CollectedPlots, str, Mapping[str, Any]]]] = {}
        for one in self.revisions:
            for plot_id, (name, properties) in one.by_id().items():
                groups.setdefault(plot_id, []).append((one, name, properties))
        for plot_id, group in groups.items():
            yield _joined(plot_id, group)


def _joined(plot_id: str, group: Sequence[tuple[CollectedPlots, str, Mapping[str, Any]]]) -> _Plot:
    """One plot with what all revisions have of it."""
    inner = group[-1][1]
    shown_id = inner if is_image(inner) else plot_id
    merged = {key: value for *_, properties in reversed(group) for key, value in properties.items()}
    shown: Points = Points([], {})
    records: list[Record] = []
    pictures: list[tuple[str, str, bytes]] = []
    errors: list[dict[str, Any]] = []
    for one, name, properties in group:
        sources = sources_of(name, properties)
        contents = {file: one.contents[file] for file in sources if one.contents.get(file)}
        at = {"name": shown_id, "rev": one.name}
        errors += [{**at, "source": file, **one.errors[file]} for file in sources if file in one.errors]
        if is_image(name):
            pictures += [(one.name, file, content) for file, content in contents.items()]
            continue
        try:
            points = points_of(name, merged, contents, one.name)
        except TreeringError as error:
            errors.append({**at, **encode_error(error)})
            continue
        records += points.records
        shown = shown if shown.records else points
    template = str(shown.properties.get("template") or DEFAULT_TEMPLATE)
    chart = _chart(shown, plot_id, records) if records else None
    return _Plot(shown_id, inner, chart, template, pictures, errors)


def _chart(shown: Points, plot_id: str, records: Sequence[Record]) -> Chart:
    properties = shown.properties
    return Chart(
        properties.get("title", plot_id),
        properties["x"],
        properties["y"],
        properties["x_label"],
        properties["y_label"],
        records,
        list(dict.fromkeys(str(record[REVISION]) for record in records)),
        shown.series,
    )


def plots_show(
    repo: Repository,
    targets: Sequence[str] = (),
    revisions: Sequence[str] = (WORKSPACE,),
    *,
    properties: Mapping[str, Any] | None = None,
    base: Path | None = None,
) -> Plots:
    """The plots of revisions, the working tree first.

    Args:
        targets: Files, or how names of plots begin; all plots where none are given.
        revisions: Names that Git knows, names of experiments, or `workspace`.
        properties: Template, fields, labels and title that count more than those in dvc.yaml.
        base: The folder where the user stands.

    Raises:
        UnknownRevision: If there is no such revision.
    """
    read = Revisions(repo)
    names = sorted(dict.fromkeys(revisions), key=lambda name: name != WORKSPACE)
    found = [
        collect_plots(snapshot(read, "" if name == WORKSPACE else name, name, base), targets, properties)
        for name in names
    ]
    return Plots(found, repo.dvc_dir / "plots")


def plots_diff(
    repo: Repository,
    revisions: Sequence[str] = (),
    targets: Sequence[str] = (),
    *,
    properties: Mapping[str, Any] | None = None,
    base: Path | None = None,
) -> Plots:
    """The plots of several revisions in one. As `plots_show`.

    Args:
        revisions: One is compared with the working tree; none means the working tree, with HEAD where they differ.
    """
    if repo.git is None or not repo.git.has_commits:
        return Plots([], repo.dvc_dir / "plots")
    names = list(revisions)
    if not names and repo.git.dirty():
        names.append("HEAD")
    if len(revisions) < 2:  # noqa: PLR2004
        names.append(WORKSPACE)
    return plots_show(repo, targets, names, properties=properties, base=base)
