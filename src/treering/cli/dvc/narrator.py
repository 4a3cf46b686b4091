"""Tells what happens while stages run, in DVC's words; what several stages print at once is told apart by name."""

from __future__ import annotations

import sys
from threading import Lock

from treering.cli.dvc.call import Call
from treering.pipelines.events import Event

__all__ = ["Narrator"]


class Narrator:
    """A listener of pipelines; several threads may tell it something.

    Args:
        call: Where it prints.
        several: Whether several stages run at once: then each line of a command's output begins with its stage.
        go_on: Whether failures do not end the run, so that each has to be told when it happens.
    """

    def __init__(self, call: Call, *, several: bool = False, go_on: bool = False) -> None:
        self._call = call
        self._several = several
        self._go_on = go_on
        self._lock = Lock()
        self._gap = False
        self._begun: dict[str, bytes] = {}

    def __call__(self, event: Event, /) -> None:
        """Print what belongs to an event."""
        with self._lock:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        stage = event.stage
        name = f"stage '{stage.address}'" if stage.name else f"'{stage.address}'"
        if event.kind == "unchanged":
            self._line(f"{name[0].upper()}{name[1:]} didn't change, skipping")
        elif event.kind == "pulled":
            self._line(f"{name[0].upper()}{name[1:]} was pulled, skipping")
        elif event.kind == "running":
            self._line(f"Running {name}:")
        elif event.kind == "command":
            self._line(f"{self._prefix(event)}> {event.text}")
        elif event.kind == "cached":
            self._line(f"{name[0].upper()}{name[1:]} is cached - skipping run, checking out outputs")
        elif event.kind == "verifying":
            self._line(event.text)
        elif event.kind == "locked":
            self._locked(event)
        elif event.kind == "output":
            self._output(event)
        else:
            self._end(event)

    def _end(self, event: Event) -> None:
        if event.kind in {"ended", "failed"}:
            self._rest(event)
        if event.kind == "ended":
            self._gap = not self._several
        elif event.kind == "failed" and self._go_on:
            self._error(f"ERROR: failed to reproduce '{event.stage.address}': {event.error}")
        elif event.kind == "failed":
            self._line("", end="")
        elif event.kind == "blocked":
            self._error(f"Stage '{event.stage.address}' is left out, because '{event.text}' failed.")
        elif event.kind == "warning":
            self._call.warn(event.text)

    def _line(self, text: str, end: str = "\n") -> None:
        # An empty line parts what was done for a stage from the next one.
        gap, self._gap = "\n" if self._gap else "", False
        if not (self._call.quiet or self._call.wants_json):
            # At once: what the command prints itself comes behind it.
            print(f"{gap}{text}", end=end, flush=True)

    def _locked(self, event: Event) -> None:
        kind = "lock file " if event.stage.name else ""
        if event.made and kind:
            self._line(f"Generating lock file '{event.text}'")
        self._line(f"Updating {kind}'{event.text}'" if kind else f"Updating '{event.text}'")

    def _output(self, event: Event) -> None:
        *lines, self._begun[event.stage.address] = (self._begun.get(event.stage.address, b"") + event.data).split(b"\n")
        for line in lines:
            self._captured(event, line)

    def _rest(self, event: Event) -> None:
        if rest := self._begun.pop(event.stage.address, b""):
            self._captured(event, rest)

    def _captured(self, event: Event, line: bytes) -> None:
        self._line(self._prefix(event) + line.decode(errors="replace"))

    def _prefix(self, event: Event) -> str:
        return f"[{event.stage.address}] " if self._several else ""

    def _error(self, text: str) -> None:
        self._line("", end="")
        print(text, file=sys.stderr)
