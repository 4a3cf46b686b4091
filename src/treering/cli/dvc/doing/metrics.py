"""Verbs that show and compare metrics and params."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from treering.cli.dvc.call import Call
from treering.core.errors import NotFound
from treering.pipelines import metrics
from treering.pipelines import params_diff as params
from treering.pipelines.snapshots import Choice
from treering.pipelines.value_changes import DEFAULT_PRECISION

__all__ = ["diff", "params_diff", "show"]


def show(call: Call) -> None:
    """Print metrics of the working tree, or of many commits."""
    asked = call.options
    choice = Choice(branches=asked.all_branches, tags=asked.all_tags, commits=asked.all_commits)
    found = metrics.metrics_show(call.repo, asked.targets, choice, base=call.here)
    if call.ours:
        _refuse_missing(asked.targets, found.get("", {}).get("data", {}))
    _tell_unreadable(call, [name for name, result in found.items() if _has_error(result)])
    if asked.json:
        call.show(found, default=str)
        return
    precision = asked.precision or DEFAULT_PRECISION
    _print(call, metrics.metrics_text(found, revision=choice.any, precision=precision, markdown=asked.markdown))


def _refuse_missing(targets: Sequence[str], found: Mapping[str, Any]) -> None:
    """Fail for a file that was named and is not there; DVC only warns.

    Raises:
        NotFound: If there is one.
    """
    missing = [name for name in targets if found.get(name, {}).get("error", {}).get("type") in _MISSING]
    if missing:
        msg = f"There is no file {', '.join(map(repr, missing))}. Give paths that exist, or none to see all."
        raise NotFound(msg)


def diff(call: Call) -> None:
    """Print how metrics differ between two commits."""
    asked = call.options
    between = (asked.a_rev, asked.b_rev)
    changes, unreadable = metrics.metrics_diff(
        call.repo, between, targets=asked.targets or (), unchanged=asked.all, base=call.here
    )
    _tell_unreadable(call, unreadable)
    if asked.json:
        call.show(changes, default=str)
        return
    precision = asked.precision or DEFAULT_PRECISION
    text = metrics.metrics_diff_text(
        changes, between, path=not asked.no_path, precision=precision, markdown=asked.markdown
    )
    _print(call, text)


def params_diff(call: Call) -> None:
    """Print how params differ between two commits."""
    asked = call.options
    between = (asked.a_rev, asked.b_rev)
    changes, unreadable = params.params_diff(
        call.repo, between, targets=asked.targets or (), unchanged=asked.all, deps=asked.deps, base=call.here
    )
    _tell_unreadable(call, unreadable)
    if asked.json:
        call.show(changes, default=str)
    else:
        _print(call, params.params_diff_text(changes, between, path=not asked.no_path, markdown=asked.markdown))


_MISSING = {"FileNotFoundError", "NotFound"}


def _print(call: Call, text: str) -> None:
    if text:
        call.say(text)


def _has_error(result: Mapping[str, Any]) -> bool:
    return "error" in result or any("error" in one for one in result.get("data", {}).values())


def _tell_unreadable(call: Call, revisions: Sequence[str]) -> None:
    if revisions and not call.quiet:
        names = ", ".join(revisions)
        print(f"Some files could not be read at these revisions: '{names}'.", file=sys.stderr)
