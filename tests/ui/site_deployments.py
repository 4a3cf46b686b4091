"""Deployments that never were: what a server says of them, for pages that are looked at."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

__all__ = ["CANARY", "Pretended"]

CANARY = "churn-scoring"
MINUTE = 60_000
STEPS = (5, 25, 50, 100)
INTERVAL = 5.0
KEPT = 120


def _release(model: str, version: str, at: int, user: str = "ada", **more: Any) -> dict[str, Any]:
    made = {
        "source": f"models:/{model}/{version}",
        "model": model,
        "version": version,
        "digest": "",
        "registered": True,
    }
    return made | {"run_id": "", "image": "", "user": user, "time": at, "variant": f"v{version}"} | more


def _deployment(name: str, at: int, **more: Any) -> dict[str, Any]:
    plain = {
        "name": name,
        "target": "local",
        "state": "READY",
        "message": "",
        "address": "http://127.0.0.1:8080",
        "current": None,
        "candidate": None,
        "previous": None,
        "weight": 0,
        "canary": None,
        "config": {},
        "tags": {},
        "owner": "ada",
        "keeper": "gpu-7:/srv/ada/.treering",
        "managed": True,
        "created": at - 900 * MINUTE,
        "updated": at - 3 * MINUTE,
        "revision": 7,
    }
    return plain | more


def _all(at: int) -> list[dict[str, Any]]:
    digest = "sha256:9f2c5b7e01aa43d1b8be7712c9e0f3d5a8c4176c2f5b0e9d3a6471c8e2b90f14"
    return [
        _deployment(
            CANARY,
            at,
            state="CANARY",
            current=_release("churn", "3", at - 700 * MINUTE),
            candidate=_release("churn", "4", at - 3 * MINUTE, "bob", digest=digest, run_id="0" * 32),
            previous=_release("churn", "2", at - 9000 * MINUTE),
            weight=25,
            canary={"steps": list(STEPS), "every": 60.0},
            config={"workers": "2", "port": "8080", "token": "***"},
            tags={"team": "growth"},
        ),
        _deployment("churn-batch", at, target="sagemaker", current=_release("churn", "3", at), address=""),
        _deployment(
            "churn-eu",
            at,
            target="kubernetes",
            state="DEGRADED",
            message="1 of 3 replicas is not ready: CrashLoopBackOff.",
            address="http://churn.ml.svc.cluster.local",
            current=_release("churn", "4", at - 60 * MINUTE),
            previous=_release("churn", "3", at - 700 * MINUTE),
            keeper="ci:/srv/treering",
            managed=False,
        ),
        _deployment(
            "vision-edge",
            at,
            target="ssh",
            state="FAILED",
            message="The unit treering-vision-edge ended with status 1: No module named 'torch'.",
            address="http://10.0.4.17:9000",
            current=_release(
                "", "", at, source="bundle:vision:2f9c", registered=False, digest=digest, variant="current"
            ),
        ),
        _deployment("vision-old", at, state="REMOVED", current=_release("vision", "1", at), address=""),
        _deployment("vision-ray", at, target="ray", state="PENDING", address="", current=_release("vision", "7", at)),
    ]


def _events(name: str, at: int) -> list[dict[str, Any]]:
    told = [
        (
            "canary",
            "canary.step",
            "",
            "3",
            "4",
            25.0,
            "Errors 0.03 % against 0.03 %, 95 % within 7.9 ms against 7.8 ms.",
        ),
        ("bob", "canary.started", "", "3", "4", 5.0, "Steps 5, 25, 50 and 100 %, each for at least 60 s."),
        ("bob", "candidate", "recall is up by two points", "3", "4", 0.0, ""),
        ("canary", "rolled_back", "", "5", "3", 0.0, "Errors 12 % against 0.04 %, which is more than 1 % allows."),
        ("ada", "promoted", "agreed in the review of Monday", "2", "3", 100.0, ""),
        ("ada", "ready", "", "", "2", 100.0, ""),
        ("ada", "created", "", "", "2", 100.0, ""),
    ]
    return [
        {
            "seq": len(told) - place,
            "name": name,
            "time": at - (1 + 40 * place) * MINUTE,
            "user": user,
            "action": action,
            "reason": reason,
            "before": before,
            "after": after,
            "weight": weight,
            "detail": detail,
        }
        for place, (user, action, reason, before, after, weight, detail) in enumerate(told)
    ]


def _variant(version: str, role: str, weight: float, rate: float, **more: Any) -> dict[str, Any]:
    plain = {"variant": f"v{version}", "role": role, "model": "churn", "version": version, "weight": weight}
    plain |= {"requests": int(rate * 600), "errors": 3, "rows": int(rate * 600), "rate": rate, "error_rate": 0.0003}
    return plain | {"p50": 0.0031, "p95": 0.0078, "p99": 0.0121, "mean": 0.0035, "agreement": None} | more


def _series(at: int) -> dict[str, Any]:
    steps = range(KEPT)
    moved = [0.0 if step < 80 else 0.05 if step < 100 else 0.25 for step in steps]
    asked = [(260 + 40 * math.sin(step / 9)) * INTERVAL for step in steps]

    def line(shares: Sequence[float], within: float) -> dict[str, list[float | None]]:
        return {
            "requests": [round(total * share) if share else None for total, share in zip(asked, shares, strict=True)],
            "errors": [
                (1 if step % 17 == 0 else 0) if share else None for step, share in zip(steps, shares, strict=True)
            ],
            "p95": [
                within + 0.0008 * math.sin(step / 4) if share else None
                for step, share in zip(steps, shares, strict=True)
            ],
        }

    variants = {"v3": line([1 - share for share in moved], 0.0078), "v4": line(moved, 0.0083)}
    return {"interval": INTERVAL, "start": at - int(KEPT * INTERVAL * 1000), "variants": variants}


def _canary(at: int) -> dict[str, Any]:
    checks = [
        {"name": "error_rate", "current": 0.0003, "candidate": 0.0, "limit": 0.01, "passed": True},
        {"name": "p99", "current": 0.0101, "candidate": 0.0129, "limit": 0.05, "passed": True},
        {"name": "reward", "current": 0.412, "candidate": None, "limit": None, "passed": True},
    ]
    return {
        "state": "RUNNING",
        "steps": list(STEPS),
        "step": 1,
        "weight": 25.0,
        "started": at - 3 * MINUTE,
        "step_since": at - MINUTE,
        "next": at + 23_000,
        "reason": "",
        "checks": checks,
    }


def _live(item: Mapping[str, Any], at: int) -> dict[str, Any]:
    plain = {
        "name": item["name"],
        "time": at,
        "state": item["state"],
        "reachable": True,
        "message": "",
        "since": at - 600_000,
    }
    plain |= {
        "replicas": None,
        "variants": [],
        "window": 60.0,
        "canary": None,
        "series": None,
        "comparisons": [],
        "skewed": False,
    }
    if item["name"] == CANARY:
        variants = [
            _variant("3", "current", 75.0, 210.4),
            _variant("4", "candidate", 25.0, 68.9, p95=0.0083, p99=0.0129, error_rate=0.0),
            _variant("5", "shadow", 0.0, 20.1, agreement=0.9812, error_rate=0.0),
        ]
        earned = {"difference": 0.031, "low": 0.004, "high": 0.058, "p": 0.011, "alpha": 0.05}
        more = {
            "comparisons": [{"base": "v3", "variant": "v4", **earned}],
            "variants": variants,
            "canary": _canary(at),
            "series": _series(at),
            "replicas": {"wanted": 2, "ready": 2},
        }
        return plain | more
    if item["target"] == "kubernetes":
        variants = [_variant("4", "current", 100.0, 31.0, error_rate=0.021)]
        return plain | {"variants": variants, "replicas": {"wanted": 3, "ready": 2}}
    if item["state"] == "FAILED":
        return plain | {"reachable": False, "message": "http://10.0.4.17:9000 refuses the connection.", "since": 0}
    silent = {"rate": None, "error_rate": None, "p50": None, "p95": None, "p99": None, "requests": 0, "errors": 0}
    variants = [_variant(item["current"]["version"], "current", 100.0, 0.0) | silent]
    return plain | {"variants": variants, "since": 0, "message": f"{item['target']} does not tell what is asked of it."}


class Pretended:
    """Answers a page's questions about deployments, and notes what it asks to be done.

    Attributes:
        done: What was asked for: the method, the path below the deployments, the body.
        lives: Changes what is said of a deployment's present before it is sent.
    """

    def __init__(self) -> None:
        self.at = int(time.time() * 1000)
        self.items = {item["name"]: item for item in _all(self.at)}
        self.done: list[tuple[str, str, dict[str, Any]]] = []
        self.lives: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
        self.refusals: list[tuple[int, dict[str, str]]] = []

    def stand_in(self, page: Any) -> None:
        """From now on answer what `page` asks."""
        page.route("**/api/v1/deployments**", self._answer)

    def _answer(self, route: Any) -> None:
        request = route.request
        url = urlsplit(request.url)
        parts = [unquote(part) for part in url.path.removeprefix("/api/v1/deployments").strip("/").split("/") if part]
        if request.method != "GET":
            self.done.append((request.method, "/".join(parts), request.post_data_json or {}))
            if self.refusals:
                status, said = self.refusals.pop()
                route.fulfill(status=status, json=said)
                return
        found = self._found(parts, {key: values[0] for key, values in parse_qs(url.query).items()})
        if found is None:
            said = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"There is no deployment {parts[0]}."}
            route.fulfill(status=404, json=said)
        else:
            route.fulfill(status=200, body=json.dumps(found), content_type="application/json")

    def _found(self, parts: Sequence[str], query: Mapping[str, str]) -> Any:
        if not parts:
            return {"deployments": self._listed(query), "next_page_token": ""}
        item = self.items.get(parts[0])
        if item is None:
            return None
        if parts[1:] == ["live"]:
            live = _live(item, int(time.time() * 1000))
            return self.lives.get(parts[0], lambda given: given)(live)
        if parts[1:] == ["history"]:
            return {"events": _events(parts[0], self.at), "next_page_token": ""}
        return item

    def _listed(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        listed = [item for item in self.items.values() if query.get("removed") == "true" or item["state"] != "REMOVED"]
        if "version" in query:
            wanted = (query["model"], query["version"])
            roles = ("current", "candidate")
            listed = [
                item
                for item in listed
                if any(
                    (item[role] or {}).get("model") == wanted[0] and item[role]["version"] == wanted[1]
                    for role in roles
                )
            ]
        return sorted(listed, key=lambda item: str(item["name"]))
