"""Changes of config files: one level at a time, checked before they are written, in DVC's form, with comments kept."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

from treering.core.errors import InvalidInput
from treering.versioning.config import LEVELS, Config, config_files, read_config, read_level, read_sections, tree_of
from treering.versioning.config_file import Sections
from treering.versioning.config_schema import NAMED, PATHS
from treering.versioning.config_text import write_sections
from treering.versioning.errors import ConfigMistake
from treering.versioning.locks import repository_lock

__all__ = ["ConfigPlace", "Level", "OptionName", "editing", "find_option", "set_option", "unset_option"]

_OPTION = re.compile(r"(?:(remote|db)\.)?([^.]*)\.([^.]*)")
_URL = re.compile(r"\w+://")


@dataclass(frozen=True, slots=True)
class ConfigPlace:
    """Where config files are.

    Attributes:
        dvc_dir: The folder `.dvc` of a repository; None outside of one.
        environ: The variables of the process.
    """

    dvc_dir: Path | None
    environ: Mapping[str, str]

    def file(self, level: str = "") -> Path:
        """The file of a level; of the repository's, unless one is named.

        Raises:
            ConfigMistake: If that is a level that only repositories have, and this is none.
        """
        files = config_files(self.dvc_dir, self.environ)
        name = level or "repo"
        if name not in files:
            msg = (
                "You are not inside of a DVC repository. Say --global or --system to change the config of all of yours."
            )
            raise ConfigMistake(msg)
        return files[name]

    def read(self) -> Config:
        """The config as it is now. Raises ConfigMistake."""
        return read_config(self.dvc_dir, self.environ)


class OptionName(NamedTuple):
    """The name of an option: `core.remote`, or `remote.store.url` with a name between."""

    section: str
    name: str
    option: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """What a user wrote.

        Raises:
            InvalidInput: If it has another form.
        """
        found = _OPTION.fullmatch(text)
        if found is None:
            msg = f"{text!r} names no option. Write section.option, remote.name.option or db.name.option."
            raise InvalidInput(msg)
        top, section, option = found[1], found[2].lower(), found[3].lower()
        return cls(top, section, option) if top else cls(section, "", option)

    def __str__(self) -> str:
        return ".".join(word for word in self if word)


@dataclass(slots=True)
class Level:
    """One config file while it is being changed.

    Attributes:
        file: Which.
        text: What stood there.
        sections: What is to stand there; paths as they are written.
    """

    file: Path
    text: str
    sections: Sections = field(default_factory=dict)

    def get(self, section: str, option: str, name: str = "") -> Any:
        """An option as it is written; None if it is not there."""
        return self.sections.get(_title(section, name), {}).get(option)

    def set(self, section: str, option: str, value: Any, name: str = "") -> None:
        """Set an option. A relative path counts from the current folder, and is kept relative to the file's."""
        if option in PATHS.get(section, ()) and isinstance(value, str):
            value = _kept(value, self.file.parent)
        self.sections.setdefault(_title(section, name), {})[option] = value

    def unset(self, section: str, option: str, name: str = "") -> None:
        """Take an option out, if it is there."""
        self.sections.get(_title(section, name), {}).pop(option, None)

    def names(self, section: str) -> list[str]:
        """The names of sections such as `remote`."""
        return list(tree_of(self.sections, self.file).get(section, {}))

    def has(self, section: str, name: str = "") -> bool:
        """Whether there is a section."""
        return _title(section, name) in self.sections

    def clear(self, section: str, name: str = "") -> None:
        """Take all options out of a section, whose place is kept for new ones."""
        if self.has(section, name):
            self.sections[_title(section, name)] = {}

    def drop(self, section: str, name: str = "") -> None:
        """Take a whole section out, if it is there."""
        self.sections.pop(_title(section, name), None)

    def rename(self, section: str, old: str, new: str) -> None:
        """Give a section another name; it stays in its place."""
        titles = {_title(section, old): _title(section, new)}
        self.sections = {titles.get(title, title): options for title, options in self.sections.items()}


@contextmanager
def editing(place: ConfigPlace, level: str = "", *, check: bool = True) -> Iterator[Level]:
    """Change one level; it is written when the block ends well, and only if something is different.

    Args:
        place: Where.
        level: `system`, `global`, `repo` or `local`; `repo` unless given.
        check: Whether what the levels up to this one then say together has to be what DVC accepts.

    Raises:
        ConfigMistake: If the file is not well formed, or what was made of it is refused; nothing is changed then.
    """
    file = place.file(level)
    if place.dvc_dir is None:
        yield from _edit(place, level or "repo", file, check=check)
        return
    with repository_lock(place.dvc_dir / "tmp" / "treering" / "config.lock", str(file)).hold():
        yield from _edit(place, level or "repo", file, check=check)


def set_option(place: ConfigPlace, name: OptionName, value: str, level: str = "") -> None:
    """Set one option.

    Raises:
        ConfigMistake: As `editing`.
    """
    with editing(place, level) as edited:
        edited.set(name.section, name.option, value, name.name)


def unset_option(place: ConfigPlace, name: OptionName, level: str = "") -> None:
    """Take one option out.

    Raises:
        ConfigMistake: As `editing`; or if it is not there.
    """
    with editing(place, level) as edited:
        if not edited.has(name.section, name.name):
            msg = (
                f"{edited.file} has no section [{_title(name.section, name.name)}]. `config --list` shows what is set."
            )
            raise ConfigMistake(msg)
        if edited.get(name.section, name.option, name.name) is None:
            msg = f"{edited.file} does not set {name}. `config --list --show-origin` shows what is set where."
            raise ConfigMistake(msg)
        edited.unset(name.section, name.option, name.name)


def find_option(place: ConfigPlace, name: OptionName, level: str = "") -> tuple[str, Any] | None:
    """The level that an option comes from, and its value as text; None if no level sets it.

    Args:
        place: Where.
        name: Which.
        level: Where alone to look.

    Raises:
        ConfigMistake: If it is not set in the level that was named.
    """
    if level:
        place.file(level)
    config = place.read()
    for candidate in [level] if level else reversed(LEVELS):
        for dotted, value in config.items(candidate) if candidate in config.levels else ():
            if dotted == str(name):
                return candidate, value
    if level:
        msg = f"{config.files[level]} does not set {name}."
        raise ConfigMistake(msg)
    return None


def _edit(place: ConfigPlace, level: str, file: Path, *, check: bool) -> Iterator[Level]:
    try:
        text = file.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        text = ""
    edited = Level(file, text, read_sections(text, str(file)))
    before = {title: _copy(options) for title, options in edited.sections.items()}
    yield edited
    edited.sections = {title: options for title, options in edited.sections.items() if options}
    if edited.sections == {title: options for title, options in before.items() if options}:
        return
    if check:
        _check(place, level, edited)
    write_sections(file, text, edited.sections)


def _copy(options: Any) -> Any:
    return dict(options) if isinstance(options, dict) else options


def _check(place: ConfigPlace, level: str, edited: Level) -> None:
    files = config_files(place.dvc_dir, place.environ)
    below = {name: read_level(files[name]) for name in LEVELS[: LEVELS.index(level)] if name in files}
    Config(files, {**below, level: tree_of(edited.sections, edited.file)}).check()


def _title(section: str, name: str) -> str:
    return f'{section} "{name}"' if section in NAMED else section


def _kept(path: str, folder: Path) -> str:
    if _URL.match(path) or os.path.isabs(path) or os.path.expanduser(path) != path:
        return path
    relative = os.path.relpath(path, folder)
    return relative if os.sep == "/" else relative.replace(os.sep, "/")
