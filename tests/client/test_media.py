"""Sounds, moving pictures, histograms, and images in series and tables."""

from __future__ import annotations

import io
import json
import re
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import treering
from treering.client import media
from treering.core.errors import InvalidInput, NotFound

pytestmark = pytest.mark.usefixtures("fluent")


def new_run() -> treering.ActiveRun:
    """Far tests share a server, so names are made new."""
    treering.set_experiment(f"media-{np.random.default_rng().integers(1 << 60)}")
    return treering.start_run()


def fetched(run: Any, path: str, tmp_path: Path) -> bytes:
    found = treering.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=path, dst_path=tmp_path)
    return Path(found).read_bytes()


def listed(run: Any, folder: str) -> list[str]:
    return [one.path for one in treering.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path=folder)]


@pytest.mark.parametrize(
    ("samples", "width", "first"),
    [
        (np.array([0.0, 1.0, -1.0]), 2, [0, 32767, -32767]),
        (np.array([1, -2, 3], ">i2"), 2, [1, -2, 3]),
        (np.array([[1, 2], [3, 4]], "i4"), 4, [1, 2, 3, 4]),
        (np.array([0, 255], "u1"), 1, [0, 255]),
    ],
)
def test_samples_become_a_wav_file(samples: Any, width: int, first: list[int]) -> None:
    with wave.open(io.BytesIO(media.sound(samples, 8000))) as file:
        assert (file.getframerate(), file.getsampwidth()) == (8000, width)
        assert file.getnchannels() == (samples.shape[1] if samples.ndim > 1 else 1)
        frames = np.frombuffer(file.readframes(file.getnframes()), {1: "u1", 2: "<i2", 4: "<i4"}[width])
    assert frames.tolist() == first


@pytest.mark.parametrize(
    "bad", [np.array([2.0]), np.array([np.nan]), np.zeros((2, 2, 2)), np.zeros(0), np.array(["a"]), np.zeros(3, "i8")]
)
def test_what_is_no_sound_is_refused(bad: Any) -> None:
    with pytest.raises(InvalidInput):
        media.sound(bad, 8000)


def test_sounds_are_logged(tmp_path: Path) -> None:
    file = tmp_path / "a.ogg"
    file.write_bytes(b"OggS...")
    with new_run() as run:
        treering.log_audio(np.zeros(4), "sounds/zero.wav", sample_rate=8000)
        treering.log_audio(file, key="said/first", step=3)
        treering.log_audio(b"ID3", "song.mp3")
        with pytest.raises(InvalidInput, match="either artifact_file"):
            treering.log_audio(b"x")
        with pytest.raises(NotFound, match="No such file"):
            treering.log_audio(tmp_path / "none.wav", "none.wav")
    assert fetched(run, "sounds/zero.wav", tmp_path)[:4] == b"RIFF"
    assert fetched(run, "song.mp3", tmp_path) == b"ID3"
    (path,) = listed(run, "audio")
    assert path.startswith("audio/said~first+step+3+timestamp+")
    assert path.endswith(".ogg")
    assert fetched(run, path, tmp_path) == b"OggS..."


