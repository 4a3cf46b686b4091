"""`treering.data.profile`: what a table looks like, as a value, as a page and in the active run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from treering.client.columns_of_data import given_table
from treering.client.content_calls import log_text
from treering.core.clock import now
from treering.core.errors import DamagedData, InvalidInput
from treering.core.whole_files import write_whole
from treering.monitoring.profiles.making import profile_of
from treering.monitoring.profiles.profile import Finding, Profile, from_json, merge, to_json
from treering.monitoring.profiles.report import to_html

__all__ = ["DataProfile", "profile"]

_FOLDER = "profiles"


class DataProfile:
    """The profile of a table.

    Attributes:
        profile: All that was counted.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    def __repr__(self) -> str:
        return f"<profile of {self.profile.name}: {self.rows:,} rows, {len(self.profile.columns)} columns>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the page, apart from the notebook's own style."""
        page = to_html(self.profile).replace("&", "&amp;").replace('"', "&quot;")
        return (
            f'<iframe sandbox srcdoc="{page}" style="width:100%;height:640px;border:0" title="Data profile"></iframe>'
        )

    @property
    def rows(self) -> int:
        """How many rows the table has."""
        return self.profile.rows

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.profile.columns)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What somebody should look at, the worst first."""
        return self.profile.findings

    def __getitem__(self, column: str) -> Any:
        """One column's profile. Raises InvalidInput."""
        return self.profile.column(column)

    def merge(self, other: DataProfile) -> DataProfile:
        """The profile of the rows of both; the other one has to have been made with `against=` this one. Raises InvalidInput."""
        return DataProfile(merge(self.profile, other.profile))

    def to_json(self, path: str | Path | None = None) -> str:
        """The profile as JSON, also written to a file if one is named."""
        text = to_json(self.profile)
        if path is not None:
            write_whole(_with_folder(path), text.encode())
        return text

    def to_html(self, path: str | Path | None = None) -> str:
        """The profile as a page that stands alone, also written to a file if one is named."""
        page = to_html(self.profile)
        if path is not None:
            write_whole(_with_folder(path), page.encode())
        return page

    @staticmethod
    def from_json(text: str | bytes | Path) -> DataProfile:
        """The profile of which `to_json` made the text, or the file. Raises DamagedData."""
        where = "The profile"
        if isinstance(text, Path):
            where, text = str(text), text.read_bytes()
        return DataProfile(from_json(text, where))


def profile(
    data: Any,
    target: str | None,
    name: str | None,
    against: DataProfile | str | Path | None,
    log: bool,  # noqa: FBT001  # handed on in order
) -> DataProfile:
    """See `treering.data.profile`."""
    table = given_table(data)
    known = _against(against)
    found = profile_of(name or table.name, table.coded_pieces, target=target or "", against=known, created=now())
    made = DataProfile(found)
    if log:
        stem = (name or table.name).replace("/", "_").replace("\\", "_")
        log_text(made.to_json(), f"{_FOLDER}/{stem}.json")
        log_text(made.to_html(), f"{_FOLDER}/{stem}.html")
    return made


def _against(given: DataProfile | str | Path | None) -> Profile | None:
    if given is None or isinstance(given, DataProfile):
        return None if given is None else given.profile
    path = Path(given)
    if not path.is_file():
        msg = f"There is no profile at {str(path)!r}. Write one with `to_json`, or `treering data profile --json`."
        raise InvalidInput(msg)
    try:
        return from_json(path.read_bytes(), str(path))
    except DamagedData as error:
        raise InvalidInput(error.message) from error


def _with_folder(path: str | Path) -> Path:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    return target
