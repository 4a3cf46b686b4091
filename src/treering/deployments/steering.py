"""What a server's router says of its traffic, as a deployment tells it: figures, and what a canary decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from treering.deployments.base import Standing
from treering.entities.deployment import Deployment, DeploymentChange, DeploymentState
from treering.entities.live import LiveCanary, LiveCheck, LiveComparison, LiveSeries, LiveVariant

__all__ = ["Samples", "canary_plan", "heard", "live_canary", "live_comparisons", "live_variants", "skewed"]

_ALL = 100.0
_CANARY = "canary"
_ACTIONS = {"canary_stepped": "canary.step", "canary_promoted": "promoted", "canary_rolled_back": "rolled_back"}
_OUTCOMES = {"canary_promoted": "promoted", "canary_rolled_back": "rolled_back", "canary_aborted": "rolled_back"}
_LOST = "The server was started anew in the middle of the canary, so the candidate gets no traffic."


def canary_plan(deployment: Deployment, steps: Sequence[float], every: float) -> Mapping[str, Any]:
    """What a router is told to begin a canary."""
    candidate = deployment.candidate.variant if deployment.candidate is not None else ""
    # Without requests it is not judged, so that as many have to come as a quiet service gets in a step.
    return {"variant": candidate, "base": deployment.current.variant, "steps": list(steps), "seconds": every}


def heard(deployment: Deployment, told: Mapping[str, Any], standing: Standing) -> Standing:
    """The standing, with what the router did by itself since it was asked last."""
    old = deployment.current.version
    new = deployment.candidate.version if deployment.candidate is not None else ""
    events = [event for event in told.get("history", ()) if _millis(event["at"]) > deployment.seen]
    changes, outcome, weight = [], "", None
    for event in events:
        action = _ACTIONS.get(event["kind"])
        outcome = _OUTCOMES.get(event["kind"], outcome)
        if action is None or deployment.candidate is None:
            continue
        weight = _percent(event) if action == "canary.step" else _ALL
        back = action == "rolled_back"
        changes.append(
            DeploymentChange(
                action, new if back else old, old if back else new, weight, str(event["reason"])[:2000],
                user=_CANARY, time=_millis(event["at"]),
            )
        )  # fmt: skip
    seen = max((_millis(event["at"]) for event in events), default=deployment.seen)
    if deployment.canary is not None and told.get("steering") is None and not outcome:
        outcome = "rolled_back"
        changes.append(DeploymentChange("rolled_back", new, old, _ALL, _LOST, user=_CANARY))
    shown = None if outcome or weight is None else weight
    return replace(standing, changes=tuple(changes), seen=seen, outcome=outcome, weight=shown)


def live_variants(deployment: Deployment, told: Mapping[str, Any], samples: Samples | None) -> list[LiveVariant]:
    """A row for each variant that is loaded, in the router's order."""
    variants = told.get("variants", ())
    whole = sum(one["weight"] for one in variants) or 1.0
    shadows = told.get("shadows") or {}
    roles = {deployment.current.variant: "current"}
    if deployment.candidate is not None:
        roles[deployment.candidate.variant] = "candidate"
    found = []
    for one in variants:
        seconds = one.get("seconds") or {}
        row = LiveVariant(
            one["name"],
            roles.get(one["name"], "shadow" if one["name"] in shadows else "other"),
            one["model"],
            one["version"],
            round(_ALL * one["weight"] / whole, 3),
            one["answered"],
            one["refused"] + one["failed"],
            error_rate=one["error_rate"],
            p50=seconds.get("p50"),
            p95=seconds.get("p95"),
            p99=seconds.get("p99"),
            mean=seconds.get("mean"),
            agreement=_agreement(shadows.get(one["name"])),
        )
        found.append(samples.over_window(row) if samples is not None else row)
    return found


