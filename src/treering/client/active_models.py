"""Fluent calls on the active model: the logged model that this thread works for."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, fields
from types import TracebackType
from typing import Self

from treering.client.models import create_external_model, get_logged_model, search_logged_models
from treering.client.session import session
from treering.core.errors import InvalidInput
from treering.entities.model import LoggedModel

__all__ = ["ActiveModel", "clear_active_model", "get_active_model_id", "set_active_model"]


class _Active(threading.local):
    """The active model of each thread; None where the settings decide."""

    model_id: str | None = None


_active = _Active()


@dataclass(frozen=True, slots=True, eq=False)
class ActiveModel(LoggedModel):
    """A logged model that is the active one; as a context manager it gives way to the one before."""

    before: str | None = field(kw_only=True, default=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _active.model_id = self.before


def set_active_model(*, name: str | None = None, model_id: str | None = None) -> ActiveModel:
    """Make a logged model the active one of this thread.

    Args:
        name: The newest logged model of that name in the active experiment; one without files is made if there is none.

    Raises:
        InvalidInput: If neither is given, or the model with that id has another name.
        NotFound: If there is no model with that id.
    """
    if name is None and model_id is None:
        msg = "Name the active model: give name or model_id."
        raise InvalidInput(msg)
    model = get_logged_model(model_id) if model_id is not None else _named(name or "")
    if name is not None and model.name != name:
        msg = f"The model {model_id!r} is called {model.name!r}, not {name!r}. Leave one of the two out."
        raise InvalidInput(msg)
    known = {one.name: getattr(model, one.name) for one in fields(LoggedModel)}
    active = ActiveModel(**known, before=_active.model_id)
    _active.model_id = model.model_id
    return active


def get_active_model_id() -> str | None:
    """The active model of this thread, else what the setting `active_model_id` names, else None."""
    found = _active.model_id
    return (session().settings.active_model_id if found is None else found) or None


def clear_active_model() -> None:
    """Have no active model in this thread, whatever the settings say."""
    _active.model_id = ""


def _named(name: str) -> LoggedModel:
    quoted = name.replace("'", "''")
    found: list[LoggedModel] = search_logged_models(
        filter_string=f"name = '{quoted}'", max_results=1, output_format="list"
    )
    return found[0] if found else create_external_model(name=name)
