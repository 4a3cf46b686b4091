"""The JSON API under `/traffic`: what is served by whom, how it goes, and changing it while it runs.

    GET    /traffic                       every endpoint
    GET    /traffic/{endpoint}            one: weights, counts, shadows, what moves it, a comparison
    PUT    /traffic/{endpoint}            {"weights": {...}, "shadows": {...}, "salt": "..."}
    POST   /traffic/{endpoint}/feedback   {"request_id": "...", "value": 1}, or a list of these
    POST   /traffic/{endpoint}/canary     {"variant": "v2", "steps": [5, 25, 50, 100], ...}
    POST   /traffic/{endpoint}/bandit     {"arms": ["v1", "v2"], ...}
    DELETE /traffic/{endpoint}/canary     aborted: the base gets everything back; .../bandit stops where it is

Gives back statuses and bodies; the server around it owns the sockets and says who may ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote

import msgspec

from treering.core.errors import (
    InvalidInput,
    MalformedRequest,
    TreeringError,
    UnknownEndpoint,
    UnsupportedMediaType,
    WrongMethod,
)
from treering.serving.traffic.bandit import Bandit, BanditPlan
from treering.serving.traffic.canary import Canary, CanaryPlan
from treering.serving.traffic.endpoint import Endpoint
from treering.serving.traffic.router import Router
from treering.serving.traffic.sequential import compare

__all__ = ["PATH", "Control", "Told"]

PATH = "/traffic"
_MOST = 10_000
_LONGEST = 1000
_LARGEST = 1e9
_ALPHA = 0.05

T = TypeVar("T")


class Told(NamedTuple):
    """An answer; its body is JSON."""

    status: int
    body: bytes


class _Reward(msgspec.Struct, forbid_unknown_fields=True):
    request_id: str
    value: float


@dataclass(frozen=True, slots=True)
class _Split:
    weights: dict[str, float] | None = None
    shadows: dict[str, float] | None = None
    salt: str | None = None


class Control:
    """Answers for one router, in the thread of its event loop.

    Args:
        clock: Seconds since the epoch.
    """

    def __init__(self, router: Router, clock: Callable[[], float]) -> None:
        self._router = router
        self._clock = clock
        self._verbs: Mapping[tuple[str, str], Callable[[str, bytes], Any]] = {
            ("GET", ""): self._one,
            ("PUT", ""): self._split,
            ("POST", "feedback"): self._feedback,
            ("POST", "canary"): self._canary,
            ("DELETE", "canary"): self._abort,
            ("POST", "bandit"): self._bandit,
            ("DELETE", "bandit"): self._stop,
        }

    def answer(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> Told:
        """What is told at `path`, which begins with `PATH`. Never raises for what a client did.

        A body has to say that it is JSON: a page of another site can then not send one without the browser asking first.
        """
        try:
            return Told(200, msgspec.json.encode(self._asked(method, path, body, content_type)))
        except TreeringError as error:
            told = {"error_code": error.error_code, "message": error.message}
            return Told(error.status, msgspec.json.encode(told))

    def _asked(self, method: str, path: str, body: bytes, content_type: str) -> Any:
        parts = [unquote(part) for part in path.removeprefix(PATH).strip("/").split("/")]
        if parts == [""]:
            if method != "GET":
                msg = f"{PATH} does not answer to {method}; {PATH}/<endpoint> may."
                raise WrongMethod(msg)
            return {"endpoints": {name: self._one(name, b"") for name in self._router.endpoints()}}
        verb = parts[1] if len(parts) > 1 else ""
        known = {asked for asked, noun in self._verbs if noun == verb}
        if len(parts) > 2 or not known:  # noqa: PLR2004 -- an endpoint and a noun
            msg = f"Nothing is at {path}. Try {PATH}, {PATH}/<endpoint>, and its /feedback, /canary and /bandit."
            raise UnknownEndpoint(msg)
        if method not in known:
            msg = f"{path} does not answer to {method}, but to {', '.join(sorted(known))}."
            raise WrongMethod(msg)
        if method != "GET" and body and content_type.split(";", maxsplit=1)[0].strip().lower() != "application/json":
            msg = "What changes traffic has to be sent as application/json."
            raise UnsupportedMediaType(msg)
        return self._verbs[method, verb](parts[0], body)

    def _one(self, name: str, _body: bytes) -> Any:
        found = self._router.endpoint(name)
        return {
            "variants": [
                {**variant._asdict(), "weight": weight, **found.tallies[variant.name].told()}
                for variant, weight in zip(found.plan.variants, found.shares().values(), strict=True)
            ],
            "shadows": found.copies.told(),
            "salt": found.plan.salt,
            "steering": found.steering.told() if found.steering is not None else None,
            "comparisons": _comparisons(found),
            "split": {"units": found.units, "p": found.fits(), "mismatch": found.mismatched},
            "feedback": {"waiting": len(found.awaiting), "strays": found.strays, "crowded": found.awaiting.crowded},
            "history": [event._asdict() for event in found.history],
        }

    def _split(self, name: str, body: bytes) -> Any:
        asked, reason = _understood(body, _Split, {})
        new = {key: value for key, value in asdict(asked).items() if value is not None}
        self._router.change(name, replace(self._router.endpoint(name).plan, **new), reason)
        return self._one(name, b"")

    def _feedback(self, name: str, body: bytes) -> Any:
        rewards = _decoded(body, list[_Reward] | _Reward)
        rewards = rewards if isinstance(rewards, list) else [rewards]
        if len(rewards) > _MOST:
            msg = f"{len(rewards)} rewards are too many at once. Send at most {_MOST}."
            raise InvalidInput(msg)
        # One that is beyond all measure would make sums of which nothing can be learnt any more.
        if any(abs(reward.value) > _LARGEST for reward in rewards):
            msg = f"A reward has to be between -{_LARGEST:g} and {_LARGEST:g}."
            raise InvalidInput(msg)
        self._router.endpoint(name)
        known = [self._router.reward(name, reward.request_id.encode(), reward.value) for reward in rewards]
        return {"counted": sum(known), "unknown": len(known) - sum(known)}

    def _canary(self, name: str, body: bytes) -> Any:
        weights = self._router.endpoint(name).plan.all_weights()
        # Without a base it is the one with the most traffic.
        base = max(weights, key=lambda variant: weights[variant])
        plan, reason = _understood(body, CanaryPlan, {"base": base})
        self._router.steer(name, Canary(plan, weights, self._clock()), reason)
        return self._one(name, b"")

    def _bandit(self, name: str, body: bytes) -> Any:
        weights = self._router.endpoint(name).plan.all_weights()
        plan, reason = _understood(body, BanditPlan, {"arms": list(weights)})
        self._router.steer(name, Bandit(plan, weights, self._clock()), reason)
        return self._one(name, b"")

    def _abort(self, name: str, body: bytes) -> Any:
        self._router.abort(name, "canary", _reason(body))
        return self._one(name, b"")

    def _stop(self, name: str, body: bytes) -> Any:
        self._router.abort(name, "bandit", _reason(body))
        return self._one(name, b"")


def _comparisons(endpoint: Endpoint) -> list[Mapping[str, Any]]:
    """Each variant against the first, where both earned something."""
    base, *others = (variant.name for variant in endpoint.plan.variants)
    found: list[Mapping[str, Any]] = []
    for name in others:
        if endpoint.tallies[base].rewarded and endpoint.tallies[name].rewarded:
            compared = compare(endpoint.strata.pairs(endpoint.tallies, base, name))
            found.append({"base": base, "variant": name, "alpha": _ALPHA, "reward": compared.told()})
    return found


def _understood(body: bytes, kind: type[T], defaults: Mapping[str, Any]) -> tuple[T, str]:
    """A plan made of the body's fields, and the reason that the body gives for it."""
    given = _decoded(body, dict[str, Any])
    reason = str(given.pop("reason", ""))[:_LONGEST]
    known = [one.name for one in fields(kind)]  # type: ignore[arg-type]  # only dataclasses come here
    for name in given:
        if name not in known:
            msg = f"The field {name!r} is not known here. Known ones: {', '.join(known)}, reason."
            raise InvalidInput(msg)
    try:
        return msgspec.convert({**defaults, **given}, kind), reason
    except msgspec.ValidationError as error:
        raise InvalidInput(str(error)) from error


def _reason(body: bytes) -> str:
    return str(_decoded(body, dict[str, Any]).get("reason", ""))[:_LONGEST] if body else ""


def _decoded(body: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        msg = f"The body does not fit: {error}"
        raise InvalidInput(msg) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = f"The body is no JSON: {error}"
        raise MalformedRequest(msg) from error
