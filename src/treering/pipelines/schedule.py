"""In which order stages run, several at once where they may: a plan, and workers that follow it.

A stage begins when all that it needs are over. Besides, stages may share a mutex, of
which one runs at a time, or take some of a resource, of which there is so much:

    meta: {treering: {mutex: database, resources: {gpu: 1}}}
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from treering.core.errors import InvalidInput, TreeringError
from treering.pipelines.stop import Stop

__all__ = ["Claim", "Plan", "claim_of", "follow"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a stage must not share with others while it runs."""

    mutexes: frozenset[str] = frozenset()
    resources: Mapping[str, float] = field(default_factory=dict)


def claim_of(address: str, meta: Any) -> Claim:
    """What a stage's `meta` says.

    Raises:
        InvalidInput: If it is not of the right form.
    """
    said = meta.get("treering") if isinstance(meta, Mapping) else None
    if not isinstance(said, Mapping):
        return Claim()
    mutexes = said.get("mutex") or ()
    if isinstance(mutexes, str):
        mutexes = (mutexes,)
    resources = said.get("resources") or {}
    right = isinstance(mutexes, (list, tuple)) and all(isinstance(one, str) for one in mutexes)
    if not right or not isinstance(resources, Mapping) or not all(map(_is_amount, resources.values())):
        msg = (
            f"'meta.treering' of the stage '{address}' cannot be understood. Write mutex: NAME, or a list of names,"
            " and resources: {NAME: AMOUNT}."
        )
        raise InvalidInput(msg)
    return Claim(frozenset(mutexes), {str(name): amount for name, amount in resources.items()})


def _is_amount(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    Attributes:
        order: The stages, each behind those it needs.
        needs: For each those of the plan that it needs.
        claims: What stages do not share; none where nothing is said.
        capacities: How much there is of each resource; of one that is not named here, as much as the greediest stage wants.
        jobs: How many stages run at once.
    """

    order: Sequence[str]
    needs: Mapping[str, Sequence[str]]
    claims: Mapping[str, Claim] = field(default_factory=dict)
    capacities: Mapping[str, float] = field(default_factory=dict)
    jobs: int = 1


def follow(plan: Plan, work: Callable[[str], T], settled: Callable[[str, T | BaseException], bool], stop: Stop) -> None:
    """Do all of a plan.

    With one job it is done in this very thread, in the order of the plan.

    Args:
        plan: What is to be done.
        work: Does one stage.
        settled: Told in this thread what became of a stage, in the order in which they end; says whether to go on.
            What is at work then is waited for, and nothing else begun.
        stop: Asked when this thread is interrupted; what is at work is waited for then, too.

    Raises:
        InvalidInput: If a stage wants more of a resource than there is.
    """
    _refuse_greed(plan)
    if plan.jobs <= 1:
        for address in plan.order:
            if not settled(address, _tried(work, address)):
                return
        return
    _Crew(plan, work, stop).follow(settled)


def _tried(work: Callable[[str], T], address: str) -> T | BaseException:
    try:
        return work(address)
    except Exception as error:  # noqa: BLE001 - the border of a worker; who called decides what it means
        return error


def _refuse_greed(plan: Plan) -> None:
    for address, claim in plan.claims.items():
        for name, amount in claim.resources.items():
            if amount > plan.capacities.get(name, amount):
                msg = (
                    f"The stage '{address}' wants {amount:g} of the resource '{name}', of which there is"
                    f" {plan.capacities[name]:g}. Offer more, or let it want less."
                )
                raise InvalidInput(msg)


class _Crew(Generic[T]):
    """Threads, one for each stage that is at work."""

    def __init__(self, plan: Plan, work: Callable[[str], T], stop: Stop) -> None:
        self._plan = plan
        self._work = work
        self._stop = stop
        self._ended: queue.SimpleQueue[tuple[str, T | BaseException]] = queue.SimpleQueue()
        self._left = {address: set(plan.needs.get(address, ())).intersection(plan.order) for address in plan.order}
        self._waiting = dict.fromkeys(plan.order)
        self._busy: set[str] = set()
        self._mutexes: set[str] = set()
        self._taken: Counter[str] = Counter()
        self._capacities = dict(plan.capacities)
        for claim in plan.claims.values():
            for name, amount in claim.resources.items():
                if name not in plan.capacities:
                    self._capacities[name] = max(amount, self._capacities.get(name, 0))

    def follow(self, settled: Callable[[str, T | BaseException], bool]) -> None:
        going_on = True
        try:
            while True:
                if going_on:
                    self._begin_what_can()
                if not self._busy:
                    return
                address, result = self._ended.get()
                self._release(address)
                going_on = settled(address, result) and going_on
        except BaseException:
            self._stop.ask()
            while self._busy:
                self._release(self._ended.get()[0])
            raise

    def _begin_what_can(self) -> None:
        for address in list(self._waiting):
            if len(self._busy) >= self._plan.jobs:
                return
            if not self._left[address] and self._is_free(self._claim(address)):
                del self._waiting[address]
                self._take(address)
                threading.Thread(target=self._at_work, args=(address,), name=f"stage {address}", daemon=True).start()

    def _at_work(self, address: str) -> None:
        result: T | BaseException = TreeringError(f"The stage '{address}' ended without a result. Run it again.")
        try:
            result = _tried(self._work, address)
        finally:
            self._ended.put((address, result))

    def _claim(self, address: str) -> Claim:
        return self._plan.claims.get(address) or Claim()

    def _is_free(self, claim: Claim) -> bool:
        return not (claim.mutexes & self._mutexes) and all(
            self._taken[name] + amount <= self._capacities[name] for name, amount in claim.resources.items()
        )

    def _take(self, address: str) -> None:
        claim = self._claim(address)
        self._busy.add(address)
        self._mutexes |= claim.mutexes
        self._taken.update(claim.resources)

    def _release(self, address: str) -> None:
        claim = self._claim(address)
        self._busy.discard(address)
        self._mutexes -= claim.mutexes
        self._taken.subtract(claim.resources)
        for needed in self._left.values():
            needed.discard(address)