def live_canary(deployment: Deployment, told: Mapping[str, Any]) -> LiveCanary | None:
    """How a candidate is getting on, or how the last one did."""
    steering = told.get("steering")
    if steering is not None and steering.get("kind") == _CANARY:
        step, steps = int(steering["step"]), steering["steps"]
        wanted = steering["wanted"]["seconds"]
        checks = [_check(one) for one in steering["guards"]]
        since = _millis(steering["since"])
        return LiveCanary(
            "RUNNING", steps, step, float(steering["percent"]), _millis(steering["began"]), since,
            since + int(wanted * 1000), checks=checks,
        )  # fmt: skip
    ended = [event for event in told.get("history", ()) if event["kind"] in {"canary_promoted", "canary_rolled_back"}]
    if not ended or deployment.state is DeploymentState.CANARY:
        return None
    last = ended[-1]
    details = last.get("details") or {}
    state = "PROMOTED" if last["kind"] == "canary_promoted" else "ROLLED_BACK"
    return LiveCanary(
        state, details.get("steps", ()), int(details.get("step", 0)), _ALL if state == "PROMOTED" else 0.0,
        _millis(details.get("began", last["at"])), _millis(last["at"]), 0, str(last["reason"]),
        [_check(one) for one in details.get("guards", ())],
    )  # fmt: skip


def live_comparisons(told: Mapping[str, Any]) -> list[LiveComparison]:
    """What the variants earn beside the first one, where they are rewarded."""
    found = []
    for one in told.get("comparisons", ()):
        reward = one.get("reward") or {}
        found.append(
            LiveComparison(
                one["base"], one["variant"], reward.get("difference"), reward.get("low"), reward.get("high"),
                reward.get("p"), one["alpha"],
            )
        )  # fmt: skip
    return found


def skewed(told: Mapping[str, Any]) -> bool:
    """Whether the variants are surely not asked as often as their weights say."""
    return bool((told.get("split") or {}).get("mismatch"))


@dataclass(frozen=True, slots=True)
class Samples:
    """Counts of the last minutes, taken now and then.

    Attributes:
        rows: The oldest first: `time` in milliseconds, and for each variant its answers, errors and p95.
        window: Seconds over which rates are told.
    """

    rows: Sequence[Mapping[str, Any]]
    window: float = 60.0

    def over_window(self, row: LiveVariant) -> LiveVariant:
        """With the rates of the window instead of those since the start."""
        if len(self.rows) < 2:  # noqa: PLR2004 -- a difference takes two
            return row
        last = self.rows[-1]
        begin = next(one for one in self.rows if one["time"] >= last["time"] - self.window * 1000)
        if begin is last:
            begin = self.rows[-2]
        old, new = begin["variants"].get(row.variant), last["variants"].get(row.variant)
        if old is None or new is None or new[0] < old[0]:
            return row
        answers, errors = new[0] - old[0], new[1] - old[1]
        seconds = max(0.001, (last["time"] - begin["time"]) / 1000)
        return replace(row, rate=answers / seconds, error_rate=errors / answers if answers else None)

    def series(self, interval: float) -> LiveSeries | None:
        """One value for each interval, of each variant."""
        if len(self.rows) < 2:  # noqa: PLR2004 -- as above
            return None
        names = sorted({name for row in self.rows for name in row["variants"]})
        found: dict[str, dict[str, list[float | None]]] = {
            name: {"requests": [], "errors": [], "p95": []} for name in names
        }
        for old, new in zip(self.rows, self.rows[1:], strict=False):
            for name, figures in found.items():
                before, after = old["variants"].get(name), new["variants"].get(name)
                known = before is not None and after is not None and after[0] >= before[0]
                figures["requests"].append(after[0] - before[0] if known else None)
                figures["errors"].append(after[1] - before[1] if known else None)
                figures["p95"].append(after[2] if known and after[0] > before[0] else None)
        return LiveSeries(interval, int(self.rows[0]["time"]), found)


def _agreement(shadow: Any) -> float | None:
    if not isinstance(shadow, Mapping):
        return None
    found = shadow.get("agreement")
    return None if found is None else float(found)


def _check(guard: Mapping[str, Any]) -> LiveCheck:
    def rate(pair: Sequence[float]) -> float | None:
        return pair[0] / pair[1] if len(pair) > 1 and pair[1] else None

    base, candidate = guard.get("base", ()), guard.get("canary", ())
    passed = guard.get("p", 1.0) > guard.get("alpha", 0.0)
    return LiveCheck(str(guard["name"]), rate(base), rate(candidate), None, passed)


def _percent(event: Mapping[str, Any]) -> float:
    return float((event.get("details") or {}).get("percent", 0.0))


def _millis(seconds: float) -> int:
    return int(seconds * 1000)
