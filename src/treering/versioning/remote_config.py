"""Remotes in the config: add, list, change, rename and remove them, and say which is the default one."""

from __future__ import annotations

from typing import NamedTuple

from treering.versioning.config import LEVELS
from treering.versioning.config_edit import ConfigPlace, Level, editing
from treering.versioning.errors import ConfigMistake, UnknownRemote

__all__ = [
    "RemoteLine",
    "add_remote",
    "default_remote",
    "list_remotes",
    "modify_remote",
    "remove_remote",
    "rename_remote",
    "set_default_remote",
]


class RemoteLine(NamedTuple):
    """A remote in a list."""

    name: str
    url: str
    is_default: bool


def add_remote(
    place: ConfigPlace, name: str, url: str, *, level: str = "", default: bool = False, force: bool = False
) -> None:
    """Add a remote.

    Args:
        place: Where the config is.
        name: Kept in lower case.
        url: A relative path counts from the current folder.
        level: Which file; the repository's, unless given.
        default: Whether it becomes the default remote.
        force: Whether it may take the place of one of the same name.

    Raises:
        ConfigMistake: If there is one of that name, or nothing speaks the scheme of the URL.
    """
    name = name.lower()
    if not name or '"' in name or "\n" in name:
        msg = f"{name!r} cannot be the name of a remote. Take letters, digits, - and _."
        raise ConfigMistake(msg)
    with editing(place, level) as edited:
        if edited.has("remote", name) and not force:
            msg = f"There is a remote {name!r} already. Use --force to overwrite it."
            raise ConfigMistake(msg)
        edited.clear("remote", name)
        edited.set("remote", "url", url, name)
        if default:
            edited.set("core", "remote", name)


def list_remotes(place: ConfigPlace, level: str = "") -> list[RemoteLine]:
    """All remotes with their URLs as they are used; or those of one level.

    Raises:
        ConfigMistake: If a config file is not well formed.
    """
    if level:
        place.file(level)
    urls: dict[str, str] = {}
    default = ""
    for dotted, value in place.read().items(level):
        section, _, rest = dotted.partition(".")
        if section == "remote":
            name, _, option = rest.rpartition(".")
            urls.setdefault(name, "")
            if option == "url":
                urls[name] = str(value)
        elif dotted == "core.remote":
            default = str(value).lower()
    return [RemoteLine(name, url, name == default) for name, url in urls.items()]


def modify_remote(place: ConfigPlace, name: str, option: str, value: str | None, level: str = "") -> None:
    """Set an option of a remote, or take it out.

    Args:
        place: Where the config is.
        name: Of the remote; it may be configured in a lower level than the one that is changed.
        option: Its name.
        value: None takes it out; one that is not there is no mistake.
        level: Which file; the repository's, unless given.

    Raises:
        UnknownRemote: If there is no such remote.
        ConfigMistake: If such a remote has no such option, or it does not take that value.
    """
    name = name.lower()
    with editing(place, level) as edited:
        if not edited.has("remote", name) and name not in _below(place, level):
            raise _unknown(name, [*_below(place, level), *edited.names("remote")])
        if value is None:
            edited.unset("remote", option.lower(), name)
        else:
            edited.set("remote", option.lower(), value, name)


def default_remote(place: ConfigPlace, level: str = "") -> str:
    """The name of the default remote; "" without one.

    Raises:
        ConfigMistake: If a config file is not well formed.
    """
    if level:
        place.file(level)
    return str(dict(place.read().items(level)).get("core.remote", ""))


def set_default_remote(place: ConfigPlace, name: str, level: str = "") -> None:
    """Say which remote is used where none is named; "" says none.

    Raises:
        UnknownRemote: If there is no such remote in this level and those below.
        ConfigMistake: If a config file is not well formed.
    """
    name = name.lower()
    with editing(place, level) as edited:
        if not name:
            edited.unset("core", "remote")
        elif edited.has("remote", name) or name in _below(place, level):
            edited.set("core", "remote", name)
        else:
            raise _unknown(name, [*_below(place, level), *edited.names("remote")])


def remove_remote(place: ConfigPlace, name: str, level: str = "") -> None:
    """Take a remote out of one level, and what leads to it there and in those above.

    What the levels above say of it, such as its passwords, goes too: it would be no remote any more.

    Raises:
        UnknownRemote: If it is not in this level.
        ConfigMistake: If a config file is not well formed.
    """
    name = name.lower()
    with editing(place, level) as edited:
        if not edited.has("remote", name):
            raise _unknown(name, edited.names("remote"))
        edited.drop("remote", name)
        _forget_default(edited, name)
    known = name in _below(place, level)
    for above in _above(place, level):
        with editing(place, above, check=False) as edited:
            if not known and edited.get("remote", "url", name) is None:
                edited.drop("remote", name)
            _forget_default(edited, name)


def rename_remote(place: ConfigPlace, name: str, new: str, level: str = "") -> None:
    """Give a remote another name, there and in the levels above.

    Raises:
        UnknownRemote: If it is not in this level.
        ConfigMistake: If there is one of the new name.
    """
    name, new = name.lower(), new.lower()
    if any(line.name == new for line in list_remotes(place)):
        msg = f"There is a remote {new!r} already. Remove it first, or choose another name."
        raise ConfigMistake(msg)
    with editing(place, level) as edited:
        if not edited.has("remote", name):
            raise _unknown(name, edited.names("remote"))
        _rename(edited, name, new)
    for above in _above(place, level):
        with editing(place, above, check=False) as edited:
            _rename(edited, name, new)


def _rename(edited: Level, name: str, new: str) -> None:
    edited.rename("remote", name, new)
    if str(edited.get("core", "remote") or "").lower() == name:
        edited.set("core", "remote", new)


def _forget_default(edited: Level, name: str) -> None:
    if str(edited.get("core", "remote") or "").lower() == name:
        edited.unset("core", "remote")


def _below(place: ConfigPlace, level: str) -> list[str]:
    """The remotes of the levels below one."""
    config = place.read()
    below = LEVELS[: LEVELS.index(level or "repo")]
    return [name for lower in below for name in config.levels.get(lower, {}).get("remote", {})]


def _above(place: ConfigPlace, level: str) -> list[str]:
    files = place.read().files
    return [above for above in LEVELS[LEVELS.index(level or "repo") + 1 :] if above in files and files[above].exists()]


def _unknown(name: str, known: list[str]) -> UnknownRemote:
    there = f" There are: {', '.join(dict.fromkeys(known))}." if known else " None is configured there."
    return UnknownRemote(f"There is no remote {name!r}.{there}")
