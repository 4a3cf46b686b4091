"""Settings in, working services out: the only place where implementations meet.

Holds no logic. The command line, the server and an embedded client start here.
"""

from __future__ import annotations

import errno
import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from treering.core.errors import InvalidInput, NotFound, NotSupported, PermissionDenied, StorageFull
from treering.core.home import make_home
from treering.core.person import user_name
from treering.core.settings import Settings
from treering.core.uri import file_uri, join, local_path, scheme_of
from treering.core.variables import process_variables
from treering.provenance.base import Lineage
from treering.provenance.service import open_lineage
from treering.registry.addresses import Addresses
from treering.registry.base import ModelRegistry
from treering.registry.seals import Secrets
from treering.registry.service import open_registry
from treering.registry.webhooks import Means, StoredWebhooks
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import MetadataStore
from treering.storage.metadata.columns.store import with_columns
from treering.storage.metadata.feed import RunFeed
from treering.storage.metadata.grouped import with_grouped_deliveries
from treering.storage.objects import STORES
from treering.storage.objects.base import ObjectStore, check_key
from treering.tracking.base import Tracking
from treering.tracking.service import open_tracking

if TYPE_CHECKING:  # types that most processes never need
    from treering.deployments.base import Deployments
    from treering.pipelines.view.base import RepositoryView

__all__ = ["PROXIED_ROOT", "Services", "open_services"]

PROXIED_ROOT = "mlflow-artifacts:/"
"""The artifact root of a server that takes and gives artifacts itself."""

_PROXIED = "mlflow-artifacts"
_KEPT_OPEN = 16
_PROBE = "treering-readiness-probe"


def _no_repository() -> RepositoryView:
    msg = "Only a server shows a repository. Ask it, or read the repository itself with `treering data`."
    raise NotSupported(msg)


def _no_deployments() -> Deployments:
    msg = "Deployments are not kept here. Use the embedded store, a database or a server."
    raise NotSupported(msg)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that handlers and clients work with.

    Attributes:
        open_artifacts: Opens the store below an artifact URI of a storage scheme. Without a
            host, `mlflow-artifacts:/x` is `x` in the place where a server on this
            home keeps what clients send through it.
        check: Raises a TreeringError when the database or the artifact store does not answer.
        close: Gives connections back; to be called once, last.
        shared: Whether other processes with the same settings see the same data.
        versions: For those of some experiments that exist, a text that is another one whenever their runs
            have changed, whoever changed them; costs next to nothing. None where that is not counted.
        keep_delivering: Sends messages to webhooks as they come due until the event is set; None where
            somebody else does.
        registry_of: The registry as a user changes it; None where it cannot be another one than the process's.
        deployments_of: The deployments, as `registry_of`.
        deployments: What is deployed; what it takes is loaded when it is first called.
        repository: The repository of data and pipelines that pages show; what it takes is loaded when it is first called.
    """

    settings: Settings
    tracking: Tracking
    registry: ModelRegistry
    lineage: Lineage
    open_artifacts: Callable[[str], ObjectStore]
    check: Callable[[], None]
    close: Callable[[], None]
    shared: bool = True
    versions: Callable[[Sequence[str]], Mapping[str, str]] | None = None
    repository: Callable[[], RepositoryView] = _no_repository
    keep_delivering: Callable[[threading.Event], None] | None = None
    registry_of: Callable[[str], ModelRegistry] | None = None
    deployments_of: Callable[[str], Deployments] | None = None
    deployments: Callable[[], Deployments] = _no_deployments

    def acting_for(self, user: str) -> Services:
        """The same services, whose changes are recorded as those of another user than the process's."""
        if self.registry_of is None:
            return self
        deployments = self.deployments if self.deployments_of is None else functools.partial(self.deployments_of, user)
        return replace(self, registry=self.registry_of(user), deployments=deployments)


