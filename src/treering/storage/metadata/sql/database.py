"""Opens a database by its URI and puts the stores on it."""

from __future__ import annotations

from treering.core.errors import TreeringError
from treering.storage.metadata.base import MetadataStore
from treering.storage.metadata.grid.plain import PlainGrid
from treering.storage.metadata.sql.datasets import SqlDatasets
from treering.storage.metadata.sql.deployments import SqlDeployments
from treering.storage.metadata.sql.dialects import connect, dialect_of
from treering.storage.metadata.sql.experiments import SqlExperiments
from treering.storage.metadata.sql.feed import SqlFeed
from treering.storage.metadata.sql.governance import SqlGovernance
from treering.storage.metadata.sql.logged_models import SqlLoggedModels
from treering.storage.metadata.sql.model_versions import SqlModelVersions
from treering.storage.metadata.sql.outbox import SqlOutbox
from treering.storage.metadata.sql.registered_models import SqlRegisteredModels
from treering.storage.metadata.sql.relations import SqlRelations
from treering.storage.metadata.sql.runs import SqlRuns
from treering.storage.metadata.sql.series import SqlSeries
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.upkeep import SqlUpkeep
from treering.storage.metadata.sql.views import SqlViews
from treering.storage.metadata.sql.webhooks import SqlWebhooks

__all__ = ["open_sql"]


def open_sql(uri: str) -> MetadataStore:
    """The database at `uri`; a new or older one gets the present schema first.

    Raises:
        InvalidInput: If `uri` is malformed.
        MissingExtra: If the database's driver is not installed.
        Unavailable: If the database cannot be reached.
        SchemaMismatch: If a newer Treering, or another program, made its tables.
    """
    dialect, url = dialect_of(uri)
    session = Session(connect(dialect, url), dialect)
    try:
        session.prepare()
    except TreeringError:
        session.close()
        raise
    runs, feed = SqlRuns(session), SqlFeed(session)
    return MetadataStore(
        experiments=SqlExperiments(session),
        runs=runs,
        grid=PlainGrid(runs, feed.versions),
        series=SqlSeries(session),
        datasets=SqlDatasets(session),
        logged_models=SqlLoggedModels(session),
        registered_models=SqlRegisteredModels(session),
        model_versions=SqlModelVersions(session),
        upkeep=SqlUpkeep(session),
        webhooks=SqlWebhooks(session),
        views=SqlViews(session),
        relations=SqlRelations(session),
        governance=SqlGovernance(session),
        outbox=SqlOutbox(session),
        deployments=SqlDeployments(session),
        database=session,
        feed=feed,
    )
