"""Calls in, answers out: the border to the model's own code, which nothing leaves but an answer."""

from __future__ import annotations

import traceback
from collections.abc import Hashable, Sequence
from typing import Any

from treering.core.errors import InvalidInput, TreeringError
from treering.core.log import logger
from treering.serving.hosting import FAILED, Answer, Call
from treering.serving.models.grouping import cut, join
from treering.serving.models.held import Held
from treering.serving.models.missing import missing_in
from treering.serving.models.protocol import Asked, Wire

__all__ = ["Asking"]

_MOST_ROWS = 1024
"""Rows asked at once. More gain nothing: the fixed cost is spread by then, and what fits the caches is quicker."""

_UNEXPECTED = (
    "Encountered an unexpected error while evaluating the model. Verify that the serialized input Dataframe"
    " is compatible with the model for inference."
)


class Asking:
    """Asks one model in one protocol."""

    def __init__(self, held: Held, wire: Wire, *, show_traces: bool = False) -> None:
        self.held = held
        self.wire = wire
        self._show_traces = show_traces

    def answer(self, calls: Sequence[Call]) -> Sequence[Answer]:
        """An answer for each call, in their order."""
        asked: list[Asked | None] = []
        answers: list[Any] = [None] * len(calls)
        for place, call in enumerate(calls):
            try:
                asked.append(self.wire.read(call))
            except Exception as error:  # noqa: BLE001 -- the border of a request
                asked.append(None)
                answers[place] = self._refuse(call, error)
        for group in self._groups(asked):
            for place, answer in zip(group, self._ask(group, asked, calls), strict=True):
                answers[place] = answer
        return answers

    def _groups(self, asked: Sequence[Asked | None]) -> list[list[int]]:
        """The places of calls that go together."""
        if not self.held.rowwise or len(asked) == 1:
            return [[place] for place, one in enumerate(asked) if one]
        groups: list[list[int]] = []
        growing: dict[Hashable, tuple[list[int], int]] = {}
        for place, one in enumerate(asked):
            if one is None:
                continue
            if one.key is None:
                groups.append([place])
                continue
            group, rows = growing.get(one.key, (None, 0))
            if group is None or rows + one.rows > _MOST_ROWS:
                group, rows = [], 0
                groups.append(group)
            group.append(place)
            growing[one.key] = (group, rows + one.rows)
        return groups

    def _ask(self, group: list[int], asked: Sequence[Any], calls: Sequence[Call]) -> list[Answer]:
        if len(group) == 1:
            return [self._alone(asked[group[0]], calls[group[0]])]
        try:
            return self._together([asked[place] for place in group])
        except (Exception, SystemExit) as error:  # noqa: BLE001 -- the border to the model's own code
            # One of them may be what the model cannot answer, and the others are not to suffer. Halves find it soon.
            logger.debug("%s requests asked together failed, and are asked by halves: %r", len(group), error)
        half = len(group) // 2
        return [*self._ask(group[:half], asked, calls), *self._ask(group[half:], asked, calls)]

    def _together(self, group: list[Asked]) -> list[Answer]:
        data = join([one.data for one in group])
        prepared = self.wire.prepare(self.held.model.predict_checked(data, group[0].params))
        parts = cut(prepared, [one.rows for one in group])
        if parts is None:
            msg = "The model's answer does not have a part for each row."
            raise ValueError(msg)
        return [self.wire.write(one, part) for one, part in zip(group, parts, strict=True)]

    def _alone(self, asked: Asked, call: Call) -> Answer:
        try:
            predictions = self.held.model.predict_checked(asked.data, asked.params)
            return self.wire.write(asked, self.wire.prepare(predictions))
        except (Exception, SystemExit) as error:  # noqa: BLE001 -- the border to the model's own code
            if isinstance(error, InvalidInput):
                return self._refuse(call, error)
            name = call.request_id.decode("latin-1")
            logger.exception("Request %s made the model fail.", name)
            message = f"{_UNEXPECTED}{missing_in(asked.data)} The server's log says more: {name}"
            # What a model calls a wrong value came from the request, most likely.
            status = 400 if isinstance(error, ValueError) else self.wire.failure
            answer = self.wire.refuse(status, "BAD_REQUEST", message, self._trace(error))
            return answer if isinstance(error, ValueError) else answer._replace(headers=(FAILED, *answer.headers))

    def _refuse(self, call: Call, error: Exception) -> Answer:
        if isinstance(error, TreeringError):
            return self.wire.refuse(error.status, error.code, error.message, self._trace(error))
        name = call.request_id.decode("latin-1")
        logger.exception("Request %s failed through a fault of the server.", name)
        message = f"The server failed. Its log says more: {name}"
        return self.wire.refuse(500, "INTERNAL_ERROR", message, self._trace(error))

    def _trace(self, error: BaseException) -> str:
        return "".join(traceback.format_exception(error)) if self._show_traces else ""
