from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import treering
from treering.core.errors import InvalidInput


def loaded_after(program: str, home: Path) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(' '.join(sys.modules))"],
        env={"TREERING_HOME": str(home), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stdout.split())


def test_importing_treering_loads_one_module(tmp_path: Path) -> None:
    loaded = loaded_after("import treering", tmp_path)
    assert {name for name in loaded if name.startswith("treering")} == {"treering"}


def test_the_calls_that_log_load_neither_a_database_nor_an_http_client(tmp_path: Path) -> None:
    loaded = loaded_after("import treering\ntreering.log_metric; treering.start_run; treering.log_params", tmp_path)
    assert "treering.client.log" in loaded
    assert not loaded & {"sqlalchemy", "urllib3", "numpy", "pandas", "alembic"}


def test_the_embedded_store_needs_no_http_client(tmp_path: Path) -> None:
    loaded = loaded_after("import treering\ntreering.get_experiment('0')", tmp_path)
    assert "sqlalchemy" in loaded
    assert "urllib3" not in loaded


def test_every_name_in_the_table_resolves() -> None:
    for name in treering.__all__:
        assert getattr(treering, name) is not None
    assert set(treering._TABLE) | {"__version__"} == set(treering.__all__)
    assert set(treering.__all__) <= set(dir(treering))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'log_metrik'"):
        treering.log_metrik  # noqa: B018


@pytest.mark.parametrize("uri", ["http://", "http://host:port", "http:///x", "https://"])
def test_a_malformed_server_url_is_refused(uri: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="http://host"):
        treering.Client(uri).get_experiment("0")
    assert not list(tmp_path.iterdir())
