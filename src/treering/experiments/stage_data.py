"""The data of stages: what an experiment has to bring into a working tree from the cache."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace

from treering.pipelines.stage import Stage
from treering.versioning.checkout import CheckoutOptions, CheckoutReport, Wanted, checkout_outputs
from treering.versioning.documents import edited_yaml
from treering.versioning.pointers import Output, pointer_document
from treering.versioning.repository import Repository
from treering.versioning.save import save_output
from treering.versioning.trees import is_unchanged

__all__ = ["changed_pointers", "checkout_stages"]


def checkout_stages(
    repo: Repository, stages: Iterable[Stage], *, force: bool = False, allow_missing: bool = False
) -> CheckoutReport:
    """Bring the outputs of stages into the working tree of `repo`, as they are locked.

    Raises:
        Unsaved: If content would be lost that is in no cache, and not `force`; nothing was changed then.
        Incomplete: If some content is missing in the cache, and not `allow_missing`; the rest was brought.
    """
    wanted = [
        Wanted(out, stage.path_of(out.path))
        for stage in stages
        for out in stage.outs
        if out.cache and out.oid is not None and "://" not in out.path
    ]
    return checkout_outputs(repo, wanted, CheckoutOptions(force=force, allow_missing=allow_missing))


def changed_pointers(repo: Repository, stages: Iterable[Stage]) -> dict[str, bytes]:
    """Pointers of data that is other now than they say, as they would have to be; none of them is written.

    The data goes into the cache, so that a working tree of its own can have it. Data that is not there is left alone.

    Returns:
        Their texts by absolute path.
    """
    found: dict[str, bytes] = {}
    for stage in stages:
        pointer = stage.pointer
        if pointer is None or pointer.deps or pointer.cmd:
            continue
        outs = tuple(_saved(repo, out, stage.path_of(out.path)) for out in pointer.outs)
        if outs != pointer.outs:
            document = pointer_document(replace(pointer, outs=outs))
            found[str(pointer.file)] = edited_yaml(pointer.file.read_bytes(), document, pointer.file)
    return found


def _saved(repo: Repository, out: Output, path: str) -> Output:
    if not out.cache or not os.path.lexists(path) or (out.oid is not None and is_unchanged(repo, path, out.oid)):
        return out
    return save_output(repo, out, path, link=False)
