"""Images and other files."""

from __future__ import annotations

import typing as t
from pathlib import Path

import bentoml
from bentoml.validators import ContentType
from PIL import Image as im
from PIL.Image import Image


@bentoml.service(name="pictures", traffic={"timeout": 60})
class Pictures:
    @bentoml.api
    def resize(self, image: Image, width: int = 4, height: int = 4) -> Image:
        return image.resize((width, height))

    @bentoml.api
    def caption(self, image: Image, /) -> str:
        return f"{image.width} by {image.height}"

    @bentoml.api
    def transcribe(self, audio: t.Annotated[Path, ContentType("audio/wav")], note: str = "") -> dict[str, t.Any]:
        return {"bytes": audio.stat().st_size, "note": note}

    @bentoml.api
    def synthesize(self, context: bentoml.Context, text: str) -> t.Annotated[Path, ContentType("audio/wav")]:
        path = Path(context.temp_dir) / "speech.wav"
        path.write_bytes(b"RIFF" + text.encode())
        return path

    @bentoml.api
    def blank(self, size: int) -> Image:
        return im.new("L", (size, size))

    @bentoml.api
    def count(self, files: list[Path]) -> int:
        return sum(len(one.read_bytes()) for one in files)
