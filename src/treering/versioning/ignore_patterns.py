"""One line of an ignore file, and what it matches: gitignore's language, as DVC applies it.

Written anew, because the package pathspec takes longer to load than a whole command
should, and because each of its larger versions broke those who stand on it. The tests
compare with it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

__all__ = ["Pattern", "broken_line", "escape", "read_pattern", "read_patterns"]

# The pieces of a segment; an open bracket that is never closed is none.
_PIECE = re.compile(
    r"\\(?P<quoted>.)|(?P<any>\*+)|(?P<one>\?)|\[(?P<set>[!^]?+\]?+[^\]]*)\]|(?P<plain>[^\\\[])", re.DOTALL
)
_MAGIC = re.compile(r"[*?\[\]\\]")
_SPECIAL = re.compile(r"([*?\[\]\\!#])")
_SET_MARK = re.compile(r"[\\\[&|~]")
_NEVER = re.compile(r"(?!)")


class Pattern(NamedTuple):
    """A line that is neither empty nor a comment.

    Attributes:
        text: The line.
        line: Its number, from 1.
        ignores: False where it takes back what a line before it ignored.
        dirs_only: Whether it speaks of directories alone.
        literal: What it names where it needs no regular expression, without slashes at the ends.
        kind: What `literal` is: "name" at any depth, "path" from the file's folder, "suffix" of a name at
            any depth; "" where there is none.
        nested: Whether the file lies in a folder below the root.
    """

    text: str
    line: int
    ignores: bool
    dirs_only: bool
    literal: str
    kind: str
    nested: bool = False

    @property
    def regex(self) -> re.Pattern[str]:
        """Matches, from its beginning, a path relative to the file's folder, and what lies below it.

        That of a directory is tried with and without a slash behind it.
        """
        return _regex(self.text if self.ignores else self.text[1:], nested=self.nested) or _NEVER

    def matches(self, path: str, *, is_dir: bool) -> bool:
        """Whether the line speaks of a path, which is relative to the file's folder."""
        if not is_dir:
            return not self.dirs_only and self.regex.match(path) is not None
        return self.regex.match(path) is not None or self.regex.match(f"{path}/") is not None


def read_patterns(text: bytes, *, nested: bool = False) -> list[Pattern]:
    """The patterns of a file, which may lie in a folder below the root. Spaces at both ends of a line do not count, even where they are escaped, as in DVC."""
    lines = text.decode("utf-8-sig", "surrogateescape").splitlines()
    found = (read_pattern(line.strip(), number, nested=nested) for number, line in enumerate(lines, start=1))
    return [pattern for pattern in found if pattern is not None]


def broken_line(text: bytes) -> tuple[int, str] | None:
    """The first line that ends with a backslash which escapes nothing, with its number: DVC stops at it."""
    for number, line in enumerate(text.decode("utf-8-sig", "surrogateescape").splitlines(), start=1):
        stripped = line.strip()
        if not stripped.startswith("#") and (len(stripped) - len(stripped.rstrip("\\"))) % 2:
            return number, stripped
    return None


def read_pattern(text: str, line: int = 1, *, nested: bool = False) -> Pattern | None:
    """The pattern of one line; None for one that is empty, a comment, or no pattern at all."""
    if not text or text.startswith("#") or text == "/":
        return None
    ignores = not text.startswith("!")
    body = text if ignores else text[1:]
    if not body:
        return None
    literal, kind = _literal(body)
    if not kind and _regex(body, nested=nested) is None:
        return None
    return Pattern(text, line, ignores, body.endswith("/"), literal, kind, nested)


def escape(name: str) -> str:
    """The pattern of just this name."""
    return _SPECIAL.sub(r"\\\1", name)


def _literal(body: str) -> tuple[str, str]:
    inner = body.removesuffix("/")
    if inner.startswith("*") and not _MAGIC.search(inner, 1) and "/" not in inner and len(inner) > 1:
        return inner[1:], "suffix"
    if _MAGIC.search(inner) or "//" in inner:
        return "", ""
    name = inner.removeprefix("/")
    return name, "path" if "/" in inner else "name"


@lru_cache(1024)
def _regex(body: str, *, nested: bool) -> re.Pattern[str] | None:
    segments = body.split("/")
    is_dir = segments[-1] == ""
    if segments[0] == "":
        segments = segments[1:]
    elif len(segments) - is_dir == 1 and segments[0] != "**":
        # A name alone is looked for at any depth.
        segments = ["**", *segments]
    if not segments:
        return None
    if segments[-1] == "":
        segments[-1] = "**"
    segments = [one for at, one in enumerate(segments) if not (one == "**" and at and segments[at - 1] == "**")]
    if segments in (["**"], ["**", "*"]) and (nested or not is_dir):
        return re.compile(".", re.DOTALL)
    if segments in (["**"], ["**", "*"], ["**", "*", "**"]) and not nested:
        # Anything at all, with a slash behind it: DVC never finds it in the root, because it looks at the front of a path.
        return _NEVER
    try:
        return re.compile(_joined(segments))
    except (_NoPatternError, re.error):
        # Git, too, passes over what is no pattern.
        return None


class _NoPatternError(ValueError):
    """A bracket is never closed, or nothing follows a backslash."""


def _joined(segments: list[str]) -> str:
    last = len(segments) - 1
    parts: list[str] = []
    slash = ""
    for at, segment in enumerate(segments):
        if segment == "**":
            parts.append("(?:.+/)?" if at == 0 else "/" if at == last else "(?:/.+)?")
            slash = "" if at == 0 else "/"
            continue
        parts.append(slash + _segment(segment))
        slash = "/"
    if segments[-1] != "**":
        # What lies below is meant, too.
        parts.append("(?:/|$)")
    return "".join(parts)


def _segment(segment: str) -> str:
    if segment == "*":
        return "[^/]+"
    parts: list[str] = []
    at = 0
    while at < len(segment):
        found = _PIECE.match(segment, at)
        if found is None:
            raise _NoPatternError
        at = found.end()
        parts.append(_piece(found))
    return "".join(parts)


def _piece(found: re.Match[str]) -> str:
    if found.lastgroup == "any":
        return "[^/]*" * len(found["any"])
    if found.lastgroup == "one":
        return "[^/]"
    if found.lastgroup == "set":
        # What is said to mean more in sets of a later Python is meant as it is.
        inside = _SET_MARK.sub(r"\\\g<0>", found["set"]).replace("--", r"-\-")
        return f"[^{inside[1:]}]" if inside[:1] in {"!", "^"} else f"[{inside}]"
    return re.escape(found[found.lastgroup or 0])
