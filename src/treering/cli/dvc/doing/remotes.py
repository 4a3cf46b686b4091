"""Verbs of remotes and of the cache's place."""

from __future__ import annotations

from treering.cli.dvc.call import Call
from treering.cli.dvc.place import config_place
from treering.versioning import remote_config
from treering.versioning.config_edit import OptionName, find_option, set_option, unset_option

__all__ = ["add", "cache_dir", "default", "list_remotes", "modify", "remove", "rename"]

_CACHE_DIR = OptionName("cache", "", "dir")


def add(call: Call) -> None:
    """Add a remote."""
    asked = call.options
    if asked.default:
        call.say(f"Setting '{asked.name.lower()}' as a default remote.")
    remote_config.add_remote(
        config_place(call, anywhere=True),
        asked.name,
        asked.url,
        level=_level(call),
        default=asked.default,
        force=asked.force,
    )


def default(call: Call) -> int:
    """Show, set or unset the default remote; 1 where there is none to show."""
    asked = call.options
    place = config_place(call, anywhere=True)
    if asked.unset:
        remote_config.set_default_remote(place, "", _level(call))
    elif asked.name is not None:
        remote_config.set_default_remote(place, asked.name, _level(call))
    else:
        name = remote_config.default_remote(place, _level(call))
        call.say(name or "No default remote set")
        return 0 if name else 1
    return 0


def modify(call: Call) -> None:
    """Set or remove an option of a remote."""
    asked = call.options
    value = None if asked.unset else (asked.value or "")
    remote_config.modify_remote(config_place(call, anywhere=True), asked.name, asked.option, value, _level(call))


def list_remotes(call: Call) -> None:
    """Print names and URLs."""
    found = remote_config.list_remotes(config_place(call, anywhere=True), _level(call))
    if call.wants_json:
        call.show([{"name": one.name, "url": one.url, "default": one.is_default} for one in found])
        return
    for one in found:
        text = f"{one.name}\t{one.url}"
        call.mark(f"{text}\t(default)" if one.is_default else text, "green" if one.is_default else "")


def remove(call: Call) -> None:
    """Remove a remote."""
    remote_config.remove_remote(config_place(call, anywhere=True), call.options.name, _level(call))


def rename(call: Call) -> None:
    """Rename a remote."""
    remote_config.rename_remote(config_place(call, anywhere=True), call.options.name, call.options.new, _level(call))


def cache_dir(call: Call) -> None:
    """Show or set where the cache is."""
    asked = call.options
    place = config_place(call, anywhere=True)
    if asked.unset:
        unset_option(place, _CACHE_DIR, _level(call))
    elif asked.value is not None:
        set_option(place, _CACHE_DIR, asked.value, _level(call))
    else:
        found = find_option(place, _CACHE_DIR, _level(call))
        if found is None:
            # Outside of a repository there is none, and this says so.
            place.file()
        call.say(str(found[1] if found else call.repo.cache_dir))


def _level(call: Call) -> str:
    return call.options.level or ""