def open_services(settings: Settings, home: Path, *, proxied: bool = False) -> Services:
    """The services on the database that `settings.backend_store_uri` names.

    An empty URI stands for `treering.db` in `home`, and a folder for the one in that
    folder, which then takes the place of `home`.

    Args:
        home: Where the embedded store lies; made where something has to be kept there.
        proxied: Whether new experiments keep their artifacts behind `PROXIED_ROOT`, for
            a server that gives them out itself; `settings.default_artifact_root` wins.

    Raises:
        UnknownPlugin: If there is no driver for the scheme of the database or of the artifacts; the
            message lists those there are.
        Unavailable: If the database cannot be reached.
        SchemaMismatch: If its schema is of a newer version of Treering.
    """
    database = settings.backend_store_uri
    if scheme_of(database) == "file":
        home = local_path(database) if database else home.absolute()
        database = _embedded_database(home)
    destination = settings.artifacts_destination or file_uri(home / "artifacts")
    root = settings.default_artifact_root or (PROXIED_ROOT if proxied else destination)
    open_artifacts = _artifacts(_absolute(destination))
    root_store = open_artifacts(_absolute(root))
    store = with_grouped_deliveries(METADATA.load(scheme_of(database))(database))
    store = with_columns(store, settings.search_memory_mb << 20)
    tracking = open_tracking(store, _absolute(root), truncate_long_values=settings.truncate_long_values)
    means = _webhook_means(settings)

    def registry_of(user: str) -> ModelRegistry:
        return open_registry(store, tracking, means, lambda: user, open_artifacts)

    user = settings.user or user_name()
    deployments_of = _deployments(store, home)
    return Services(
        settings,
        tracking,
        registry_of(user),
        open_lineage(store),
        open_artifacts,
        _check(store, root_store),
        store.database.close,
        store.database.shared,
        None if store.feed is None else _versions(store.feed),
        _repository(settings.repository, tracking),
        StoredWebhooks(store.webhooks, store.outbox, means).keep_delivering,
        registry_of,
        deployments_of,
        functools.partial(deployments_of, user),
    )


def _deployments(store: MetadataStore, home: Path) -> Callable[[str], Deployments]:
    def deployments_of(user: str) -> Deployments:
        # Most processes deploy nothing.
        module = import_module("treering.deployments.service")
        made: Deployments = module.near_deployments(store.deployments, home, lambda: user)
        return made

    return deployments_of


def _webhook_means(settings: Settings) -> Means:
    schemes = (scheme.strip().lower() for scheme in settings.webhook_allowed_schemes.split(","))
    return Means(
        Addresses(tuple(filter(None, schemes)), settings.webhook_allow_private_ips),
        Secrets(settings.webhook_secret_encryption_key),
        settings.webhook_retries,
        settings.webhook_timeout,
    )


def _embedded_database(home: Path) -> str:
    try:
        make_home(home)
    except FileExistsError as error:
        msg = f"{home} is a file. Give a folder, or the URI of a database such as sqlite:///{home}."
        raise InvalidInput(msg) from error
    except OSError as error:
        msg = f"The folder {home} cannot be made: {error.strerror}. Choose another with TREERING_HOME."
        raise (StorageFull(msg) if error.errno == errno.ENOSPC else PermissionDenied(msg)) from error
    return f"sqlite:///{(home / 'treering.db').as_posix()}"


def _absolute(uri: str) -> str:
    """A plain path as a URI that means the same in every working directory."""
    return file_uri(local_path(uri)) if scheme_of(uri) == "file" else uri


def _artifacts(destination: str) -> Callable[[str], ObjectStore]:
    # A client of a cloud takes tens of milliseconds to make, and a connection over SSH more.
    @functools.lru_cache(_KEPT_OPEN)
    def far(uri: str) -> ObjectStore:
        return STORES.load(scheme_of(uri))(uri)

    def open_artifacts(uri: str) -> ObjectStore:
        parts = urlsplit(uri)
        if scheme_of(uri) == _PROXIED and not parts.netloc:
            uri = join(destination, check_key(unquote(parts.path).strip("/")))
        return STORES.load("file")(uri) if scheme_of(uri) == "file" else far(uri)

    return open_artifacts


def _repository(named: str, tracking: Tracking) -> Callable[[], RepositoryView]:
    @functools.cache
    def repository() -> RepositoryView:
        # Most processes never show one, and what reads it takes time to load.
        module = import_module("treering.experiments.view")
        view: RepositoryView = module.ShownRepository(named, Path(), process_variables(), tracking)
        return view

    return repository


def _versions(feed: RunFeed) -> Callable[[Sequence[str]], Mapping[str, str]]:
    def versions(experiment_ids: Sequence[str]) -> Mapping[str, str]:
        return {name: f"{stamp.version}.{stamp.purged}" for name, stamp in feed.stamps(experiment_ids).items()}

    return versions


def _check(store: MetadataStore, root: ObjectStore) -> Callable[[], None]:
    def check() -> None:
        store.database.check()
        with suppress(NotFound):  # is an answer, too
            root.stat(_PROBE)

    return check
