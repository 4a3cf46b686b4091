"""`treering.depends(Other)`: a service that another calls, in its process or elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from treering.core.errors import InvalidInput, NotSupported
from treering.core.plugins import Registry

__all__ = ["PROCESS", "REMOTES", "Dependency", "Process", "depends", "elsewhere", "instances", "is_elsewhere"]

T = TypeVar("T")

REMOTES: Registry[Callable[[str, Any], Any]] = Registry(
    "treering.service_remotes", "way to call a service elsewhere", {"http": "treering.client.services.remote:Remote"}
)
"""Given an address and the service, if it is known: what stands for its instance."""


class Process:
    """Which services run in this process, and which elsewhere; one fact of a process, as its worker is.

    Attributes:
        elsewhere: The addresses of those that others run, by name.
        here: Instances of those that run here because others depend on them, by name.
    """

    def __init__(self) -> None:
        self.elsewhere: dict[str, str] = {}
        self.here: dict[str, Any] = {}
        self._making = threading.RLock()

    def instance(self, service: Any) -> Any:
        """The one instance of a service."""
        with self._making:
            if service.name not in self.here:
                self.here[service.name] = service()
            return self.here[service.name]


PROCESS = Process()


class Dependency(Generic[T]):
    """A service that another calls, as a class attribute; on an instance it is the other's instance.

    Attributes:
        on: The service; None if only its address is known.
        url: Where it answers, if it is run elsewhere.
    """

    def __init__(self, on: Any = None, *, url: str | None = None) -> None:
        self.on = on
        self.url = url
        self._lock = threading.Lock()
        self._found: Any = None

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else self.get()

    def get(self) -> Any:
        """The instance in this process, or what calls it elsewhere; made when it is first asked for."""
        with self._lock:
            if self._found is None:
                url = self.url or (PROCESS.elsewhere.get(self.on.name) if self.on is not None else None)
                if url is not None:
                    self._found = REMOTES.load("http")(url, self.on)
                else:
                    self._found = PROCESS.instance(self.on)
            return self._found

    async def leave(self) -> None:
        """Give back the connections of the loop that runs, if there are some."""
        if hasattr(self._found, "leave_remote"):
            await self._found.leave_remote()

    def forget(self) -> None:
        """Give the connections back, if there are some; those of a loop are given back there before."""
        with self._lock:
            if self._found is not None and hasattr(self._found, "close_remote"):
                self._found.close_remote()
            self._found = None


def depends(
    on: Any = None, *, url: str | None = None, deployment: str | None = None, cluster: str | None = None
) -> Any:
    """Call another service: `other = treering.depends(Other)`, then `self.other.method(...)`.

    Args:
        on: The service. Without an address it runs in the same process, unless the server keeps it apart.
        url: Where it answers; then `on` is needed for its types only.
        deployment: Not known here: give its address.

    Raises:
        InvalidInput: If neither a service nor an address is given.
        NotSupported: If a deployment of a cloud is named.
    """
    if deployment is not None or cluster is not None:
        msg = f"The deployment {deployment!r} is one of BentoCloud's. Give its address: treering.depends(url=...)."
        raise NotSupported(msg)
    if on is None and url is None:
        msg = "A dependency names a service or its address: treering.depends(Other) or treering.depends(url=...)."
        raise InvalidInput(msg)
    if on is not None and not hasattr(on, "apis"):
        msg = f"{on!r} is no service: decorate its class with @treering.service."
        raise InvalidInput(msg)
    return Dependency(on, url=url)


def elsewhere(addresses: Mapping[str, str]) -> None:
    """Say which services are run by others, by name; before anything asks for them."""
    PROCESS.elsewhere = dict(addresses)


def is_elsewhere(name: str) -> bool:
    """Whether somebody else runs a service."""
    return name in PROCESS.elsewhere


def instances() -> Mapping[str, Any]:
    """The instances of services in this process that others depend on, by name."""
    return PROCESS.here
