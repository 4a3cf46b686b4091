"""The config of a repository: DVC's files on four levels, merged, with types, and the remotes in it.

    system   /etc/xdg/dvc/config       lowest
    global   ~/.config/dvc/config
    repo     .dvc/config
    local    .dvc/config.local         highest

Changing a config is the module config_edit's work.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from treering.core.errors import PermissionDenied
from treering.core.log import logger
from treering.versioning.config_file import Sections, read_plain
from treering.versioning.config_schema import NAMED, PATHS, SECTIONS, check_remote, check_section, scheme_of
from treering.versioning.errors import ConfigMistake, UnknownRemote

__all__ = [
    "LEVELS",
    "Config",
    "Tree",
    "config_files",
    "merged",
    "read_config",
    "read_level",
    "read_sections",
    "site_cache",
    "tree_of",
]

LEVELS = ("system", "global", "repo", "local")
"""From the lowest to the highest precedence."""

Tree = dict[str, Any]
"""Options by section; in `remote`, `machine` and `db` there is a name between."""

_NAME = re.compile(r'\s*(remote|machine|db)\s*"(.*)"\s*')
_SCHEME = re.compile(r"\w+://")


@dataclass(frozen=True)
class Config:
    """What the files of all levels say together. It does not see changes of the files after it was read.

    Attributes:
        files: The file of each level, the lowest first; `repo` and `local` only inside of a repository.
        levels: What each file says, as text and lists of text; relative paths are made absolute.
        overrides: What counts more than the files, such as `--remote-config` of a command.
    """

    files: Mapping[str, Path]
    levels: Mapping[str, Tree]
    overrides: Tree = field(default_factory=dict)

    def section(self, name: str) -> Mapping[str, Any]:
        """The options of a section such as `core`, with their types, and defaults for what is not set.

        Raises:
            ConfigMistake: If any section of the config is wrong.
        """
        found: Mapping[str, Any] = self._checked.get(name, {})
        return found

    def get(self, section: str, option: str, default: Any = None) -> Any:
        """One option.

        Raises:
            ConfigMistake: As `section`.
        """
        return self.section(section).get(option, default)

    @property
    def remotes(self) -> Mapping[str, Mapping[str, Any]]:
        """All remotes by name, in the order in which they were first met."""
        return self.section("remote")

    @property
    def default_remote(self) -> str:
        """The remote of `core.remote`; "" without one. It need not exist."""
        return str(self.get("core", "remote", ""))

    def remote(self, name: str = "") -> Mapping[str, Any]:
        """The options of a remote; one whose URL is `remote://other/path` has the other's, too, and an own URL.

        Args:
            name: In any case; "" is the default remote.

        Raises:
            UnknownRemote: If there is none of that name, or none by default.
            ConfigMistake: As `section`; or if remotes refer to each other in a circle.
        """
        wanted = (name or self.default_remote).lower()
        if not wanted:
            known = f" Configured are: {', '.join(self.remotes)}." if self.remotes else ""
            msg = f"No remote is the default one.{known} Choose one with `-r NAME`, or add one with `remote add -d NAME URL`."
            raise UnknownRemote(msg)
        return check_remote(self._resolved(wanted, ()))

    def items(self, level: str = "") -> Iterator[tuple[str, Any]]:
        """All options as they are written, by dotted names such as `remote.store.url`: of one level, or merged."""
        tree = self.levels.get(level, {}) if level else self._merged
        for section, options in tree.items():
            if not isinstance(options, dict):
                yield section, options
                continue
            for option, value in options.items():
                if isinstance(value, dict):
                    yield from ((f"{section}.{option}.{inner}", item) for inner, item in value.items())
                else:
                    yield f"{section}.{option}", value

    def overridden(self, tree: Mapping[str, Mapping[str, Any]]) -> Config:
        """The same with options that count more than those of the files."""
        return replace(self, overrides=merged(self.overrides, tree))

    def check(self) -> None:
        """Look at all sections.

        Raises:
            ConfigMistake: If one is wrong.
        """
        self.section("core")

    @cached_property
    def _merged(self) -> Tree:
        tree = merged(*(self.levels[level] for level in LEVELS if level in self.levels), self.overrides)
        return {section: options for section, options in tree.items() if options}

    @cached_property
    def _checked(self) -> Tree:
        checked: Tree = {name: check_section(name, {}) for name in SECTIONS}
        for section, options in self._merged.items():
            if not isinstance(options, dict):
                origin = self._origin(section, "")
                msg = f"In the config file {origin}, {section!r} stands before any section. Put it below one, such as [core]."
                raise ConfigMistake(msg)
            if section in NAMED:
                checked[section] = {name: self._check(section, inner, name) for name, inner in options.items()}
            else:
                checked[section] = self._check(section, options)
        return checked

    def _check(self, section: str, options: Any, name: str = "") -> dict[str, Any]:
        place = f'{section} "{name}"' if name else section
        try:
            if not isinstance(options, dict):
                msg = 'a name is missing, as in [remote "NAME"]'
                raise ConfigMistake(msg)  # noqa: TRY301 - the place is added to all alike
            checked = check_remote(options) if section == "remote" else check_section(section, options, name)
        except ConfigMistake as mistake:
            msg = f"Section [{place}] of {self._origin(section, name)} is wrong: {mistake}."
            raise ConfigMistake(msg) from None
        if section == "feature" and (ignored := options.keys() - checked.keys()):
            logger.warning("Config options that do nothing: %s", ", ".join(f"feature.{key}" for key in sorted(ignored)))
        return checked

    def _origin(self, section: str, name: str) -> str:
        """The files that say something of a section."""
        found = []
        for level, tree in self.levels.items():
            options = tree.get(section, {})
            if (name in options) if name else options:
                found.append(str(self.files[level]))
        return " and ".join(found) or "the command's own options"

    def _resolved(self, name: str, seen: tuple[str, ...]) -> dict[str, Any]:
        if name in seen:
            msg = f"The remotes {', '.join(seen)} refer to each other in a circle. Give one of them a URL of its own."
            raise ConfigMistake(msg)
        if name not in self.remotes:
            known = ", ".join(self.remotes) or "none"
            msg = f"There is no remote {name!r}. Configured are: {known}."
            raise UnknownRemote(msg)
        own: dict[str, Any] = self._merged["remote"][name]
        url = str(own["url"])
        if scheme_of(url) != "remote":
            return own
        other, _, path = url[len("remote://") :].partition("/")
        base = self._resolved(other.lower(), (*seen, name))
        return {**base, **own, "url": f"{base['url']}/{path.lstrip('/')}"}


def read_config(dvc_dir: Path | None, environ: Mapping[str, str], repo_text: str | None = None) -> Config:
    """The config for a repository; outside of one, of the machine and the user alone.

    Args:
        dvc_dir: The folder `.dvc`, absolute.
        environ: The variables of the process, which say where the folders of the machine and of the user are.
        repo_text: What to take for the content of `.dvc/config`, for instance that of another revision.

    Raises:
        ConfigMistake: If a file is not well formed. What it says is looked at later.
    """
    files = config_files(dvc_dir, environ)
    levels = {}
    for level, file in files.items():
        if level == "repo" and repo_text is not None:
            levels[level] = tree_of(read_sections(repo_text, str(file)), file)
        else:
            levels[level] = read_level(file)
    return Config(files, levels)


def read_level(file: Path) -> Tree:
    """What one file says, with absolute paths; nothing if there is no such file.

    Raises:
        ConfigMistake: If it is not well formed.
        PermissionDenied: If it may not be read.
    """
    try:
        text = file.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except UnicodeDecodeError as error:
        msg = f"The config file {file} is not UTF-8: {error}. Correct it by hand."
        raise ConfigMistake(msg) from error
    except PermissionError as error:
        msg = f"The config file {file} may not be read. Give yourself the permission, or set the DVC_*_CONFIG_DIR of another."
        raise PermissionDenied(msg) from error
    return tree_of(read_sections(text, str(file)), file)


def read_sections(text: str, origin: str) -> Sections:
    """The sections of a config file's text, as they are written there.

    Raises:
        ConfigMistake: If it is not well formed.
    """
    plain = read_plain(text)
    if plain is not None:
        return plain
    # ConfigObj takes longer to load than most config files to be understood without it.
    sections: Sections = import_module("treering.versioning.config_text").read_any(text, origin)
    return sections


def merged(*trees: Mapping[str, Any]) -> Tree:
    """One tree of several, where later ones count more. None of them is changed."""
    result: Tree = {"remote": {}, "machine": {}, "db": {}}
    for tree in trees:
        _merge(result, tree)
    return result


def config_files(dvc_dir: Path | None, environ: Mapping[str, str]) -> dict[str, Path]:
    """The file of each level, whether it exists or not."""
    files = {
        "system": Path(environ.get("DVC_SYSTEM_CONFIG_DIR") or _system_folder(environ)) / "config",
        "global": Path(environ.get("DVC_GLOBAL_CONFIG_DIR") or _user_folder(environ)) / "config",
    }
    if dvc_dir is not None:
        files |= {"repo": dvc_dir / "config", "local": dvc_dir / "config.local"}
    return files


def site_cache(config: Config, environ: Mapping[str, str]) -> Path:
    """The folder that all repositories of this machine share, which holds nothing that could not be made again."""
    given = environ.get("DVC_SITE_CACHE_DIR") or config.get("core", "site_cache_dir")
    if given:
        return Path(given).expanduser()
    if sys.platform == "win32":
        return Path(environ.get("PROGRAMDATA") or "C:/ProgramData", "iterative", "dvc", "Cache")
    return Path("/Library/Caches/dvc" if sys.platform == "darwin" else "/var/tmp/dvc")  # noqa: S108 - DVC's own place


def _system_folder(environ: Mapping[str, str]) -> Path:
    if sys.platform == "win32":
        return Path(environ.get("PROGRAMDATA") or "C:/ProgramData", "iterative", "dvc")
    if sys.platform == "darwin":
        return Path("/Library/Application Support/dvc")
    return Path((environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)[0], "dvc")


def _user_folder(environ: Mapping[str, str]) -> Path:
    home = Path(environ.get("HOME") or Path("~").expanduser())
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local", "iterative", "dvc")
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "dvc"
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "dvc")


def tree_of(sections: Sections, file: Path) -> Tree:
    """The options of a file by section and name, with absolute paths.

    An option that stands outside of any section is kept as it is, for whoever only shows what is there.
    """
    tree: Tree = {"remote": {}, "machine": {}, "db": {}}
    folder = file.parent
    for title, options in sections.items():
        if not isinstance(options, dict):
            tree[title] = options  # an option before the first section, which `check` refuses
            continue
        if found := _NAME.fullmatch(title):
            section, name = found[1], found[2]
            tree[section][name] = _absolute(section, options, folder)
        else:
            tree[title] = _absolute(title, options, folder)
    return tree


def _absolute(section: str, options: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    paths = PATHS.get(section, frozenset())
    return {
        option: _absolute_path(value, folder) if option in paths and isinstance(value, str) else value
        for option, value in options.items()
    }


def _absolute_path(path: str, folder: Path) -> str:
    if _SCHEME.match(path):
        return path
    expanded = os.path.expanduser(path)
    return expanded if os.path.isabs(expanded) else os.path.normpath(os.path.join(folder, path))


def _merge(into: dict[str, Any], tree: Mapping[str, Any]) -> None:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            inner = into.get(key)
            into[key] = inner = {} if not isinstance(inner, dict) else inner
            _merge(inner, value)
        else:
            into[key] = value
