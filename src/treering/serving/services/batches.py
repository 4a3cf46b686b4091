"""Requests that go together through a batchable method: put together, asked, and taken apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from treering.serving.services.method import ApiMethod, Batching
from treering.serving.services.plan import Parameter
from treering.serving.services.validators import BadValue

__all__ = ["answers_of"]

Arguments = Mapping[str, Any]
Ask = Callable[[Arguments], Any]


def answers_of(method: ApiMethod, requests: Sequence[Arguments], ask: Ask) -> list[Any]:
    """An answer or an exception for each request.

    Those whose other arguments are equal go together. When a batch fails, each of its requests is asked
    by itself, so that one cannot fail for another's sake.

    Args:
        ask: Calls the method.
    """
    found: list[Any] = [None] * len(requests)
    for members in _alike(method, requests):
        together = [requests[index] for index in members]
        try:
            answers = _asked(method, together, ask) if len(members) > 1 else None
        except Exception:  # noqa: BLE001 -- whose fault it is shows when each is asked by itself
            answers = None
        if answers is None:
            answers = [_alone(method, one, ask) for one in together]
        for index, answer in zip(members, answers, strict=True):
            found[index] = answer
    return found


def _alone(method: ApiMethod, request: Arguments, ask: Ask) -> Any:
    try:
        return _asked(method, [request], ask)[0]
    except Exception as error:  # noqa: BLE001 -- it is this request's answer
        return error


def _asked(method: ApiMethod, requests: Sequence[Arguments], ask: Ask) -> list[Any]:
    batching = method.batching or Batching()
    inward, outward = batching.axis
    columns = [one for one in _parameters(method) if one.kind.batches and one.name in requests[0]]
    lengths = _lengths(columns, requests, inward)
    total = sum(lengths)
    if len(requests) == 1 and total <= batching.rows:
        answer = ask(requests[0])
        method.output.kind.parts(answer, lengths, outward)
        return [answer]
    joined = {one.name: one.kind.joined([request[one.name] for request in requests], inward) for one in columns}
    pieces: list[Any] = []
    answers: list[Any] = []
    waiting = list(lengths)
    steps = [min(batching.rows, total - start) for start in range(0, total, batching.rows)] or [0]
    slices = {
        one.name: one.kind.parts(joined[one.name], steps, inward) if len(steps) > 1 else [joined[one.name]]
        for one in columns
    }
    for index, step in enumerate(steps):
        answer = ask({**requests[0], **{name: parts[index] for name, parts in slices.items()}})
        method.output.kind.parts(answer, [step], outward)
        pieces.append(answer)
    whole = pieces[0] if len(pieces) == 1 else _joined(method, pieces, outward)
    answers.extend(method.output.kind.parts(whole, waiting, outward))
    return answers


def _joined(method: ApiMethod, pieces: Sequence[Any], axis: int) -> Any:
    kind = method.output.kind
    if kind.batches:
        return kind.joined(pieces, axis)
    # Without an annotation: what it is shows only now.
    first = pieces[0]
    kinds = [one.kind for one in _parameters(method) if one.kind.batches]
    if isinstance(first, list):
        return [one for piece in pieces for one in piece]
    return kinds[0].joined(pieces, axis)


def _lengths(columns: Sequence[Parameter], requests: Sequence[Arguments], axis: int) -> list[int]:
    lengths = []
    for request in requests:
        found = {one.name: one.kind.rows(request[one.name], axis) for one in columns}
        if len(set(found.values())) > 1:
            told = ", ".join(f"{name} {rows}" for name, rows in found.items())
            msg = f"The arguments have different numbers of rows: {told}."
            raise BadValue(msg)
        lengths.append(next(iter(found.values())))
    return lengths


def _alike(method: ApiMethod, requests: Sequence[Arguments]) -> list[list[int]]:
    """The positions of requests that go together."""
    others = [one.name for one in _parameters(method) if not one.kind.batches]
    groups: list[tuple[Any, list[int]]] = []
    for index, request in enumerate(requests):
        key = (sorted(request), [request.get(name) for name in others])
        for known, members in groups:
            if _same(known, key):
                members.append(index)
                break
        else:
            groups.append((key, [index]))
    return [members for _, members in groups]


def _same(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except (ValueError, TypeError):
        # Arrays and frames, whose comparison is no truth.
        return False


def _parameters(method: ApiMethod) -> Sequence[Parameter]:
    return [method.input.root] if method.input.root is not None else method.input.parameters
