"""Deployments that are kept from here: what was asked for is done at its target, and recorded with who and why.

    deploy ─▶ recorded as asked for ─▶ target.apply ─▶ recorded as it stands

What was asked for is recorded before anything is done, so that a crash leaves no deployment of which nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

from treering.core.clock import now
from treering.core.errors import (
    AlreadyExists,
    Conflict,
    InvalidInput,
    NotFound,
    PermissionDenied,
    TreeringError,
    Unavailable,
)
from treering.core.log import logger
from treering.core.plugins import Registry
from treering.deployments.base import (
    AT_ONCE,
    TARGETS,
    Answered,
    Book,
    Deployments,
    Leading,
    OpenTarget,
    Order,
    Plan,
    Request,
    Standing,
    Surroundings,
    Target,
    TargetInfo,
    Wanted,
)
from treering.deployments.book import check_deployment_name
from treering.deployments.configuring import checked_config, image_of
from treering.entities.deployment import (
    Deployment,
    DeploymentChange,
    DeploymentEvent,
    DeploymentQuery,
    DeploymentState,
    Release,
)
from treering.entities.page import Page

if TYPE_CHECKING:  # what only those need who ask for live figures
    from treering.entities.live import LiveDeployment

__all__ = ["KeptDeployments", "Means"]

_ALL = 100.0
_DEFAULT = "local"
_LOOKS = 20
"""Most looks that come between a change and its record; a page that is open looks every few seconds."""

_Came = Callable[[Deployment], tuple[Deployment, Sequence[DeploymentChange]]]
"""What a record becomes by a change."""


@dataclass(frozen=True, slots=True)
class Means:
    """What deployments are kept with.

    Attributes:
        keeper: The machine and home that this is.
        elsewhere: Who can change what is kept somewhere else; None where nobody can.
        targets: The table of targets.
    """

    surroundings: Surroundings
    keeper: str
    elsewhere: Deployments | None = None
    targets: Registry[OpenTarget] = TARGETS


class KeptDeployments:
    """The `Deployments` of `treering.deployments.base`."""

    def __init__(self, book: Book, means: Means) -> None:
        self._book = book
        self._means = means

    def targets(self) -> Sequence[TargetInfo]:
        """See the Protocol."""
        found = []
        for name in self._means.targets.names():
            try:
                target = self._open(name)
            except TreeringError as error:
                logger.debug("The deployment target %s cannot be used.", name, exc_info=error)
                continue
            found.append(TargetInfo(name, target.summary, target.options))
        return found

    def get(self, name: str) -> Deployment:
        """See the Protocol."""
        return self._told(self._book.get(name))

    def search(self, query: DeploymentQuery) -> Page[Deployment]:
        """See the Protocol."""
        page = self._book.search(query)
        return Page([self._told(one) for one in page.items], page.next_token)

    def history(self, name: str, max_results: int = 100, page_token: str = "") -> Page[DeploymentEvent]:
        """See the Protocol."""
        return self._book.history(name, max_results, page_token)

    def plan(self, order: Order) -> Plan:
        """See the Protocol."""
        target, wanted = self._wanted(order)
        return target.plan(wanted)

    def deploy(self, order: Order) -> Deployment:
        """See the Protocol."""
        target, wanted = self._wanted(order)
        # What cannot be is refused before anything of it is recorded.
        target.plan(wanted)
        known, release = wanted.known, replace(wanted.release, user=order.user, time=now())
        version = release.version or release.source
        if known is None:
            asked = self._asked(order, release, wanted)
            change = DeploymentChange("created", "", version, _ALL, order.target or _DEFAULT)
        else:
            asked = replace(
                known, state=DeploymentState.PENDING, tags={**known.tags, **order.tags}, config=wanted.config
            )
            change = DeploymentChange(
                "applied", known.current.version, version, detail="as a candidate" if order.candidate else ""
            )
        asked = self._put(asked, [change], order.user, order.reason)
        try:
            standing = target.apply(replace(wanted, release=release))
        except BaseException as error:
            self._failed(asked, known, version, error, order)
            raise
        done = self._settle(
            asked,
            lambda now: _applied(now, known, release, standing, candidate=order.candidate),
            order.user,
            order.reason,
        )
        if order.leading is None or not order.candidate:
            return done
        return self.promote(order.name, order.leading, reason=order.reason, user=order.user)

    def status(self, name: str) -> Deployment:
        """See the Protocol."""
        known = self._book.get(name)
        if known.keeper != self._means.keeper:
            return self._means.elsewhere.status(name) if self._means.elsewhere is not None else self._told(known)
        if known.state is DeploymentState.REMOVED:
            return self._told(known)
        try:
            standing = self._open(known.target).status(known)
        except Unavailable as error:
            return replace(self._told(known), state=DeploymentState.UNKNOWN, message=error.message)
        seen, changes = _seen(known, standing)
        if not changes and seen == replace(known, updated=seen.updated):
            return self._told(known)
        try:
            return self._put(seen, changes, "", "")
        except Conflict:  # somebody else saw it first, or changes it
            return self._told(self._book.get(name))

    def live(self, name: str) -> LiveDeployment:
        """See the Protocol."""
        known = self._book.get(name)
        if known.keeper == self._means.keeper:
            return self._open(known.target).live(self.status(name))
        if self._means.elsewhere is not None:
            return self._means.elsewhere.live(name)
        # An address that somebody else wrote down is not asked from here, where it may mean another machine.
        module = import_module("treering.deployments.living")
        told: LiveDeployment = module.unreachable(
            self._told(known), f"It is kept by {known.keeper}. Ask there how it does."
        )
        return told

    def predict(self, name: str, request: Request) -> Answered:
        """See the Protocol."""
        known = self._book.get(name)
        if known.state is DeploymentState.REMOVED:
            raise _removed(name)
        return self._open(known.target).predict(known, request)

    def promote(
        self,
        name: str,
        leading: Leading = AT_ONCE,
        *,
        reason: str = "",
        user: str = "",
        revision: int | None = None,
    ) -> Deployment:
        """See the Protocol."""
        _check_leading(leading)
        known = self._book.get(name)
        if known.keeper != self._means.keeper:
            return self._other(known).promote(name, leading, reason=reason, user=user, revision=revision)
        known = self._present(name, revision)
        if known.candidate is None:
            msg = (
                f"The deployment {name!r} has no candidate that could be promoted. Put one beside its version"
                f" {known.current.version or known.current.source} with: treering deploy MODEL --name {name} --candidate"
            )
            raise Conflict(msg)
        candidate = known.candidate
        standing = self._open(known.target).promote(known, leading)
        return self._settle(known, lambda now: _led(now, candidate, leading, standing), user, reason)

    def rollback(self, name: str, *, reason: str = "", user: str = "", revision: int | None = None) -> Deployment:
        """See the Protocol."""
        known = self._book.get(name)
        if known.keeper != self._means.keeper:
            return self._other(known).rollback(name, reason=reason, user=user, revision=revision)
        known = self._present(name, revision)
        if known.candidate is None and known.previous is None:
            msg = (
                f"The deployment {name!r} has neither a candidate nor a version before {known.current.version!r} to go"
                f" back to. Deploy the version that you want: treering deploy MODEL --name {name}"
            )
            raise Conflict(msg)
        standing = self._open(known.target).rollback(known)
        return self._settle(known, lambda now: _rolled_back(now, standing), user, reason)

    def remove(self, name: str, *, reason: str = "", user: str = "") -> Deployment:
        """See the Protocol."""
        known = self._book.get(name)
        if known.keeper != self._means.keeper:
            return self._other(known).remove(name, reason=reason, user=user)
        if known.state is DeploymentState.REMOVED:
            return self._told(known)
        self._open(known.target).remove(known)
        gone = replace(
            self._book.get(name),
            state=DeploymentState.REMOVED, message="", address="", candidate=None, weight=0.0, canary=None, seen=0,
        )  # fmt: skip
        return self._put(gone, [DeploymentChange("removed", known.current.version)], user, reason)

    def record(
        self, deployment: Deployment, changes: Sequence[DeploymentChange], *, reason: str, user: str
    ) -> Deployment:
        """See the Protocol."""
        check_deployment_name(deployment.name)
        keepers = {deployment.keeper}
        if deployment.revision:
            keepers.add(self._book.get(deployment.name).keeper)
        if self._means.keeper in keepers or not deployment.keeper:
            msg = (
                f"The deployment {deployment.name!r} is kept by {self._means.keeper!r}, and nobody else can say what it is."
                " Choose another name."
            )
            raise PermissionDenied(msg)
        return self._told(self._book.put(deployment, changes, user=user, reason=reason))

    def _asked(self, order: Order, release: Release, wanted: Wanted) -> Deployment:
        """A new one, or one in the place of one that was removed."""
        new = Deployment(
            order.name, order.target or _DEFAULT, DeploymentState.PENDING, release,
            config=wanted.config, tags=order.tags, owner=order.user, keeper=self._means.keeper,
        )  # fmt: skip
        try:
            before = self._book.get(order.name)
        except NotFound:
            return new
        return replace(new, revision=before.revision, created=before.created, owner=order.user or before.owner)

    def _wanted(self, order: Order) -> tuple[Target, Wanted]:
        check_deployment_name(order.name)
        if order.leading is not None:
            _check_leading(order.leading)
        try:
            known: Deployment | None = self._book.get(order.name)
        except NotFound:
            known = None
        if known is not None and known.state is DeploymentState.REMOVED:
            known = None
        if known is not None and known.keeper != self._means.keeper:
            raise _kept_elsewhere(known, self._means.keeper)
        if known is not None and order.target not in {"", known.target}:
            msg = (
                f"There is a deployment {order.name!r} at the target {known.target!r} already. Remove it first, or choose"
                f" another name for the one at {order.target!r}."
            )
            raise Conflict(msg)
        if order.candidate and known is None:
            msg = f"There is no deployment {order.name!r} beside which a candidate could be put. Deploy it without --candidate."
            raise NotFound(msg)
        if order.candidate and known is not None and known.canary is not None:
            msg = (
                f"The deployment {order.name!r} is leading in its candidate {known.candidate and known.candidate.version!r}"
                f" already. Wait, or drop that with: treering deployments rollback {order.name}"
            )
            raise Conflict(msg)
        name = known.target if known is not None else order.target or _DEFAULT
        target = self._open(name)
        config = {**(known.config if known is not None else {}), **order.config}
        checked = checked_config(target.options, config, name)
        release = replace(
            order.release,
            variant=_variant(order.release, known, candidate=order.candidate),
            image=image_of(order.release, checked.get("image", "")),
        )
        return target, Wanted(order.name, release, checked, order.files, order.candidate, known, order.patience)

    def _present(self, name: str, revision: int | None) -> Deployment:
        """As it stands now, so that what a router decided meanwhile counts."""
        before = self._book.get(name)
        known = self.status(name)
        if known.state is DeploymentState.REMOVED:
            raise _removed(name)
        stands = self._book.get(name)
        same = revision in {None, stands.revision} or (revision == before.revision and _looked_at(before, stands))
        if not same:
            msg = (
                f"The deployment {name!r} has been changed meanwhile: it is at revision {stands.revision}, and"
                f" {revision} was expected. Look at it again."
            )
            raise Conflict(msg)
        return stands

    def _failed(
        self, asked: Deployment, known: Deployment | None, version: str, error: BaseException, order: Order
    ) -> None:
        message = error.message if isinstance(error, TreeringError) else str(error) or type(error).__name__
        change = DeploymentChange(
            "failed", "" if known is None else known.current.version, version, detail=message[:2000]
        )
        # Where there was one before, that answers still.
        left = known or replace(asked, state=DeploymentState.FAILED, message=message[:2000])
        try:
            self._settle(asked, lambda now: (replace(left, revision=now.revision), [change]), order.user, order.reason)
        except TreeringError as second:
            logger.warning("That the deployment %s failed could not be recorded: %s", asked.name, second.message)

    def _settle(self, asked: Deployment, came: _Came, user: str, reason: str) -> Deployment:
        """Record what became of a deployment that was changed, also where somebody has looked at it meanwhile.

        A look writes down how it stands, which the change has overtaken; what somebody else decided stays.
        """
        for _ in range(_LOOKS):
            try:
                return self._put(*came(asked), user, reason)
            except Conflict:
                now = self._book.get(asked.name)
                if not _looked_at(asked, now):
                    raise
                asked = now
        return self._put(*came(asked), user, reason)

    def _put(self, deployment: Deployment, changes: Sequence[DeploymentChange], user: str, reason: str) -> Deployment:
        try:
            return self._told(self._book.put(deployment, changes, user=user, reason=reason))
        except AlreadyExists as error:
            msg = f"Somebody else is making the deployment {deployment.name!r} at this moment. Look at it again."
            raise Conflict(msg) from error

    def _other(self, known: Deployment) -> Deployments:
        if self._means.elsewhere is None:
            raise _kept_elsewhere(known, self._means.keeper)
        return self._means.elsewhere

    def _told(self, one: Deployment) -> Deployment:
        mine = one.keeper == self._means.keeper
        return replace(one, managed=True) if mine else one

    def _open(self, name: str) -> Target:
        return self._means.targets.load(name)(self._means.surroundings)


def _looked_at(before: Deployment, now: Deployment) -> bool:
    """Whether nothing but how it stands is another since."""
    stands = replace(
        before, state=now.state, message=now.message, address=now.address, weight=now.weight, seen=now.seen,
        updated=now.updated, revision=now.revision, managed=now.managed,
    )  # fmt: skip
    return stands == now


def _variant(release: Release, known: Deployment | None, *, candidate: bool) -> str:
    """What a router calls it; another name than that of what stays beside it."""
    name = f"v{release.version}" if release.version else "first"
    stays = {known.current.variant} if known is not None else set()
    if known is not None and not candidate and known.candidate is not None:
        stays.add(known.candidate.variant)
    number = 2
    base = name
    same = known is not None and _same(release, known.current)
    while name in stays and not (same and not candidate):
        name, number = f"{base}-{number}", number + 1
    return name


def _same(one: Release, other: Release) -> bool:
    return (one.source, one.model, one.version, one.digest) == (other.source, other.model, other.version, other.digest)


def _applied(
    asked: Deployment, known: Deployment | None, release: Release, standing: Standing, *, candidate: bool
) -> tuple[Deployment, list[DeploymentChange]]:
    stands = replace(
        asked,
        state=standing.state,
        message=standing.message,
        address=standing.address or asked.address,
        seen=standing.seen or asked.seen,
    )
    version = release.version or release.source
    changes = []
    if candidate and known is not None:
        # How the candidate does is not how the deployment does, whose current version answers as before.
        kept = replace(
            stands, state=known.state, message=known.message, address=known.address, candidate=release, weight=0.0
        )
        told = [DeploymentChange("candidate", known.current.version, version)]
        if standing.state is DeploymentState.FAILED:
            message = f"The candidate {version} does not come up: {standing.message}"
            told.append(DeploymentChange("failed", known.current.version, version, detail=standing.message))
            return replace(kept, message=message), told
        return kept, told
    if known is not None:
        previous = known.previous if _same(release, known.current) else known.current
        stands = replace(stands, current=release, previous=previous)
    else:
        stands = replace(stands, current=release)
    recorded = known is None and asked.state is standing.state
    if standing.state is DeploymentState.READY and not recorded:
        changes.append(DeploymentChange("ready", "" if known is None else known.current.version, version, _ALL))
    elif standing.state is DeploymentState.FAILED and not recorded:
        changes.append(DeploymentChange("failed", "", version, detail=standing.message))
    return stands, changes


def _led(
    known: Deployment, candidate: Release, leading: Leading, standing: Standing
) -> tuple[Deployment, list[DeploymentChange]]:
    old, new = known.current.version, candidate.version
    if leading.canary is not None:
        first = leading.canary.steps[0]
        steps = ", ".join(f"{step:g}" for step in leading.canary.steps)
        change = DeploymentChange("canary.started", old, new, first, f"{steps} %, each for {leading.canary.every:g} s")
        return replace(known, state=DeploymentState.CANARY, candidate=candidate, weight=first, canary=leading.canary), [
            change
        ]
    if leading.weight is not None and leading.weight < _ALL:
        change = DeploymentChange("updated", old, new, leading.weight, f"{leading.weight:g} % of the traffic")
        return replace(known, state=standing.state, candidate=candidate, weight=leading.weight, canary=None), [change]
    return _promoted(replace(known, state=standing.state), candidate), [DeploymentChange("promoted", old, new, _ALL)]


def _promoted(known: Deployment, candidate: Release) -> Deployment:
    return replace(known, current=candidate, previous=known.current, candidate=None, weight=0.0, canary=None)


def _rolled_back(known: Deployment, standing: Standing) -> tuple[Deployment, list[DeploymentChange]]:
    state = replace(known, state=standing.state, message=standing.message)
    if known.candidate is not None:
        change = DeploymentChange("rolled_back", known.candidate.version, known.current.version, _ALL)
        return replace(state, candidate=None, weight=0.0, canary=None), [change]
    back = known.previous or known.current
    # What was left was left for a reason: rolling back again must not lead to it.
    change = DeploymentChange("rolled_back", known.current.version, back.version, _ALL)
    return replace(state, current=back, previous=None), [change]


def _seen(known: Deployment, standing: Standing) -> tuple[Deployment, list[DeploymentChange]]:
    """The deployment as its target says that it stands, and what is worth telling of it."""
    seen = replace(known, state=standing.state, message=standing.message, seen=max(known.seen, standing.seen))
    if standing.address:
        seen = replace(seen, address=standing.address)
    if standing.weight is not None and known.candidate is not None:
        seen = replace(seen, weight=standing.weight)
    changes = list(standing.changes)
    if known.candidate is not None and standing.outcome == "promoted":
        seen = _promoted(seen, known.candidate)
    elif known.candidate is not None and standing.outcome == "rolled_back":
        seen = replace(seen, candidate=None, weight=0.0, canary=None)
    if known.canary is not None and not standing.outcome and seen.state is DeploymentState.READY:
        seen = replace(seen, state=DeploymentState.CANARY)
    if standing.state is DeploymentState.READY and known.state in {DeploymentState.PENDING, DeploymentState.FAILED}:
        changes.append(DeploymentChange("ready", "", seen.current.version, _ALL))
    elif standing.state is DeploymentState.FAILED and known.state is not DeploymentState.FAILED:
        changes.append(DeploymentChange("failed", "", seen.current.version, detail=standing.message))
    return seen, changes


def _check_leading(leading: Leading) -> None:
    wrong = ""
    steps = leading.canary.steps if leading.canary is not None else (_ALL,)
    if leading.weight is not None and leading.canary is not None:
        wrong = "give either a weight or the steps of a canary"
    elif leading.weight is not None and not 0 <= leading.weight <= _ALL:
        wrong = f"a weight is 0 to 100 per cent, and not {leading.weight:g}"
    elif not steps or list(steps) != sorted(set(steps)) or not 0 < steps[0] <= steps[-1] <= _ALL:
        wrong = f"the steps {', '.join(f'{step:g}' for step in steps)} do not rise from above 0 to at most 100"
    elif leading.canary is not None and not 0 <= leading.canary.every <= 10 * 24 * 3600:
        wrong = f"a step lasts 0 seconds to ten days, and not {leading.canary.every:g} seconds"
    if wrong:
        msg = f"The candidate cannot be led in like that: {wrong}."
        raise InvalidInput(msg)


def _removed(name: str) -> NotFound:
    return NotFound(f"The deployment {name!r} was removed. Its history says when and by whom.")


def _kept_elsewhere(known: Deployment, keeper: str) -> PermissionDenied:
    return PermissionDenied(
        f"The deployment {known.name!r} is kept by {known.keeper!r} and can be changed from there alone; this is {keeper!r}."
    )
