"""URIs: splitting them, joining paths to them, and the special ones that name runs and models."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from treering.core.errors import InvalidInput

__all__ = [
    "ModelUri",
    "RunsUri",
    "file_uri",
    "join",
    "local_path",
    "parse_model_uri",
    "parse_runs_uri",
    "scheme_of",
    "split_name",
]

_VERSION = re.compile(r"[0-9]{1,18}")
# Parsed by this module itself, which takes all that follows as it stands.
_LITERAL = {"models", "runs"}
_UNSAFE = re.compile(r"[%?#]")
_WINDOWS_DRIVE = re.compile(r"[a-zA-Z]:[\\/]")


def scheme_of(uri: str) -> str:
    """The scheme in lower case, without a `+driver`; a plain path has the scheme `file`.

    Raises:
        InvalidInput: If `uri` cannot be taken apart, for example because a bracket is left open.
    """
    if _WINDOWS_DRIVE.match(uri):
        return "file"
    scheme = _split(uri).scheme
    return scheme.partition("+")[0] or "file"


def file_uri(path: Path) -> str:
    """`path`, made absolute, as a `file://` URI."""
    return path.absolute().as_uri()


def local_path(uri: str) -> Path:
    """The path that a plain path or `file:` URI names.

    Raises:
        InvalidInput: If `uri` has another scheme, names another machine, or holds a zero byte.
    """
    if "\0" in uri or "%00" in uri:
        msg = f"{uri!r} holds a zero byte, which no path can. Remove it."
        raise InvalidInput(msg)
    if scheme_of(uri) != "file":
        msg = f"{uri!r} is not on this machine's disk. Give a path or a file: URI."
        raise InvalidInput(msg)
    if not uri.lower().startswith("file:"):
        try:
            return Path(uri).expanduser().absolute()
        except RuntimeError:  # `~name` where there is no such user: a name like any other
            return Path(uri).absolute()
    parts = _split(uri)
    if parts.netloc not in {"", "localhost"}:
        msg = f"{uri!r} names the machine {parts.netloc!r}. Write file:///path with three slashes for a local path."
        raise InvalidInput(msg)
    return Path(unquote(parts.path)).absolute()


def join(uri: str, *parts: str) -> str:
    """`uri` with relative paths added behind its own path; a query stays at the end.

    What would be read as something else than a path, such as `?` and `#`, is
    percent-encoded; not so in `runs:` and `models:` URIs, whose paths are taken literally.
    """
    added = [part.strip("/") for part in parts if part.strip("/")]
    if not added:
        return uri
    scheme = scheme_of(uri)
    if (scheme == "file" and not uri.lower().startswith("file:")) or scheme in _LITERAL:
        return posixpath.join(uri.rstrip("/") or uri[:1], *added)
    split = _split(uri)
    added = [quote(part) if scheme == "file" else _UNSAFE.sub(lambda found: quote(found[0]), part) for part in added]
    path = posixpath.join(split.path.rstrip("/") or "/", *added)
    rest = urlunsplit(("", "", path, split.query, split.fragment))
    # urlunsplit drops the empty authority of schemes that it does not know, so the front is kept as it was.
    front = uri[: len(split.scheme) + 1] + (
        f"//{split.netloc}" if uri[len(split.scheme) + 1 :].startswith("//") else ""
    )
    return front + rest


def split_name(uri: str) -> tuple[str, str]:
    """The folder that the file or folder at `uri` lies in, and its name there, decoded; the reverse of `join`."""
    scheme = scheme_of(uri)
    if (scheme == "file" and not uri.lower().startswith("file:")) or scheme in _LITERAL:
        root, _, name = uri.rstrip("/").rpartition("/")
        return root or "/", name
    split = _split(uri)
    parent, _, name = split.path.rstrip("/").rpartition("/")
    end = uri.index(split.path, len(split.scheme) + 1 + (2 + len(split.netloc) if split.netloc else 0))
    tail = f"?{split.query}" if split.query else ""
    return uri[:end] + (parent or "/") + tail, unquote(name)


@dataclass(frozen=True, slots=True)
class RunsUri:
    """`runs:/<run id>/<path>`."""

    run_id: str
    path: str


@dataclass(frozen=True, slots=True)
class ModelUri:
    """`models:/name/version`, `models:/name@alias`, `models:/name/stage` or `models:/m-<id>`.

    Exactly one of `model_id` and `name` is set; with `name`, one of `version`, `alias` and `stage`.
    `latest` is an alias. `path` is what follows, for a file inside the model.
    """

    name: str = ""
    version: int | None = None
    alias: str = ""
    stage: str = ""
    model_id: str = ""
    path: str = ""


def parse_runs_uri(uri: str) -> RunsUri:
    """Raises InvalidInput if `uri` does not have the form `runs:/<run id>[/<path>]`."""
    match = re.fullmatch(r"runs:/+([^/]+)(?:/(.*))?", uri)
    if not match:
        msg = f"Malformed URI {uri!r}. Write runs:/<run id>/<path of the artifact>."
        raise InvalidInput(msg)
    return RunsUri(match[1], (match[2] or "").strip("/"))


def parse_model_uri(uri: str) -> ModelUri:
    """Raises InvalidInput if `uri` has none of the forms that `ModelUri` lists."""
    match = re.fullmatch(r"models:/+(.+)", uri)
    text = match[1].strip("/") if match else ""
    if found := re.fullmatch(r"(m-[0-9a-f]{32})(?:/(.*))?", text):
        return ModelUri(model_id=found[1], path=found[2] or "")
    if found := re.fullmatch(r"([^/@]+)@([\w\-]+)(?:/(.*))?", text):
        return ModelUri(name=found[1], alias=found[2], path=found[3] or "")
    if found := re.fullmatch(r"([^/]+)/([^/]+)(?:/(.*))?", text):
        name, which, path = found[1], found[2], found[3] or ""
        if _VERSION.fullmatch(which):
            return ModelUri(name=name, version=int(which), path=path)
        if which.lower() == "latest":
            return ModelUri(name=name, alias="latest", path=path)
        return ModelUri(name=name, stage=which, path=path)
    msg = (
        f"Malformed URI {uri!r}. Write models:/<name>/<version>, models:/<name>@<alias>,"
        " models:/<name>/<stage> or models:/m-<id>."
    )
    raise InvalidInput(msg)


def _split(uri: str) -> SplitResult:
    try:
        return urlsplit(uri)
    except ValueError as error:
        msg = f"Malformed URI {uri!r}: {error}. Write scheme://host/path, or a plain path."
        raise InvalidInput(msg) from error
