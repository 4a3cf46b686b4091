"""Config files through ConfigObj: reads whatever it reads, and writes as DVC writes, with the comments kept."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from configobj import ConfigObj, ConfigObjError

from treering.core.whole_files import write_whole
from treering.versioning.config_file import Sections
from treering.versioning.errors import ConfigMistake

__all__ = ["read_any", "write_sections"]

# DVC writes sections without names first, and those with names behind them in this order.
_NAMED = ('remote "', 'machine "', 'db "')


def read_any(text: str, origin: str) -> Sections:
    """The sections of a file, with names in lower case; nested sections come as mappings, for the schema to refuse.

    Raises:
        ConfigMistake: If it is not well formed. `origin` says in the message where it stands.
    """
    parsed = _parsed(text, origin)
    try:
        return _lowered(parsed.dict())
    except ConfigObjError as error:  # a value that is to be put together of others, and cannot be
        raise _unreadable(origin, error) from error


def write_sections(file: Path, old: str, sections: Sections) -> None:
    """Replace a file in one step by one with these sections; comments of the old text stay where what they comment on stays.

    Raises:
        ConfigMistake: If the old text is not well formed, or a value is one that would not be read as it was written.
    """
    before = _parsed(old, str(file))
    after = ConfigObj(encoding="utf-8", interpolation=False, indent_type="    ")
    after.initial_comment, after.final_comment = before.initial_comment, before.final_comment
    places = {name.lower(): name for name in before.sections}
    for name in _in_order(name for name, options in sections.items() if options):
        after[name] = {}
        if name in places:
            after.comments[name] = before.comments[places[name]]
            after.inline_comments[name] = before.inline_comments[places[name]]
        _fill(after[name], sections[name], before[places[name]] if name in places else None)
    output = BytesIO()
    try:
        after.write(output)
    except ConfigObjError as error:
        msg = f"A value cannot stand in a config file: {error} Choose another one."
        raise ConfigMistake(msg) from error
    _read_back(output.getvalue().decode(), sections, str(file))
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, output.getvalue())


def _read_back(text: str, sections: Sections, origin: str) -> None:
    read = read_any(text, origin)
    for title, options in sections.items():
        for option, value in options.items():
            if read.get(title, {}).get(option) != (value if isinstance(value, list) else str(value)):
                msg = f"{value!r} cannot stand in a config file, as the value of {option} in [{title}]. Choose another one."
                raise ConfigMistake(msg)


def _fill(section: Any, options: dict[str, object], before: Any) -> None:
    keys = {} if before is None else {key.lower(): key for key in before.scalars}
    for option, value in options.items():
        section[option] = value
        if option in keys:
            section.comments[option] = before.comments[keys[option]]
            section.inline_comments[option] = before.inline_comments[keys[option]]


def _in_order(names: Iterable[str]) -> list[str]:
    def rank(name: str) -> int:
        return next((place for place, start in enumerate(_NAMED) if name.startswith(start)), -1)

    return sorted(names, key=rank)


def _parsed(text: str, origin: str) -> ConfigObj:
    try:
        return ConfigObj(text.splitlines(), encoding="utf-8", interpolation="%(" in text)
    except ConfigObjError as error:
        raise _unreadable(origin, error) from error


def _lowered(tree: dict[str, Any]) -> dict[str, Any]:
    return {key.lower(): _lowered(value) if isinstance(value, dict) else value for key, value in tree.items()}


def _unreadable(origin: str, error: ConfigObjError) -> ConfigMistake:
    return ConfigMistake(f"The config file {origin} cannot be read: {str(error).rstrip('.')}. Correct it by hand.")
