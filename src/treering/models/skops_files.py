"""Models in files of skops, which name their types: those on the list of what is harmless are read without a word."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import skops.io
from skops.io.exceptions import UnsupportedTypeException, UntrustedTypesFoundException

from treering.core.errors import DamagedData, InvalidInput, PermissionDenied, TreeringError
from treering.models.load_options import LoadOptions
from treering.models.requirements import is_installed
from treering.models.safety.names import Allowed
from treering.models.safety.own import is_own
from treering.models.safety.unpacking import unpacked_size

__all__ = ["dump", "load"]

_FAILED = (
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error, LookupError, TypeError, ValueError, AttributeError),
    *(ImportError, RuntimeError, MemoryError),
)


def load(path: Path, named: Iterable[str], options: LoadOptions, allowed: tuple[str, ...] = ()) -> Any:
    """The object in the file at `path`.

    Args:
        named: The types that the MLmodel file wants to be trusted; so they are with the user's word.
        allowed: Types that models of the flavour hold beside what every model may, as for `pickles.load`.

    Raises:
        PermissionDenied: If there are other types in it, and `options` do not allow that.
        DamagedData: If the file is none, or needs a class that is not there.
    """
    free = options.allow_code or is_own(path, options.own)
    try:
        if free:
            return skops.io.load(path, trusted=list(named))
        with zipfile.ZipFile(path) as archive:
            unpacked_size(archive, path)
        known = Allowed.standard(allowed, options.trust)
        needed = skops.io.get_untrusted_types(file=path)
        return skops.io.load(path, trusted=[name for name in needed if _is_known(name, known)])
    except UntrustedTypesFoundException as error:
        raise _untrusted(path, error, free=free) from error
    except TreeringError:
        raise
    except _FAILED as error:
        msg = f"The model {path} cannot be read: {error}. It may be damaged, or need other versions of its packages."
        raise DamagedData(msg) from error


def dump(model: Any, path: Path, named: Iterable[str], own: Iterable[str]) -> tuple[list[str] | None, frozenset[str]]:
    """Write `model`, and tell which types a reader has to trust, and which modules it needs.

    Args:
        named: Types to trust beside those that are found.
        own: Packages whose code is saved beside the model.

    Raises:
        InvalidInput: If skops cannot hold it.
    """
    known = set(own)
    try:
        skops.io.dump(model, path)
        trusted = sorted({*skops.io.get_untrusted_types(file=path), *named})
        lost = [name for name in trusted if not is_installed(name) and name.partition(".")[0] not in known]
        if not lost:
            skops.io.load(path, trusted=trusted)
    except (UnsupportedTypeException, TypeError, ValueError, AttributeError, KeyError, ImportError) as error:
        msg = f"{type(model).__name__} cannot be saved with skops: {error}"
        raise InvalidInput(msg) from error
    if lost:
        msg = f"The types {', '.join(lost)} come from no installed package."
        raise InvalidInput(msg)
    return trusted or None, _modules(path)


def _modules(path: Path) -> frozenset[str]:
    with zipfile.ZipFile(path) as archive:
        pending: list[Any] = [json.loads(archive.read("schema.json"))]
    found: set[str] = set()
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if isinstance(node.get("__module__"), str):
                found.add(node["__module__"])
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return frozenset(found)


def _is_known(name: str, known: Allowed) -> bool:
    module, _, last = name.rpartition(".")
    # The words come first, because importing a module runs it.
    if not known.has(module, last):
        return False
    try:
        return known.admits(module, last, getattr(import_module(module), last))
    except (ImportError, AttributeError):
        return True  # reading the file says so


def _untrusted(path: Path, error: Exception, *, free: bool) -> Exception:
    if free:
        msg = f"The MLmodel file does not trust all types in {path.name}: {error}. Save the model again."
        return DamagedData(msg)
    msg = (
        f"{path.name} holds types that could run code, so it was not read: {error} If you trust who made the model,"
        " load it with trust=[...] of those types or trust=True, or set TREERING_ALLOW_MODEL_CODE=true."
    )
    return PermissionDenied(msg)
