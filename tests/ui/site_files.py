"""Generated files of every kind that pages show, made without any program but Python and pyarrow."""

from __future__ import annotations

import base64
import io
import json
import math
import random
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from treering.client.contents import image_path
from treering.client.media import histogram_file, media_path
from ui.site_pictures import gif, pdf, png, svg, wav

__all__ = ["media_files", "run_files", "small_files"]

CLIP = Path(__file__).parent / "files" / "clip.webm"
LABELS = ("cat", "dog", "ship", "frog")
MARKDOWN = """# Model card

Some *emphasis*, **weight**, `code` and ~~mistakes~~.

| class | recall |
|:--|--:|
| cat | 0.81 |
| dog | 0.86 |

```python
model = treering.pyfunc.load_model("models:/cifar10@champion")
```

- [x] measured
- [ ] reviewed

![curve](plots/curve.png)
[a link](https://example.org) <script>document.title = "taken"</script>
"""
CONFIG = """# How it is trained
model:
  depth: {depth}
  width: 64
data:
  augment: true
  classes: [cat, dog, ship, frog]
schedule: &schedule
  warmup: 500
  kind: cosine
again: *schedule
"""


def small_files(number: int) -> dict[str, bytes]:
    """Texts and tables; those of each number differ a little."""
    chance = random.Random(number)
    rows = "\n".join(f"{index},{index * 0.5 + number},cat" for index in range(30))
    answers = [
        [f"What is {left} + {right}?", str(left + right + (chance.random() < 0.2)), chance.random()]
        for left, right in ((chance.randrange(90), chance.randrange(90)) for _ in range(40))
    ]
    table = {"columns": ["question", "answer", "score"], "data": answers}
    return {
        "summary.txt": b"All went well.\n",
        "config.json": json.dumps({"model": {"depth": 18 + 16 * number, "width": 64}, "epochs": 30}).encode(),
        "config.yaml": CONFIG.format(depth=18 + 16 * number).encode(),
        "tables/predictions.csv": f"id,score,label\n{rows}\n".encode(),
        "plots/curve.png": png(320, 200, 160 - 60 * number),
        "eval/answers.json": json.dumps(table).encode(),
    }


