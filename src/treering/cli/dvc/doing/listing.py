"""Verbs that look into repositories and storages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from treering.cli.dvc.call import Call, Misuse
from treering.cli.dvc.outside import here_or_none, opened
from treering.cli.dvc.wording import size_text
from treering.versioning.du import disk_usage
from treering.versioning.listing import Listed, ListOptions, list_place, listed_tree
from treering.versioning.url_source import UrlSource, open_url

__all__ = ["du", "list_files", "list_url"]

_NOT_KNOWN = "-"


def list_files(call: Call) -> None:
    """Print what a repository contains."""
    asked = call.options
    if asked.tree and asked.json:
        msg = "--tree and --json exclude each other."
        raise Misuse(msg)
    options = ListOptions(recursive=asked.recursive, dvc_only=asked.dvc_only, depth=asked.level)
    with opened(call) as source:
        place = source.at(asked.path or "")
        if asked.tree:
            _print_rows(call, [*_tree_rows(listed_tree(place, options))])
            return
        found = list_place(place, options)
    if asked.json:
        call.show([one.to_json() for one in found])
    else:
        _print_rows(call, [(one, one.path) for one in found])


def list_url(call: Call) -> None:
    """Print what lies in a storage."""
    asked = call.options
    source = open_url(asked.url, here_or_none(call), call.here, asked.fs_config)
    found = _listed(source, recursive=asked.recursive or asked.tree, depth=asked.level)
    if call.wants_json:
        call.show([one.to_json() for one in found])
    elif asked.tree:
        _print_rows(call, [*_tree_rows(_nested(source.name, found))])
    else:
        _print_rows(call, [(one, one.path) for one in found])


def du(call: Call) -> None:
    """Print how much is in files and folders."""
    with opened(call) as source:
        found = disk_usage(source.at(call.options.path or ""), summarize=call.options.summarize)
    if call.wants_json:
        call.show([{"path": path, "size": size} for path, size in found])
        return
    _print_columns(call, [(size_text(size), path) for path, size in found], right=())


def _print_rows(call: Call, rows: Sequence[tuple[Listed, str]]) -> None:
    """Sizes at the right of their column, hashes, and paths last."""
    with_size, with_hash = call.options.size, getattr(call.options, "show_hash", False)
    cells = []
    for one, shown in rows:
        size = [_size(one)] if with_size else []
        digest = [one.md5 or _NOT_KNOWN] if with_hash else []
        cells.append((*size, *digest, shown))
    _print_columns(call, cells, right=(0,) if with_size else ())


def _size(one: Listed) -> str:
    return "" if one.size is None or (one.is_dir and one.size <= 0) else size_text(one.size)


def _print_columns(call: Call, rows: Sequence[Sequence[str]], right: Sequence[int]) -> None:
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        call.say("  ".join(cells).rstrip())


def _tree_rows(top: Listed) -> Iterator[tuple[Listed, str]]:
    yield top, top.path
    yield from _branches(top, "")


def _branches(one: Listed, prefix: str) -> Iterator[tuple[Listed, str]]:
    inner = one.contents or ()
    for number, child in enumerate(inner, start=1):
        last = number == len(inner)
        yield child, f"{prefix}{'└── ' if last else '├── '}{child.path}"
        yield from _branches(child, prefix + ("    " if last else "│   "))


def _listed(source: UrlSource, *, recursive: bool, depth: int | None) -> list[Listed]:
    """Files below a URL, and the folders at which the listing ends."""
    deepest = depth if recursive else 1
    found: dict[str, Listed] = {}
    for name, size in source.files():
        parts = (name or source.name).split("/")
        if deepest is not None and len(parts) > deepest:
            path = "/".join(parts[:deepest])
            found[path] = Listed(path, is_out=False, is_dir=True, is_exec=False, size=None, md5=None)
        else:
            path = "/".join(parts)
            found[path] = Listed(path, is_out=False, is_dir=False, is_exec=False, size=size, md5=None)
    return [found[path] for path in sorted(found)]


def _nested(name: str, rows: Iterable[Listed]) -> Listed:
    """Rows with paths as a tree."""
    files: list[Listed] = []
    folders: dict[str, list[Listed]] = {}
    for one in rows:
        first, slash, rest = one.path.partition("/")
        if slash:
            folders.setdefault(first, []).append(_renamed(one, rest))
        else:
            files.append(one)
    inner = [*files, *(_nested(folder, inside) for folder, inside in folders.items())]
    contents = tuple(sorted(inner, key=lambda one: one.path))
    return Listed(name, is_out=False, is_dir=True, is_exec=False, size=None, md5=None, contents=contents)


def _renamed(one: Listed, path: str) -> Listed:
    return Listed(path, one.is_out, one.is_dir, one.is_exec, one.size, one.md5)
