"""Images of Pillow."""

from __future__ import annotations

import importlib
import io
from typing import Any

from treering.serving.services.kinds.base import Scratch, Single, Upload, unsuitable
from treering.serving.services.kinds.file import uploaded
from treering.serving.services.validators import BadValue

__all__ = ["ImageKind"]


class ImageKind(Single):
    """Images, opened and not yet decoded: what is asked of them decides how much is read."""

    file = True

    def __init__(self, content_type: str | None = None) -> None:
        self.media_type = content_type or "image/*"
        self._images = importlib.import_module("PIL.Image")

    def load(self, raw: Any, scratch: Scratch) -> Any:  # noqa: ARG002 -- the protocol's
        """The image; a bomb of pixels is refused, as Pillow knows them."""
        if isinstance(raw, self._images.Image):
            return raw
        sent = uploaded(raw)
        family, _, form = sent.content_type.partition(";")[0].strip().partition("/")
        try:
            return self._images.open(io.BytesIO(sent.content), formats=self._formats(family, form))
        except (self._images.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
            msg = f"This is no image that Pillow reads{f' as {form}' if form else ''}."
            raise BadValue(msg) from error

    def _formats(self, family: str, form: str) -> list[str] | None:
        self._images.init()
        known = {"jpg": "JPEG", "svg+xml": "SVG"}.get(form, form.upper())
        return [known] if family == "image" and known in self._images.OPEN else None

    def dump(self, value: Any) -> Upload:
        """In the form it came in, else PNG."""
        if not isinstance(value, self._images.Image):
            raise unsuitable(value, "an image")
        form = value.format or "PNG"
        written = io.BytesIO()
        value.save(written, format=form)
        return Upload("", f"image/{form.lower()}", written.getvalue())

    def schema(self) -> dict[str, Any]:
        """As BentoML writes it."""
        return {"type": "file", "format": "image", "pil": True}

    def described(self) -> dict[str, Any]:
        """Bytes."""
        return {"type": "string", "format": "binary", "contentMediaType": self.media_type}
