"""Datasets of other libraries, files and URLs; where they came from, and having them again."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import treering
from treering import data
from treering.core.errors import DamagedData, InvalidInput, MissingExtra, NotFound, NotSupported
from treering.models.schema import Column, Schema
from treering.models.types import DataType

pytestmark = pytest.mark.usefixtures("fluent")

COLUMNS: dict[str, list[Any]] = {"n": [1, 2, 3], "text": ["x", "y", "z"], "share": [1.5, 2.5, 3.5]}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    folder = tmp_path / "web"
    folder.mkdir()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", folder
        server.shutdown()
        thread.join()


def read_back(dataset: Any) -> Any:
    treering.set_experiment(f"data-{np.random.default_rng().integers(1 << 60)}")
    with treering.start_run() as run:
        treering.log_input(dataset, context="training")
    (found,) = treering.get_run(run.info.run_id).inputs.dataset_inputs
    return found


def test_a_table_of_arrow_has_the_digest_of_pandas() -> None:
    pandas, arrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"a": np.arange(12_000), "b": np.linspace(0, 1, 12_000)})
    table = arrow.Table.from_pandas(frame)
    found = data.from_arrow(table, targets="b", name="long")
    assert found.digest == data.from_pandas(frame).digest
    assert found.profile == {"num_rows": 12_000, "num_elements": 24_000}
    assert found.schema == data.from_pandas(frame).schema
    assert found.digest != data.from_arrow(table.slice(1)).digest
    with pytest.raises(InvalidInput, match="no column 'z'"):
        data.from_arrow(table, targets="z")


def test_a_frame_of_polars() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(COLUMNS | {"lists": [[1], [2], [3]], "parts": [{"a": True}] * 3})
    found = data.from_polars(frame, source="x.parquet", targets="n")
    assert found.digest == str(frame.hash_rows().sum())
    assert found.profile == {"num_rows": 3, "num_elements": 15}
    kinds = {one["name"]: one["type"] for one in found.schema["mlflow_colspec"]}
    assert kinds == {"n": "long", "text": "string", "share": "double", "lists": "array", "parts": "object"}
    assert data.from_polars(polars.DataFrame({"t": [None]})).schema is None
    assert read_back(found).dataset == found.to_entity()


def test_files_are_described_by_their_content(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"a,b\n1,2\n")
    found = data.from_file(file)
    assert (found.name, found.digest) == ("a.csv", hashlib.md5(b"a,b\n1,2\n").hexdigest())
    assert Path(found.source.load()).read_bytes() == b"a,b\n1,2\n"
    copied = Path(data.get_source(read_back(found)).load(dst_path=tmp_path / "copy"))
    assert copied.parent == tmp_path / "copy"
    assert copied.read_bytes() == b"a,b\n1,2\n"
    with pytest.raises(NotFound):
        data.from_file(tmp_path / "none")
    assert data.from_file(tmp_path / "none", digest="known").digest == "known"


def test_what_lies_at_a_url_is_described_and_had_again(web: tuple[str, Path], tmp_path: Path) -> None:
    address, folder = web
    (folder / "b.bin").write_bytes(b"\0\1\2" * 700_000)
    found = data.from_file(f"{address}/b.bin")
    assert found.digest == hashlib.md5(b"\0\1\2" * 700_000).hexdigest()
    assert (found.source.kind, found.source.to_dict()) == ("http", {"url": f"{address}/b.bin"})
    fetched = data.get_source(read_back(found).dataset).load(dst_path=tmp_path)
    assert Path(fetched).read_bytes() == b"\0\1\2" * 700_000


def test_what_dvc_tracks_has_the_digest_of_dvc(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    (folder / "sub").mkdir(parents=True)
    (folder / "b").write_bytes(b"b")
    (folder / "sub" / "a").write_bytes(b"a")
    listed = [
        {"md5": hashlib.md5(name.encode()).hexdigest(), "relpath": path} for name, path in (("b", "b"), ("a", "sub/a"))
    ]
    whole = hashlib.md5(json.dumps(listed, sort_keys=True).encode()).hexdigest() + ".dir"
    assert data.from_file(folder).digest == whole
    (tmp_path / "d.dvc").write_text(f"outs:\n- md5: {whole}\n  size: 2\n  nfiles: 2\n  hash: md5\n  path: d\n")
    found = data.from_dvc(folder)
    assert (found.name, found.digest) == ("d", whole)
    assert read_back(found).dataset.digest == whole
    with pytest.raises(NotFound, match="data add"):
        data.from_dvc(folder / "b")
    (tmp_path / "d.dvc").write_text("outs: 3")
    with pytest.raises(DamagedData):
        data.from_dvc(folder)


def test_a_description_alone_is_a_dataset() -> None:
    source = data.http_dataset_source.HTTPDatasetSource(url="https://example.test/x.tar.gz")
    plain = data.meta_dataset.MetaDataset(source)
    named = data.MetaDataset(source, name="texts", schema=Schema((Column(DataType.STRING, "text"),)))
    assert plain.digest != named.digest
    found = read_back(named)
    assert found.context == "training"
    assert json.loads(found.dataset.schema) == {
        "mlflow_colspec": [{"type": "string", "name": "text", "required": True}]
    }
    assert data.get_source(found.dataset).url == "https://example.test/x.tar.gz"


def test_code_cannot_be_loaded() -> None:
    source = data.get_source(data.from_numpy(np.zeros(3)))
    assert source.kind == "code"
    with pytest.raises(NotSupported, match="'code'"):
        source.load()


def test_spark_is_only_needed_for_its_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput, match="one source"):
        data.from_spark(None, path="a", sql="b")
    with pytest.raises(InvalidInput, match="Version 3 was given"):
        data.from_spark(None, path="nowhere", version=3)
    with pytest.raises(InvalidInput, match="a path or a name"):
        data.load_delta()
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(MissingExtra, match="pip install pyspark"):
        data.from_spark(None)
    with pytest.raises(MissingExtra, match="pip install pyspark"):
        data.DatasetSource("spark", {"path": "a"}).load()
    with pytest.raises(MissingExtra, match="pip install tensorflow"):
        data.from_tensorflow(None)
