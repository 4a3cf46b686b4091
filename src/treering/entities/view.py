"""Saved views: what a page showed, under a name."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MAX_VIEW_NAME", "MAX_VIEW_SEARCH", "NewView", "SavedView", "ViewChanges"]

MAX_VIEW_NAME = 200
"""Most characters of a view's name, and of the name of its page."""

MAX_VIEW_SEARCH = 20_000
"""Most characters of what a view keeps."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """What a page of the web workspace showed, so that it can be shown again.

    Attributes:
        experiment_id: "" for a view that fits all experiments.
        page: Which page, such as `workspace`.
        search: The query string of the page's address, without the question mark.
        is_default: Whether the page opens with it; true for at most one view of an experiment and page.
        owner: Who made it; "" where the server does not know its users.
        created: Milliseconds since the epoch, as is `updated`.
    """

    view_id: str
    experiment_id: str
    name: str
    page: str
    search: str
    is_default: bool
    owner: str
    created: int
    updated: int


@dataclass(frozen=True, slots=True)
class NewView:
    """What is asked for when a view is saved."""

    name: str
    search: str = ""
    experiment_id: str = ""
    page: str = "workspace"
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class ViewChanges:
    """What is to be changed; None leaves a value."""

    name: str | None = None
    search: str | None = None
    is_default: bool | None = None