def media_files(number: int) -> dict[str, bytes]:
    """Pictures, sounds and histograms of several steps, named as the client names them."""
    found = {}
    chance = np.random.default_rng(number)
    for step in range(0, 300, 50):
        at = 1_760_000_000_000 + step * 500
        found[image_path("samples", step, at)] = png(96, 96, step * 255 // 300, number)
        found[image_path("val/attention", step, at)] = png(48, 48, 255 - step * 255 // 300, number)
        found[media_path("audio", "voice", step, at, ".wav")] = wav(220.0 + step + 40 * number, 0.5)
        counts, edges = np.histogram(chance.normal(step / 100, 1 + step / 300, 2000), 40)
        histogram = {"counts": counts.tolist(), "edges": edges.tolist()}
        found[media_path("histograms", "layer1/weights", step, at, ".json")] = histogram_file(
            histogram, "layer1/weights", step, at
        )
    return found


def run_files() -> dict[str, bytes]:
    """The rest: each kind once, what is large, what is damaged, and what has an odd name."""
    lines = (json.dumps({"step": step, "event": "checkpoint", "size": step * 7}) for step in range(200))
    many = {f"many/part-{number:03}.txt": f"part {number}\n".encode() for number in range(120)}
    return many | {
        "README.md": MARKDOWN.encode(),
        "report.html": b"<h1>Report</h1><p>Fine.</p><script>parent.document.title = 'taken'</script>",
        "report.pdf": pdf(["Report", "Second page"]),
        "analysis.ipynb": json.dumps(_notebook()).encode(),
        "weights.bin": bytes(4096),
        "weights.npy": _npy(),
        "weights.safetensors": _safetensors(),
        "sources.zip": _zip(),
        "clip.webm": CLIP.read_bytes(),
        "plots/curve.svg": svg(),
        "plots/spin.gif": gif(64, 12),
        "plots/loss.plotly.json": json.dumps(_plotly()).encode(),
        "plots/confusion.plotly.json": json.dumps(_confusion()).encode(),
        "plots/scores.vl.json": json.dumps(_vega_lite()).encode(),
        "audio/tone.wav": wav(440.0, 2.0),
        "tables/predictions.parquet": _parquet(10_000),
        "tables/large.csv": _csv(20_000),
        "tables/scores.tsv": b"name\tscore\n" + b"".join(b"row %d\t%d\n" % (row, row * row) for row in range(50)),
        "tables/events.jsonl": "\n".join(lines).encode(),
        "tables/quoted.csv": b'a,b\n"one, two","line\nbreak"\n"say ""so""",\n',
        "damaged/broken.json": b'{"half": [1, 2',
        "damaged/broken.parquet": b"PAR1" + bytes(100) + b"PAR1",
        "damaged/broken.png": b"\x89PNG\r\n\x1a\nnothing",
        "damaged/empty.csv": b"",
        "large/lines.txt": b"".join(b"line %d of many, each as long as the others\n" % line for line in range(70_000)),
        "odd names/größe 100% #1?.txt": "Grüße\n".encode(),
        "deep/er/and/deeper/still.txt": b"here\n",
        "latin1.txt": "Grüße".encode("latin-1"),
    }  # fmt: skip


def _parquet(rows: int) -> bytes:
    chance = np.random.default_rng(3)
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    table = pa.table(
        {
            "id": pa.array(range(rows), pa.int64()),
            "score": pa.array(chance.random(rows)),
            "label": pa.array([LABELS[row % 4] for row in range(rows)]).dictionary_encode(),
            "at": pa.array([begin + timedelta(minutes=row) for row in range(rows)], pa.timestamp("us", "UTC")),
            "maybe": pa.array([None if row % 5 == 0 else row / 3 for row in range(rows)]),
            "right": pa.array([row % 3 > 0 for row in range(rows)]),
            "tokens": pa.array([[row % 7, row % 11] for row in range(rows)]),
            "text": pa.array([f"Row {row} says “hello” <b>not bold</b>" for row in range(rows)]),
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=2500, compression="snappy")
    return sink.getvalue()


def _csv(rows: int) -> bytes:
    chance = random.Random(5)
    lines = (f"{row},{chance.random():.6f},{LABELS[row % 4]},{chance.gauss(0, 1):.4f}" for row in range(rows))
    return ("id,score,label,residual\n" + "\n".join(lines) + "\n").encode()


def _plotly() -> dict[str, Any]:
    steps = list(range(100))
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": steps,
            "y": [math.exp(-step / pace) for step in steps],
        }
        for name, pace in {"train": 20, "val": 30}.items()
    ]
    axes = {"xaxis": {"title": {"text": "step"}}, "yaxis": {"title": {"text": "loss"}}}
    return {"data": traces, "layout": {"title": {"text": "Loss"}, **axes}}


def _confusion() -> dict[str, Any]:
    counts = [[50 if row == column else (row * 3 + column * 2) % 7 for column in range(4)] for row in range(4)]
    return {"data": [{"type": "heatmap", "z": counts, "x": LABELS, "y": LABELS}], "layout": {}}


def _vega_lite() -> dict[str, Any]:
    values = [{"label": label, "score": 10 + 7 * index} for index, label in enumerate(LABELS)]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": values},
        "mark": "bar",
        "encoding": {
            "x": {"field": "label", "type": "nominal"},
            "y": {"field": "score", "type": "quantitative"},
        },
    }


def _notebook() -> dict[str, Any]:
    picture = base64.b64encode(png(160, 100, 90)).decode()
    table = "<table><tr><th>class</th><th>recall</th></tr><tr><td>cat</td><td>0.81</td></tr></table>"
    text = "  class  recall\n0   cat    0.81"
    failure = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "no such class",
        "traceback": ["\x1b[31mValueError\x1b[0m: no such class", '  File "<cell>", line 1'],
    }
    shown = {"text/html": [table], "text/plain": [text]}
    cells = [
        _cell("markdown", "# Analysis\n\nWhat went **wrong**, and $x^2$."),
        _cell("code", "print('hello')", [{"output_type": "stream", "name": "stdout", "text": ["hello\n"]}]),
        _cell(
            "code",
            "frame",
            [{"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": shown}],
        ),
        _cell(
            "code",
            "plot()",
            [
                {
                    "output_type": "display_data",
                    "metadata": {},
                    "data": {"image/png": picture, "text/plain": ["<Figure>"]},
                }
            ],
        ),
        _cell("code", "recall('bird')", [failure]),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": about, "cells": cells}


def _cell(kind: str, source: str, outputs: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)}
    return cell | ({"execution_count": 1, "outputs": list(outputs)} if kind == "code" else {})


def _npy() -> bytes:
    sink = io.BytesIO()
    np.save(sink, np.arange(600, dtype=np.float32).reshape(20, 30))
    return sink.getvalue()


def _safetensors() -> bytes:
    header = {
        "__metadata__": {"format": "pt"},
        "layer1.weight": {"dtype": "F32", "shape": [8, 4], "data_offsets": [0, 128]},
        "layer1.bias": {"dtype": "F32", "shape": [8], "data_offsets": [128, 160]},
    }
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(160)


def _zip() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.py", "print('hello')\n")
        archive.writestr("data/rows.csv", "a,b\n1,2\n")
    return sink.getvalue()
