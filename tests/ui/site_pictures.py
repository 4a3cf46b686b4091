"""Pictures, a sound and a document, byte by byte."""

from __future__ import annotations

import io
import math
import struct
import wave
import zlib
from collections.abc import Sequence

__all__ = ["gif", "pdf", "png", "svg", "wav"]


def png(width: int, height: int, blue: int, tilt: int = 0) -> bytes:
    """A picture with a slanted gradient."""
    rows = b"".join(
        b"\0"
        + bytes(part for x in range(width) for part in ((x + tilt * y) * 255 // width % 256, y * 255 // height, blue))
        for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def gif(size: int, frames: int) -> bytes:
    """A square with a turning hand, over and over; not compressed."""
    palette = b"".join(bytes((level * 2, 80, 255 - level * 2)) for level in range(128))
    parts = [b"GIF89a", struct.pack("<HHBBB", size, size, 0xF6, 0, 0), palette]
    parts.append(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0")
    for frame in range(frames):
        angle = 2 * math.pi * frame / frames
        pixels = bytes(
            int(63 + 63 * math.cos(math.atan2(y - size / 2, x - size / 2) - angle))
            for y in range(size)
            for x in range(size)
        )
        parts.append(b"\x21\xf9\x04\0" + struct.pack("<H", 8) + b"\0\0")
        parts.append(b"\x2c" + struct.pack("<HHHHB", 0, 0, size, size, 0) + b"\x07" + _uncompressed(pixels) + b"\0")
    return b"".join(parts) + b"\x3b"


def _uncompressed(pixels: bytes) -> bytes:
    """Codes of eight bits, begun anew before they would have to be nine."""
    codes = b"".join(b"\x80" + pixels[start : start + 120] for start in range(0, len(pixels), 120)) + b"\x81"
    return b"".join(
        bytes((len(codes[start : start + 255]),)) + codes[start : start + 255] for start in range(0, len(codes), 255)
    )


def svg() -> bytes:
    """A curve; the script in it must never run."""
    points = " ".join(f"{x},{100 - 90 * math.exp(-(300 - x) / 80):.1f}" for x in range(0, 300, 5))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 110" width="300" height="110">'
        f'<polyline points="{points}" fill="none" stroke="#3366cc" stroke-width="2"/>'
        '<text x="10" y="20" font-size="12">loss</text>'
        "<script>document.title = 'taken'</script></svg>"
    ).encode()


def wav(pitch: float, seconds: float, rate: int = 8000) -> bytes:
    """A tone that fades out."""
    count = int(rate * seconds)
    samples = (int(20_000 * (1 - at / count) * math.sin(2 * math.pi * pitch * at / rate)) for at in range(count))
    sink = io.BytesIO()
    with wave.open(sink, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(struct.pack(f"<{count}h", *samples))
    return sink.getvalue()


def pdf(pages: Sequence[str]) -> bytes:
    """A document with a line of text on each page."""
    numbers = [4 + 2 * index for index in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    fonts = "/Resources << /Font << /F1 3 0 R >> >>"
    for number, text in zip(numbers, pages, strict=True):
        drawn = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {number + 1} 0 R {fonts} >>",
            f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        ]
    body, places = "%PDF-1.4\n", []
    for number, written in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{written}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return (body + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}").encode()
