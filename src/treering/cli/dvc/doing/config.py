"""The verb `config`."""

from __future__ import annotations

from treering.cli.dvc.call import Call, Misuse
from treering.cli.dvc.place import config_place, shown_file
from treering.core.errors import InvalidInput
from treering.versioning.config import LEVELS
from treering.versioning.config_edit import ConfigPlace, OptionName, find_option, set_option, unset_option

__all__ = ["config"]

_WRONG_USAGE = 254


def config(call: Call) -> None:
    """Show, set or remove an option, or list them all."""
    asked = call.options
    place = config_place(call, anywhere=True)
    if asked.show_origin and (asked.value is not None or asked.unset):
        msg = "--show-origin goes with reading options: leave out --unset and the value."
        raise Misuse(msg, 1)
    if asked.list:
        if asked.name or asked.unset:
            msg = "--list shows all options: leave out --unset, the name and the value."
            raise Misuse(msg, 1)
        _list(call, place)
        return
    if asked.name is None:
        msg = "Say which option: section.option or remote.name.option. `--list` shows those that are set."
        raise Misuse(msg, 1)
    name = _parsed(asked.name)
    level = asked.level or ""
    if asked.unset:
        unset_option(place, name, level)
    elif asked.value is not None:
        set_option(place, name, asked.value, level)
        if str(name) == "cache.type":
            call.warn("Links that are there already stay as they are. Make them anew with: checkout --relink")
    else:
        _show(call, place, name)


def _parsed(name: str) -> OptionName:
    try:
        return OptionName.parse(name)
    except InvalidInput as error:
        raise Misuse(error.message, _WRONG_USAGE) from error


def _show(call: Call, place: ConfigPlace, name: OptionName) -> None:
    found = find_option(place, name, call.options.level or "")
    if call.wants_json:
        call.show(None if found is None else {"name": str(name), "value": found[1], "file": str(place.file(found[0]))})
    elif found is not None:
        level, value = found
        call.give(f"{_origin(call, place, level)}{value}")


def _list(call: Call, place: ConfigPlace) -> None:
    read = place.read()
    if call.options.level:
        place.file(call.options.level)
    levels = [level for level in LEVELS if level in read.levels and call.options.level in {None, level}]
    rows = [(level, name, value) for level in levels for name, value in read.items(level)]
    if call.wants_json:
        call.show([{"name": name, "value": value, "file": str(place.file(level))} for level, name, value in rows])
        return
    for level, name, value in rows:
        call.give(f"{_origin(call, place, level)}{name}={value}")


def _origin(call: Call, place: ConfigPlace, level: str) -> str:
    return f"{shown_file(place, level)}\t" if call.options.show_origin else ""
