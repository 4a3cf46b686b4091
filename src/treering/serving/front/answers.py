"""Answers as bytes on a connection."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from treering.serving.front.targets import Target
    from treering.serving.hosting import Answer

__all__ = ["beginning", "named", "plain_headers"]

_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}


def beginning(status: int, content_type: bytes, target: Target | None) -> bytes:
    """The lines of a head that are the same for all answers of a kind."""
    lines = [b"HTTP/1.1 %d %b" % (status, _PHRASES.get(status, b"Unknown"))]
    if content_type:
        lines.append(b"content-type: " + content_type)
    if target is not None:
        lines += [name + b": " + value for name, value in named(target)]
    return b"\r\n".join(lines) + b"\r\n"


def named(target: Target) -> list[tuple[bytes, bytes]]:
    """Headers that say which model answered."""
    said = (
        (b"x-treering-model", target.model), (b"x-treering-version", target.version),
        (b"x-treering-variant", target.variant),
    )  # fmt: skip
    return [(name, _clean(value)) for name, value in said if value]


def plain_headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    """Headers of an answer as ASGI has them, without those that the server adds."""
    kind = [(b"content-type", answer.content_type)] if answer.content_type else []
    return [*kind, *answer.headers, (b"content-length", b"%d" % len(answer.body))]


def _clean(value: str) -> bytes:
    """A header's value: names of models may hold anything."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in value).encode()
