"""Predictions for what a request to `/invocations` holds."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import click

from treering.cli.models.options import folder_of
from treering.core.errors import NotFound, Unavailable
from treering.core.settings import Settings
from treering.models.flavours.base import LoadOptions
from treering.models.loading import load
from treering.serving.models.decoding import decode
from treering.serving.models.encoding import encode

__all__ = ["predict_request"]

_TYPES = {"csv": "text/csv", "json": "application/json"}


def predict_request(
    settings: Settings,
    model_uri: str,
    input_path: str | None,
    output_path: str | None,
    content_type: str,
    trust: object,
) -> None:
    """Write the predictions as JSON, to a file or to stdout."""
    body = _read(input_path)
    with ExitStack() as stack:
        folder = folder_of(model_uri, settings, stack)
        model = load(folder, LoadOptions.of(settings, trust))
        asked = decode(body, _TYPES[content_type], model.signature)
        answer = encode(model.predict(asked.data, asked.params), bare=asked.bare)
    if output_path is None:
        click.echo(answer)
        return
    try:
        Path(output_path).write_bytes(answer + b"\n")
    except OSError as error:
        msg = f"The predictions cannot be written to {output_path}: {error.strerror}. Choose another --output-path."
        raise Unavailable(msg) from error


def _read(path: str | None) -> bytes:
    if path is None:
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}. Check --input-path."
        raise NotFound(msg) from error
