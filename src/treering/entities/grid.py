"""What a person's table of runs asks and is answered: rows at any offset, groups, keys, values, and changes in bulk.

A *field* is a term of the search grammar, such as `attributes.status`, "params.`lr`"
or "metrics.`val/loss`.min".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from treering.entities.lifecycle import View

__all__ = [
    "Cell",
    "ChangedRuns",
    "Figures",
    "GroupOrder",
    "GroupOrdering",
    "GroupsQuery",
    "KeyKind",
    "KeysQuery",
    "RowsQuery",
    "RunAction",
    "RunGroup",
    "RunGroups",
    "RunKey",
    "RunKeys",
    "RunRows",
    "RunValue",
    "RunValues",
    "RunsChange",
    "Statistic",
    "ValuesQuery",
]

Cell = str | int | float | None
"""The value that a run has for a field; None for none."""


@dataclass(frozen=True, slots=True)
class RowsQuery:
    """Which rows of the table of all runs that match.

    Attributes:
        order_by: As of a Query; the order is always total.
        offset: How many rows are passed over.
        columns: Fields to show.
        parent: None for all that match; "" for those without a parent, or whose parent is not among the runs
            of these experiments and this view; a run's id for its direct children.
    """

    experiment_ids: Sequence[str]
    filter: str = ""
    order_by: Sequence[str] = ()
    view: View = View.ACTIVE_ONLY
    offset: int = 0
    limit: int = 200
    columns: Sequence[str] = ()
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class RunRows:
    """Rows column by column; all but `columns` have one entry for each row.

    Attributes:
        total: How many rows there are in all.
        parents: What the tag `mlflow.parentRunId` says, "" for nothing.
        children: How many direct children a run has in these experiments and this view, whether they match or not.
        columns: For each field asked for, the cells of the rows.
        version: Another one when anything in the experiments has changed.
    """

    total: int
    run_ids: Sequence[str]
    names: Sequence[str]
    statuses: Sequence[str]
    experiment_ids: Sequence[str]
    start_times: Sequence[int]
    end_times: Sequence[int | None]
    users: Sequence[str]
    active: Sequence[bool]
    parents: Sequence[str]
    children: Sequence[int]
    columns: Sequence[Sequence[Cell]]
    version: str


class Statistic(StrEnum):
    """A figure of many numbers, NaN left aside; `STD` is the deviation of a sample."""

    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    STD = "std"
    MEDIAN = "median"


class GroupOrdering(StrEnum):
    """What groups are ordered by: how many runs they have, the values they share, or a figure of a column."""

    COUNT = "count"
    VALUE = "value"
    COLUMN = "column"


@dataclass(frozen=True, slots=True)
class GroupOrder:
    """How groups are ordered; ties go by the values, ascending, and what has none comes last in both directions.

    Attributes:
        column: Of the columns asked for, from 0; it matters for `COLUMN` alone, as `aggregate` does.
    """

    by: GroupOrdering = GroupOrdering.COUNT
    column: int = 0
    aggregate: Statistic = Statistic.MEAN
    descending: bool = True


@dataclass(frozen=True, slots=True)
class GroupsQuery:
    """How the runs that match are gathered into groups.

    Attributes:
        by: Fields; the runs of a group have the same value for each of them, or none.
        columns: Fields whose numbers are summed up for each group.
        members: How many run ids of each group to list, the newest first.
    """

    experiment_ids: Sequence[str]
    by: Sequence[str]
    filter: str = ""
    view: View = View.ACTIVE_ONLY
    columns: Sequence[str] = ()
    order: GroupOrder = field(default_factory=GroupOrder)
    offset: int = 0
    limit: int = 100
    members: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """What many numbers come to, NaN left aside.

    Attributes:
        count: How many they are; at least one.
        deviation: Of a sample; None for one number.
    """

    count: int
    mean: float
    minimum: float
    maximum: float
    deviation: float | None
    median: float


@dataclass(frozen=True, slots=True)
class RunGroup:
    """Runs that have the same values.

    Attributes:
        filter: Finds the runs of exactly this group among those that match; never empty.
        columns: For each column asked for; None where no run of the group has a number.
    """

    values: Sequence[Cell]
    count: int
    run_ids: Sequence[str]
    filter: str
    columns: Sequence[Figures | None]


@dataclass(frozen=True, slots=True)
class RunGroups:
    """Some of the groups.

    Attributes:
        total: How many groups there are.
        runs: How many runs match in all.
        version: As of RunRows.
    """

    total: int
    runs: int
    groups: Sequence[RunGroup]
    version: str


class KeyKind(StrEnum):
    """What runs have values for."""

    METRIC = "metric"
    PARAM = "param"
    TAG = "tag"
    ATTRIBUTE = "attribute"


@dataclass(frozen=True, slots=True)
class KeysQuery:
    """Which keys the active runs have.

    Attributes:
        text: What a key contains, in whichever case.
    """

    experiment_ids: Sequence[str]
    text: str = ""
    kinds: Sequence[KeyKind] = tuple(KeyKind)
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class RunKey:
    """A key that active runs have.

    Attributes:
        field: How it is written in filters and columns.
        runs: How many of them have it.
        distinct: How many texts there are, at most 1000; 0 for metrics and times.
        numeric: Whether all values are numbers.
        minimum: Of the numbers, NaN left aside; None where there is none or not all are. So `maximum`.
    """

    kind: KeyKind
    key: str
    field: str
    runs: int
    distinct: int
    numeric: bool
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True)
class RunKeys:
    """Keys that contain what was asked for, the most frequent first; `total` counts all of them."""

    keys: Sequence[RunKey]
    total: int
    version: str


@dataclass(frozen=True, slots=True)
class ValuesQuery:
    """Which texts the active runs have for a field.

    Attributes:
        text: What a value contains, in whichever case.
    """

    experiment_ids: Sequence[str]
    field: str
    text: str = ""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class RunValue:
    """A text, and how many runs have it."""

    value: str
    runs: int


@dataclass(frozen=True, slots=True)
class RunValues:
    """Texts that contain what was asked for, the most frequent first; `total` counts all of them."""

    values: Sequence[RunValue]
    total: int


class RunAction(StrEnum):
    """What is done to many runs."""

    DELETE = "delete"
    RESTORE = "restore"
    SET_TAGS = "set_tags"
    DELETE_TAGS = "delete_tags"


@dataclass(frozen=True, slots=True)
class RunsChange:
    """One thing to be done to many runs.

    Attributes:
        run_ids: These; None for all of `experiment_ids` that `filter` finds in `view`, on all pages.
        except_run_ids: Of those that are found, the ones to leave alone.
        tags: For SET_TAGS.
        keys: For DELETE_TAGS; a run that lacks one is no error.
    """

    action: RunAction
    run_ids: Sequence[str] | None = None
    experiment_ids: Sequence[str] = ()
    filter: str = ""
    view: View = View.ACTIVE_ONLY
    except_run_ids: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    keys: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ChangedRuns:
    """Runs that were changed; those that were deleted or restored already are not among them."""

    run_ids: Sequence[str]
    total: int
