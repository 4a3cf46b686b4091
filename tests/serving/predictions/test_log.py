"""The log as the front uses it: a thread, a process, and segments on disk."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from treering.core.errors import InvalidInput, NotFound
from treering.entities.prediction import Label, Prediction
from treering.monitoring.predictions.labels import add_labels, joined, read_labels
from treering.monitoring.predictions.reading import Wanted, read, rows_of
from treering.serving.predictions.entry import Entry
from treering.serving.predictions.lines import Segment, abandoned
from treering.serving.predictions.log import PredictionLog
from treering.serving.predictions.options import LogOptions
from treering.serving.predictions.sampling import limit_of, sampled
from treering.serving.predictions.writing import Writer

NOON = 1_790_000_000_000


def entry(number: int = 0, **changes: Any) -> Entry:
    body = {"dataframe_split": {"columns": ["email", "age"], "data": [[f"u{number}@example.com", number]]}}
    given = {
        "time": NOON + number, "request_id": b"id-%d" % number, "endpoint": "iris", "model": "iris", "version": "1",
        "variant": "v1", "route": "/invocations", "status": 200, "seconds": 0.001, "content_type": b"application/json",
        "body": json.dumps(body).encode(), "json_length": -1, "answer_type": b"application/json",
        "answer": b'{"predictions": [%d]}' % (number % 3), "answer_json_length": -1, "key": b"", "shadow": False,
        "trace": "",
    }  # fmt: skip
    return Entry(**{**given, **changes})


def options(folder: Path, **changes: Any) -> LogOptions:
    return LogOptions(str(folder / "log"), **changes)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_what_is_offered_can_be_read(tmp_path: Path, form: str) -> None:
    log = PredictionLog(options(tmp_path, form=form, rules={"email": "hash"}, secret="s"))
    for number in range(1200):
        assert log.offer(entry(number, key=b"user", trace="abc"))
    assert log.flush()
    # While it is written, too.
    assert len(list(read(tmp_path / "log"))) == 1200
    log.close()
    found = list(read(tmp_path / "log"))
    assert [one.request_id for one in found] == [f"id-{number}" for number in range(1200)]
    first = found[7]
    assert (first.columns, first.answer, first.status, first.time) == (["email", "age"], [1], 200, NOON + 7)
    assert first.rows is not None
    assert first.rows[0][1] == 7
    assert len(first.rows[0][0]) == 32
    assert len(first.key) == 32
    assert log.counts() == {"written": 1200, "dropped": 0, "lost": 0, "waiting": 0, "writer_restarts": 0}
    files = [file for file in (tmp_path / "log").glob("*/*") if file.is_file()]
    assert [file.suffix for file in files] == [f".{form}"]
    # What people asked is for its owner alone.
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert "example.com" not in files[0].read_bytes().decode("latin-1")


def test_rows_have_names_and_outputs() -> None:
    one = Prediction(1, "a", "e", "m", "1", "v", "/r", 200, 0.1, ["x", "y"], [[1, 2], [3, 4]], None, ["p", "q"])
    assert [(row.place, row.features, row.output) for row in rows_of(one)] == [
        (0, {"x": 1, "y": 2}, "p"), (1, {"x": 3, "y": 4}, "q"),
    ]  # fmt: skip
    several = Prediction(1, "a", "e", "m", "1", "v", "/r", 200, 0.1, ["x"], [[1], [2]], None, {"y": [5, 6], "z": 7})
    assert [row.output for row in rows_of(several)] == [{"y": 5}, {"y": 6}]
    assert list(rows_of(Prediction(1, "a", "e", "m", "1", "v", "/r", 200, 0.1, request={"t": 1}))) == []


def test_no_request_waits_for_the_log_and_what_is_dropped_is_counted(tmp_path: Path) -> None:
    log = PredictionLog(options(tmp_path, waiting=50))
    os.kill(log._process.pid, signal.SIGSTOP)  # a disk that hangs
    try:
        took = [log.offer(entry(number, body=b"x" * 100_000)) for number in range(1500)]
    finally:
        os.kill(log._process.pid, signal.SIGCONT)
    assert took.count(False) >= 1500 - 50 - 2 * 512
    assert log.flush(30)
    log.close()
    counts = log.counts()
    assert counts["dropped"] == took.count(False)
    assert counts["written"] + counts["dropped"] == 1500


def test_bodies_that_wait_have_a_limit_in_bytes(tmp_path: Path) -> None:
    log = PredictionLog(options(tmp_path, waiting_bytes=1_000_000))
    os.kill(log._process.pid, signal.SIGSTOP)
    try:
        # The pipe takes some; the queue holds a megabyte, and a frame is on its way.
        took = sum(log.offer(entry(number, body=b"x" * 400_000)) for number in range(100))
    finally:
        os.kill(log._process.pid, signal.SIGCONT)
    assert took <= 25
    log.close()


def test_a_writer_that_is_killed_is_replaced_and_what_it_wrote_stays(tmp_path: Path) -> None:
    log = PredictionLog(options(tmp_path, rules={"email": "drop"}))
    for number in range(100):
        log.offer(entry(number))
    assert log.flush()
    os.kill(log._process.pid, signal.SIGKILL)
    log._process.wait()
    log.offer(entry(100))
    assert log.flush(30)
    for number in range(101, 200):
        log.offer(entry(number))
    assert log.flush(30)
    log.close()
    counts = log.counts()
    assert counts["writer_restarts"] == 1
    found = [one.request_id for one in read(tmp_path / "log")]
    assert len(found) == counts["written"] == 200 - counts["lost"]
    assert counts["lost"] <= 1
    assert not list((tmp_path / "log").glob("*/*.part"))


def test_a_front_that_is_killed_loses_nothing_that_it_had_sent(tmp_path: Path) -> None:
    # As the front does it, in a process that then dies without a word.
    program = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_log import entry
from treering.serving.predictions.log import PredictionLog
from treering.serving.predictions.options import LogOptions
log = PredictionLog(LogOptions({str(tmp_path / "log")!r}))
for number in range(700):
    log.offer(entry(number))
assert log.flush()
print(log._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    writer = int(done.stdout)
    end = time.monotonic() + 30
    while Path(f"/proc/{writer}").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert not Path(f"/proc/{writer}").exists(), "the writer did not end with its front"
    assert len(list(read(tmp_path / "log"))) == 700
    assert not list((tmp_path / "log").glob("*/*.part"))


def test_a_torn_line_is_cut_off_and_the_segment_of_a_living_writer_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    dead = Segment(folder, NOON / 1000)
    writer = Writer(options(tmp_path), lambda: NOON / 1000)
    line = b"".join(sorted(_lines(writer, folder, 3)))
    dead.write(line)
    dead.write(line[:40])
    alive = Segment(folder, NOON / 1000)
    alive.write(line[:40])
    empty = Segment(folder, NOON / 1000)
    for one in (dead, empty):
        one._file.close()
    assert list(abandoned(folder)) == [dead.path]
    assert dead.path.read_bytes() == line
    assert not empty.path.exists()
    assert alive.path.stat().st_size == 40
    # A reader sees whole lines only.
    assert len([one for one in read(folder) if one.request_id.startswith("id-")]) == 3 + 3
    alive.close()


def _lines(writer: Writer, folder: Path, count: int) -> list[bytes]:
    writer.write([entry(number) for number in range(count)])
    writer.close()
    return next(folder.glob("*/*.jsonl")).read_bytes().splitlines(keepends=True)


def test_segments_are_finished_by_size_and_by_age(tmp_path: Path) -> None:
    now = NOON / 1000
    writer = Writer(options(tmp_path, segment_bytes=2000, segment_seconds=60.0), lambda: now)
    for number in range(30):
        writer.write([entry(number)])
    by_size = len(list((tmp_path / "log").glob("*/*.jsonl")))
    assert by_size >= 3
    writer.write([entry(31)])
    now += 61
    writer.look()
    assert len(list((tmp_path / "log").glob("*/*.jsonl"))) == by_size + 1
    assert not list((tmp_path / "log").glob("*/*.part"))
    writer.close()
    assert len(list(read(tmp_path / "log"))) == 31


def test_old_files_are_removed_where_that_is_asked_for(tmp_path: Path) -> None:
    old, young, foreign = (tmp_path / "log" / name for name in (
        "2026-01-01/predictions-20260101T000000-00.jsonl", "2026-01-01/predictions-20260101T000001-00.parquet", "notes/a.txt"
    ))  # fmt: skip
    for file in (old, young, foreign):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    os.utime(old, (NOON / 1000 - 3 * 86_400,) * 2)
    os.utime(foreign, (0, 0))
    os.utime(young, (NOON / 1000 - 86_400,) * 2)
    Writer(options(tmp_path), lambda: NOON / 1000).begin()
    assert old.exists()
    Writer(options(tmp_path, days=2.0), lambda: NOON / 1000).begin()
    assert (old.exists(), young.exists(), foreign.exists()) == (False, True, True)
    now = NOON / 1000 + 2 * 86_400
    writer = Writer(options(tmp_path, days=2.0, segment_seconds=1.0), lambda: now)
    writer.write([entry(1)])
    os.utime(next((tmp_path / "log").glob("*/*.part")), (0, 0))
    now += 2
    writer.look()
    assert not young.exists()
    assert not young.parent.exists()
    writer.close()


def test_a_full_disk_loses_answers_and_not_the_file(tmp_path: Path) -> None:
    writer = Writer(options(tmp_path), lambda: NOON / 1000)
    assert writer.write([entry(1)]).written == 1
    segment = writer._segment
    assert segment is not None
    raw = segment._file

    class Full:
        def write(self, data: Any) -> int:
            raw.write(data[:10])
            raise OSError(28, "No space left on device")

        def __getattr__(self, name: str) -> Any:
            return getattr(raw, name)

    segment._file = Full()  # type: ignore[assignment]
    receipt = writer.write([entry(2), entry(3)])
    assert (receipt.written, receipt.lost) == (0, 2)
    segment._file = raw
    assert writer.write([entry(4)]).written == 1
    writer.close()
    assert [one.request_id for one in read(tmp_path / "log")] == ["id-1", "id-4"]


def test_what_cannot_be_looked_into_is_withheld(tmp_path: Path) -> None:
    writer = Writer(options(tmp_path, rules={"email": "drop"}), lambda: NOON / 1000)
    writer.write(
        [
            entry(1, content_type=b"application/x-pickle"),
            entry(2, body=None),
            entry(3, answer_type=b"image/png"),
            entry(4, status=400, answer=b'{"message": "u4@example.com is no number"}'),
            entry(5, body=b'{"name": "ann", "email": "a@example.com"}'),
        ]
    )
    writer.close()
    found = list(read(tmp_path / "log"))
    assert "request: bodies of the type application/x-pickle" in found[0].withheld
    assert "request: it is too long" in found[1].withheld
    assert "answer: answers of the type image/png" in found[2].withheld
    assert "privacy rules" in found[3].withheld
    assert found[4].request == {"name": "ann"}
    assert "example.com" not in str(found)


def test_a_rule_that_is_not_known_is_told_before_anything_is_served(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="'hide' for 'email' is not known"):
        PredictionLog(options(tmp_path, rules={"email": "hide"})).begin()
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="Name a folder"):
        PredictionLog(LogOptions(str(tmp_path / "file" / "log"))).begin()
    for wrong in ({"sample": 0.0}, {"sample": 1.5}, {"form": "xml"}):
        with pytest.raises(InvalidInput):
            options(tmp_path, **wrong)
    with pytest.raises(InvalidInput):
        LogOptions("")


def test_ids_choose_alike_everywhere_and_a_larger_share_holds_the_smaller() -> None:
    ids = [b"%x-%d" % (number * 7919, number) for number in range(20_000)]
    few = {one for one in ids if sampled(one, limit_of(0.1))}
    many = {one for one in ids if sampled(one, limit_of(0.5))}
    assert few < many
    assert len(few) == pytest.approx(2000, rel=0.1)
    assert len(many) == pytest.approx(10_000, rel=0.05)
    assert all(sampled(one, limit_of(1.0)) for one in ids)
    # Ids of one server differ in their last digits alone.
    one_after_another = [b"5f3a9c-%x" % number for number in range(20_000)]
    assert sum(sampled(one, limit_of(0.1)) for one in one_after_another) == pytest.approx(2000, rel=0.15)


def test_answers_are_chosen_by_what_they_are(tmp_path: Path) -> None:
    writer = Writer(options(tmp_path), lambda: NOON / 1000)
    writer.write([entry(1), entry(2, variant="v2", version="2"), entry(3, shadow=True), entry(4, endpoint="wine")])
    writer.close()

    def ids(**wanted: Any) -> list[str]:
        return [one.request_id for one in read(tmp_path / "log", Wanted(**wanted))]

    assert ids() == ["id-1", "id-2", "id-4"]
    assert ids(variant="v2") == ids(version="2") == ["id-2"]
    assert ids(shadows=True, endpoint="iris") == ["id-1", "id-2", "id-3"]
    assert ids(since=NOON + 2) == ["id-2", "id-4"]
    assert ids(until=NOON + 2) == ["id-1"]
    assert ids(since=NOON + 10 * 86_400_000) == []
    with pytest.raises(NotFound, match="--predictions"):
        list(read(tmp_path / "nothing"))


def test_labels_come_later_and_the_last_one_counts(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    writer = Writer(options(tmp_path), lambda: NOON / 1000)
    writer.write([entry(number) for number in range(3)])
    writer.close()
    assert add_labels(folder, [Label("id-1", 1, NOON), Label("id-0", 0, NOON), Label("nobody", 1, NOON)]) == 3
    with (folder / "labels.jsonl").open("ab") as torn:
        torn.write(b'{"request_id": "id-')
    assert add_labels(folder, [Label("id-1", 2, NOON + 5, "review")]) == 1
    assert [label.request_id for label in read_labels(folder)] == ["id-1", "id-0", "nobody", "id-1"]
    labelled = {one.prediction.request_id: one.label and one.label.label for one in joined(folder)}
    assert labelled == {"id-0": 0, "id-1": 2, "id-2": None}
    with pytest.raises(NotFound):
        add_labels(tmp_path / "nothing", [])


def test_programs_that_label_at_once_write_whole_lines(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    program = f"""
from treering.entities.prediction import Label
from treering.monitoring.predictions.labels import add_labels
for number in range(100):
    add_labels({str(folder)!r}, [Label(f"id-{{number}}", "x" * 500, 1)] * 3)
"""
    running = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert len(list(read_labels(folder))) == 900


def test_a_damaged_line_in_the_middle_costs_that_line_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    writer = Writer(options(tmp_path, form="parquet"), lambda: NOON / 1000)
    writer.write([entry(1)])
    segment = writer._segment
    assert segment is not None
    segment.write(b"\0" * 20 + b"\n")
    writer.write([entry(2)])
    writer.close()
    # It stays as lines, and nothing of it is thrown away.
    assert [file.suffix for file in (tmp_path / "log").glob("*/*")] == [".jsonl"]
    assert [one.request_id for one in read(tmp_path / "log")] == ["id-1", "id-2"]
    assert "cannot be read" in caplog.text
