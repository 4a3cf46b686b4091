"""Each driver file stands in its table, and each row of a table can be loaded."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from treering.core.errors import MissingExtra
from treering.core.plugins import Registry

# Table, the folder of its drivers, and the files there that are no drivers.
TABLES: dict[str, tuple[str, str, set[str]]] = {
    "STORES": (
        "treering.storage.objects:STORES",
        "storage/objects",
        {"base", "flat", "folders", "options", "removal", "retry", "s3_access", "texts", "web"},
    ),
    "METADATA": (
        "treering.storage.metadata:METADATA",
        "storage/metadata",
        {"announcing", "base", "columns", "feed", "governing", "grid", "grouped", "merge", "schema", "search"},
    ),
    "FLAVOURS": ("treering.models.flavours:FLAVOURS", "models/flavours", {"base"}),
    "OUTPUT_FORMATS": (
        "treering.models.scoring.outputs:OUTPUT_FORMATS",
        "models/scoring/outputs",
        {"base", "folder", "text"},
    ),
    "TABLE_FORMATS": (
        "treering.storage.tables:TABLE_FORMATS",
        "storage/tables",
        {"arrow", "hashing", "lines", "plain", "remembering", "rows", "sections", "texts"},
    ),
    "MODEL_COMMANDS": (
        "treering.cli.models:MODEL_COMMANDS",
        "cli/models",
        {"elsewhere", "fetching", "files", "options", "request", "starting", "watching", "where"},
    ),
    "ENVIRONMENT_MANAGERS": (
        "treering.environments:ENVIRONMENT_MANAGERS",
        "environments",
        {"base", "cache", "entering", "foreign", "programs", "specification"},
    ),
    "COMMANDS": ("treering.cli.main:COMMANDS", "cli/commands", set()),
    "RELATIONS": ("treering.provenance:RELATIONS", "provenance", {"base", "cards", "service", "walk"}),
    "EXECUTORS": ("treering.pipelines.executors:EXECUTORS", "pipelines/executors", set()),
    "FORMATS": ("treering.pipelines.formats:FORMATS", "pipelines/formats", set()),
    "FORGES": ("treering.ci.forges:FORGES", "ci/forges", {"base", "rest"}),
    "PROBES": ("treering.client.system_metrics.probes:PROBES", "client/system_metrics/probes", set()),
}


def table(name: str) -> Any:
    module, _, attribute = TABLES[name][0].partition(":")
    return getattr(importlib.import_module(module), attribute)


def targets(rows: Registry[Any]) -> dict[str, str]:
    """Row to the module that bears it."""
    return {name: target.partition(":")[0] for name, target in rows.builtins.items()}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_files_and_rows_are_the_same(name: str, root: Path) -> None:
    folder = root / "src" / "treering" / TABLES[name][1]
    package = "treering." + TABLES[name][1].replace("/", ".")
    files = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    files -= {"__init__", *TABLES[name][2]}
    # A driver that needs a higher floor, such as a client, lives there, and is in the table all the same.
    own = [module for module in targets(table(name)).values() if module.startswith(f"{package}.")]
    rows = {module.removeprefix(f"{package}.").partition(".")[0] for module in own}
    assert files - rows == set(), f"add a row to {name}"
    assert rows - files == set(), f"a row of {name} names a file that is not there"


@pytest.mark.parametrize("name", sorted(TABLES))
def test_rows_are_in_alphabetical_order(name: str) -> None:
    rows = list(targets(table(name)))
    assert rows == sorted(rows)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_each_row_loads_or_names_its_extra(name: str) -> None:
    rows = table(name)
    missing = []
    for row in rows.builtins:
        try:
            assert rows.load(row) is not None
        except MissingExtra as error:
            missing.append((row, str(error)))
    for row, message in missing:
        # A framework that a user trains with needs no extra: the message names its package.
        wanted = f"pip install 'treering[{rows.extras[row]}]'" if row in rows.extras else "pip install "
        assert wanted in message


def test_each_extra_that_a_table_names_exists(root: Path) -> None:
    text = (root / "pyproject.toml").read_text("utf-8")
    section = text.partition("[project.optional-dependencies]")[2].partition("\n[")[0]
    for name in TABLES:
        for extra in table(name).extras.values():
            assert f"\n{extra} = [" in section, f"pyproject.toml has no extra {extra!r}, which {name} names"