def test_frames_become_a_moving_picture(tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image")
    frames = np.stack([np.full((4, 6, 3), shade, np.uint8) for shade in (0, 120, 240)])
    with new_run() as run:
        treering.log_video(frames, "v.gif", fps=4)
        treering.log_video(list(frames / 255), key="walk", step=1)
        treering.log_video(frames[:, :, :, 0], "v.webp")
        treering.log_video(b"....ftyp", "clip.mp4")
        for bad in (np.zeros((2, 2)), [], [np.zeros((2, 2)), np.zeros((3, 2))]):
            with pytest.raises(InvalidInput):
                treering.log_video(bad, "bad.gif")
        with pytest.raises(InvalidInput, match=r"\.mp4"):
            treering.log_video(frames, "bad.mp4")
        with pytest.raises(InvalidInput, match="fps"):
            treering.log_video(frames, "bad.gif", fps=0)
    with pillow.open(io.BytesIO(fetched(run, "v.gif", tmp_path))) as gif:
        assert (gif.n_frames, gif.size, gif.info["duration"]) == (3, (6, 4), 250)
    with pillow.open(io.BytesIO(fetched(run, "v.webp", tmp_path))) as webp:
        assert webp.n_frames == 3
    (path,) = listed(run, "video")
    assert path.endswith(".gif")
    assert fetched(run, "clip.mp4", tmp_path) == b"....ftyp"


def test_histograms_are_json_for_each_step(tmp_path: Path) -> None:
    with new_run() as run:
        treering.log_histogram([0.0, 1.0, 1.0, np.nan, np.inf], "w/a", step=1, bins=2)
        treering.log_histogram(np.histogram([1, 2, 3], bins=3), "w/a", step=2)
        for bad in (["a"], ([1, 2], [0.0, 1.0])):
            with pytest.raises(InvalidInput):
                treering.log_histogram(bad if isinstance(bad, list) else tuple(bad), "bad")
    found = sorted(
        (json.loads(fetched(run, path, tmp_path)) for path in listed(run, "histograms")), key=lambda h: h["step"]
    )
    assert [one["step"] for one in found] == [1, 2]
    assert (found[0]["key"], found[0]["type"]) == ("w/a", "histogram")
    assert (found[0]["edges"], found[0]["counts"], found[0]["not_finite"]) == ([0.0, 0.5, 1.0], [1, 2], 2)
    assert found[1]["counts"] == [1, 1, 1]


def test_an_image_of_a_series_has_a_small_twin(tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image")
    with new_run() as run:
        treering.log_image(np.zeros((300, 600, 3), np.uint8), key="seen", step=2)
        treering.Client().log_image(run.info.run_id, np.eye(3), key="other")
    paths = [path for path in listed(run, "images") if "seen" in path]
    (small,) = [path for path in paths if path.endswith("+compressed.webp")]
    assert small.removesuffix("+compressed.webp") + ".png" in paths
    with pillow.open(io.BytesIO(fetched(run, small, tmp_path))) as picture:
        assert (picture.format, picture.size) == ("WEBP", (256, 128))
    assert treering.get_run(run.info.run_id).data.tags["mlflow.loggedImages"] == "True"


def test_images_are_values(tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image")
    image = treering.Image(np.arange(6, dtype=np.uint8).reshape(1, 2, 3))
    assert image.size == (2, 1)
    assert image.to_list() == [(0, 1, 2), (3, 4, 5)]
    assert treering.Image([[1, 2, 3]]).to_list() == [1, 2, 3]
    assert image.resize((4, 2)).to_array().shape == (2, 4, 3)
    image.save(tmp_path / "i.png")
    assert treering.Image(str(tmp_path / "i.png")).to_list() == image.to_list()
    assert isinstance(treering.Image(image.to_pil()).to_pil(), pillow.Image)
    with pytest.raises(InvalidInput):
        treering.Image(3)


def test_tables_hold_images_and_take_new_columns(tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image")
    image = treering.Image([[1, 2, 3]])
    with new_run() as run:
        treering.log_table({"q": ["dog", "cat"], "a": [image, image], "model": "m"}, "sub/t.json")
        treering.log_table({"q": "cow", "share": np.nan, "model": "m"}, "sub/t.json")
        with pytest.raises(InvalidInput, match="of their own"):
            treering.log_table({"a": [image, 1]}, "mixed.json")
    found = json.loads(fetched(run, "sub/t.json", tmp_path))
    assert found["columns"] == ["q", "a", "model", "share"]
    assert [row[2:] for row in found["data"]] == [["m", None]] * 3
    cell = found["data"][0][1]
    assert cell["type"] == "image"
    assert cell["filepath"].startswith("table_images/sub/t/")
    assert fetched(run, cell["filepath"], tmp_path)[1:4] == b"PNG"
    assert fetched(run, cell["compressed_filepath"], tmp_path)[8:12] == b"WEBP"
    assert found["data"][2][1] is None


def test_the_client_stores_media_as_the_fluent_calls_do(tmp_path: Path) -> None:
    client = treering.Client()
    samples, frames = np.zeros(50), np.zeros((2, 4, 4), np.uint8)
    with treering.start_run() as fluent:
        treering.log_audio(samples, key="a", step=1, timestamp=5, sample_rate=8000)
        treering.log_video(frames, "v.gif", fps=5)
        treering.log_histogram([1, 2, 3], "h", step=2, timestamp=5, bins=4)
    explicit = client.create_run(fluent.info.experiment_id).info.run_id
    client.log_audio(explicit, samples, key="a", step=1, timestamp=5, sample_rate=8000)
    client.log_video(explicit, frames, "v.gif", fps=5)
    client.log_histogram(explicit, [1, 2, 3], "h", step=2, timestamp=5, bins=4)

    def files(run_id: str) -> dict[str, bytes]:
        root = Path(client.download_artifacts(run_id, "", tmp_path / run_id))
        # The names in a series hold something drawn by chance.
        return {
            re.sub("[0-9a-f]{32}", "", str(file.relative_to(root))): file.read_bytes()
            for file in root.rglob("*")
            if file.is_file()
        }

    assert len(files(explicit)) == 3
    assert files(explicit) == files(fluent.info.run_id)
    with pytest.raises(InvalidInput):
        client.log_audio(explicit, samples)
