"""Copying what lies below one artifact URI to another, checked byte by byte, without doing it twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from treering.core.errors import NotFound
from treering.exchange.report import Report
from treering.storage.objects.base import ObjectStore

__all__ = ["copy_files"]


def copy_files(source: ObjectStore, target: ObjectStore, what: str, report: Report) -> None:
    """Copy every file that the target has not in the same size.

    What was copied is read back and compared by its SHA-256; a difference is a problem in `report`.
    """
    for info in source.walk():
        report.files.found += 1
        try:
            if info.size is not None and target.stat(info.path).size == info.size:
                report.files.present += 1
                continue
        except NotFound:
            pass
        sent, got = hashlib.sha256(), hashlib.sha256()
        report.bytes += target.write(info.path, _hashed(source.read(info.path), sent))
        for chunk in target.read(info.path):
            got.update(chunk)
        if sent.digest() == got.digest():
            report.files.brought += 1
        else:
            report.problem(f"{what}: the file {info.path} did not arrive whole")


def _hashed(chunks: Iterator[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
