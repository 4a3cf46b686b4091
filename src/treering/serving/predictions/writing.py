"""Makes lines of entries: looks into the bodies, applies the privacy rules, and keeps segments full, not overfull."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from treering.core.errors import InvalidInput, TreeringError
from treering.core.log import logger
from treering.entities.prediction import Prediction
from treering.serving.predictions import FORMS
from treering.serving.predictions.entry import Entry, Receipt
from treering.serving.predictions.forms import NotUnderstood, answer_of, inputs_of
from treering.serving.predictions.lines import LINES, Segment, abandoned, finish, finished_name, remove_old
from treering.serving.predictions.options import LogOptions
from treering.serving.predictions.privacy import DROPPED, Privacy

__all__ = ["Writer"]

_SAY_AGAIN = 60.0
_ERRORS = 400
_DAY = 86_400


class Writer:
    """Writes one log; several processes may write into one folder, each its own segments.

    Args:
        clock: Seconds since the epoch.

    Raises:
        InvalidInput: If a privacy rule is not known.
        MissingExtra: If the form needs a package that is not installed.
    """

    def __init__(self, options: LogOptions, clock: Callable[[], float]) -> None:
        self._options = options
        self._folder = Path(options.folder)
        self._clock = clock
        self._privacy = Privacy(options.rules, options.secret.encode() or secrets.token_bytes(32))
        self._finish = FORMS.load(options.form)
        self._suffix = f".{options.form}"
        self._encode = msgspec.json.Encoder().encode
        self._segment: Segment | None = None
        self._synced = 0.0
        self._complained = 0.0
        self._finishing: list[threading.Thread] = []

    def begin(self) -> None:
        """Make the folder, and finish what writers left that have died.

        Raises:
            InvalidInput: If there can be no such folder.
        """
        try:
            self._folder.mkdir(0o700, parents=True, exist_ok=True)
        except OSError as error:
            msg = f"Predictions cannot be kept in {str(self._folder)!r}: {error.strerror}. Name a folder that can be written."
            raise InvalidInput(msg) from error
        for part in abandoned(self._folder):
            self._finish_part(part)
        self._remove_old()

    def write(self, entries: Sequence[Entry]) -> Receipt:
        """Keep these; what the disk has no room for is lost, and counted."""
        lines = b"".join([self._encode(self._prediction(entry)) + b"\n" for entry in entries])
        now = self._clock()
        try:
            self._rotate(now)
            if self._segment is None:
                self._segment = Segment(self._folder, now)
                self._synced = now
            self._segment.write(lines)
            if now - self._synced >= self._options.sync:
                self._segment.sync()
                self._synced = now
        except OSError as error:
            if now - self._complained >= _SAY_AGAIN:
                self._complained = now
                logger.error("Predictions cannot be kept in %s: %s", self._options.folder, error)
            return Receipt(0, len(entries))
        return Receipt(len(entries), 0)

    def look(self) -> None:
        """Called from time to time while nothing is written: sync and finish what is due."""
        now = self._clock()
        try:
            self._rotate(now)
            if self._segment is not None and self._synced < now - self._options.sync:
                self._segment.sync()
                self._synced = now
        except OSError as error:
            logger.error("Predictions cannot be kept in %s: %s", self._options.folder, error)

    def close(self) -> None:
        """Finish everything."""
        if self._segment is not None:
            self._release(self._segment)
            self._segment = None
        for thread in self._finishing:
            thread.join()

    def _remove_old(self) -> None:
        if self._options.days:
            remove_old(self._folder, self._clock() - self._options.days * _DAY)

    def _rotate(self, now: float) -> None:
        segment, options = self._segment, self._options
        if segment is None or (segment.size < options.segment_bytes and now - segment.begun < options.segment_seconds):
            return
        self._segment = None
        self._release(segment)
        self._remove_old()

    def _release(self, segment: Segment) -> None:
        part = segment.close()
        if not segment.size:
            part.unlink()
            return
        if self._finish is finish:
            self._finish_part(part)
            return
        # A large one takes a second, in which answers go on coming.
        thread = threading.Thread(target=self._finish_part, args=(part,), name="finish-segment")
        self._finishing = [one for one in self._finishing if one.is_alive()] + [thread]
        thread.start()

    def _finish_part(self, part: Path) -> None:
        try:
            self._finish(part, finished_name(part, self._suffix))
        except msgspec.MsgspecError:
            logger.warning("Not all lines of %s can be read, so that it stays as it is.", part)
            finish(part, finished_name(part, LINES))
        except (OSError, ValueError, TreeringError) as error:
            # The lines are still there, and read as well; the next start tries again.
            logger.error("The segment %s could not be made %s: %s", part, self._options.form, error)

    def _prediction(self, entry: Entry) -> Prediction:
        columns = rows = request = answer = None
        withheld: list[str] = []
        if entry.body is None:
            withheld.append("request: it is too long")
        else:
            try:
                columns, rows, request = self._inputs(entry, entry.body)
            except NotUnderstood as error:
                withheld.append(f"request: {error}")
        if entry.answer is None:
            withheld.append("answer: it is too long")
        else:
            try:
                answer = self._answer(entry, entry.answer)
            except NotUnderstood as error:
                withheld.append(f"answer: {error}")
        key = self._privacy.field("key", entry.key.decode("utf-8", "replace")) if entry.key else ""
        return Prediction(
            entry.time, entry.request_id.decode("latin-1"), entry.endpoint, entry.model, entry.version, entry.variant,
            entry.route, entry.status, entry.seconds, columns, rows, request, answer, "; ".join(withheld),
            "" if key is DROPPED else str(key), entry.shadow, entry.trace,
        )  # fmt: skip

    def _inputs(self, entry: Entry, body: bytes) -> tuple[list[str] | None, list[list[object]] | None, object]:
        found = inputs_of(entry.content_type.decode("latin-1"), body, entry.json_length)
        params = {}
        for name, value in found.params.items():
            kept = self._privacy.field(f"params.{name}", value)
            if kept is not DROPPED:
                params[name] = kept
        request: object = {"params": params} if params else None
        if found.columns is None:
            value = self._privacy.field("request", found.value)
            if isinstance(value, dict | list) and not params:
                request = value
            elif value is not DROPPED:
                request = {"value": value, "params": params} if params else value
            return None, None, request
        return *self._privacy.table(found.columns, found.rows), request

    def _answer(self, entry: Entry, body: bytes) -> object:
        if entry.status >= _ERRORS and self._privacy.strict:
            # A message may quote what was sent.
            msg = "messages of errors are withheld where there are privacy rules"
            raise NotUnderstood(msg)
        value = answer_of(entry.answer_type.decode("latin-1"), body, entry.answer_json_length)
        if isinstance(value, dict):
            outputs = {name: self._privacy.field(f"answer.{name}", one) for name, one in value.items()}
            return {name: one for name, one in outputs.items() if one is not DROPPED}
        kept = self._privacy.field("answer", value)
        return None if kept is DROPPED else kept
