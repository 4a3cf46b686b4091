"""What can be said about a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from treering.models.load_options import LoadOptions
from treering.serving.predictions.options import LogOptions
from treering.serving.telemetry.options import TraceOptions
from treering.serving.traffic.feedback import Feedback

__all__ = ["Patience", "ServingOptions", "what_of_models"]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that the server waits for others.

    Attributes:
        head: For the whole head of a request, from its first byte.
        body: For the next bytes of a body, and for all of it beside what 4 KiB a second take.
        idle: For the next request of a connection. Longer than the usual pools of clients keep one.
        reader: For a client to read the answer it was sent.
        drain: For running requests when the server ends.
        grace: For a worker, after the deadline of what it has in hand.
        lame: Between being told to end and taking no more connections, while readiness says no.
    """

    head: float = 20.0
    body: float = 30.0
    idle: float = 75.0
    reader: float = 60.0
    drain: float = 20.0
    grace: float = 2.0
    lame: float = 0.0


@dataclass(frozen=True, slots=True)
class ServingOptions:
    """What is served, and how.

    Attributes:
        kind: A row of `HOSTS`.
        what: What the host is to hold, as plain values.
        workers: Processes that hold it; 0: it is held in this one, and asked in a thread.
        timeout: Seconds until a request is told 504; `None`: as the host says. So with the next two.
        body: Bytes that a body may have.
        waiting: Requests that may wait in a lane.
        memory: Bytes that a worker may hold before it is replaced; 0: any.
        group: Requests that may go to a worker together.
        access_log: Whether each request is written to stderr as a line of JSON.
        weights: Endpoint name to the weights of its variants; the first variant gets everything where none are given.
        shadows: Endpoint name to the share of requests, 0 to 1, of which each variant gets a copy.
        key_header: Whose value stays with its variant.
        feedback: How rewards find the answers that they are for.
        predictions: How answers are kept; `None`: they are not.
        traces: Where spans are sent; `None`: nowhere.
        control_token: Who gives orders to the running server has to know it; empty: who asks from this machine may.
    """

    kind: str
    what: Mapping[str, Any] = field(default_factory=dict)
    workers: int = 1
    timeout: float | None = None
    body: int | None = None
    waiting: int | None = None
    memory: int = 0
    group: int | None = None
    access_log: bool = False
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    shadows: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    control_token: str = ""
    key_header: str = "x-treering-key"
    feedback: Feedback = Feedback()  # noqa: RUF009 -- frozen
    predictions: LogOptions | None = None
    traces: TraceOptions | None = None
    patience: Patience = Patience()


def what_of_models(
    models: Sequence[Mapping[str, Any]], loading: LoadOptions | None = None, *, show_traces: bool = False
) -> dict[str, Any]:
    """`what` for the kind `models`, as plain values.

    Args:
        models: Each with `name`, `version` and `folder`, perhaps `uri` and `aliases`.
        show_traces: Whether errors tell the client where in the code they came from.
    """
    how = asdict(loading or LoadOptions())
    how["own"] = str(how["own"]) if how["own"] else None
    how["trust"] = list(how["trust"])
    plain = [{**one, "folder": str(one["folder"])} for one in models]
    return {"models": plain, "loading": how, "show_traces": show_traces}
