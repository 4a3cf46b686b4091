"""Files that PyTorch writes, read so that they run no code unless the user wants it.

A pickle is read by PyTorch's own reader for weights, which knows a list of names;
classes of PyTorch's layers are added to the list, because they hold nothing but
numbers. A traced graph is an archive of which each part is looked at beforehand.
"""

from __future__ import annotations

import io
import json
import pickle
import pickletools
import warnings
import zipfile
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

from treering.core.errors import DamagedData, MissingExtra
from treering.models.safety.asking import ask_to_run

if TYPE_CHECKING:
    from treering.models.load_options import LoadOptions

__all__ = ["is_script", "modules_in", "read_graph", "read_pickle", "unknown_names"]

# What layers of PyTorch keep as their activation.
_FUNCTIONS = {f"torch.nn.functional.{name}" for name in ("gelu", "relu", "silu", "tanh", "leaky_relu", "elu", "selu")}
_LAYERS = "torch.nn.modules."
_DAMAGED = (RuntimeError, pickle.UnpicklingError, EOFError, KeyError, ValueError, TypeError, AttributeError, IndexError)
# Plain text of one line, which no pickle is.
_TEXTS = {"archive_format", "archive_version", "byteorder", "version", "serialization_id"}
_LONGEST_TEXT = 64
_PAYLOADS = ("data/weights/", "data/constants/")
_RAW = ("weight_", "tensor_")
# Python's own modules under the names of Python 2, which the protocol of these pickles uses.
_BUILTINS = {"__builtin__", "copy_reg"}


def is_script(path: Path) -> bool:
    """Whether the file is a TorchScript program. Raises DamagedData if it is no file of PyTorch's at all."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.partition("/")[2] == "constants.pkl" for name in archive.namelist())


def unknown_names(path: Path, trust: Iterable[str] = ()) -> list[str] | None:
    """The names in a pickle that reading would need beside the known ones; None if they cannot all be found out.

    Raises:
        DamagedData: If the file is none of PyTorch's.
    """
    try:
        found = get_unsafe_globals_in_checkpoint(path)
    except pickle.UnpicklingError:
        return None
    except ValueError:  # a file in the format that PyTorch had before 1.6
        return None
    except _DAMAGED as error:
        raise _damaged(path, error) from error
    return sorted(name for name in found if not _is_layer(name) and not _is_trusted(name, trust))


def read_pickle(path: Path, options: LoadOptions, place: Any = None) -> Any:
    """What `torch.save` wrote.

    Args:
        place: The device, as `map_location` of `torch.load`.

    Raises:
        PermissionDenied: If reading it could run code, and `options` forbid that.
        DamagedData: If the file is not what PyTorch writes, or needs a class that is not there.
        MissingExtra: If it needs a package that is not installed.
    """
    if is_script(path):
        return _read_script(path, options, place)
    unknown = unknown_names(path, options.trust)
    try:
        if unknown == []:
            known = [_found(name) for name in get_unsafe_globals_in_checkpoint(path)]
            with safe_globals(known):
                return torch.load(path, map_location=place, weights_only=True)
        _ask(path, f"it refers to {', '.join(unknown)}" if unknown else "it holds classes of its author's", options)
        return torch.load(path, map_location=place, weights_only=False)
    except ModuleNotFoundError as error:
        msg = f"The model needs the module {error.name!r}, which is not installed. See its requirements.txt."
        raise MissingExtra(msg) from error
    except _DAMAGED as error:
        raise _damaged(path, error) from error


def read_graph(path: Path, options: LoadOptions) -> Any:
    """What `torch.export.save` wrote, as a module. Raises as `read_pickle`."""
    try:
        with zipfile.ZipFile(path) as archive:
            unsafe = _unsafe_part(archive)
    except (zipfile.BadZipFile, OSError, UnicodeDecodeError) as error:
        raise _damaged(path, error) from error
    if unsafe:
        _ask(path, f"its part {unsafe!r} is no plain data", options)
    try:
        return torch.export.load(path).module()
    except _DAMAGED as error:
        raise _damaged(path, error) from error


def modules_in(path: Path) -> set[str]:
    """The modules that a pickle of `torch.save` refers to."""
    with zipfile.ZipFile(path) as archive:
        parts = [archive.read(name) for name in archive.namelist() if name.endswith("/data.pkl")]
    found = {
        str(argument).partition(" ")[0]
        for part in parts
        for code, argument, _ in pickletools.genops(part)
        if code.name == "GLOBAL"
    }
    return found - _BUILTINS


def _read_script(path: Path, options: LoadOptions, place: Any) -> Any:
    _ask(path, "it is a TorchScript program", options)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # PyTorch asks for graphs; this one was saved as it is
            return torch.jit.load(path, map_location=place)
    except _DAMAGED as error:
        raise _damaged(path, error) from error


def _ask(path: Path, why: str, options: LoadOptions) -> None:
    """Let code run if the user allows that; say so."""
    instead = "Saved with an input example and serialization_format='pt2', a network needs no code."
    ask_to_run(path, why, instead, options)


def _is_layer(name: str) -> bool:
    if name in _FUNCTIONS:
        return True
    if not name.startswith(_LAYERS):
        return False
    try:
        found = _found(name)
    except (ImportError, AttributeError):
        return False
    return isinstance(found, type) and issubclass(found, torch.nn.Module)


def _is_trusted(name: str, trust: Iterable[str]) -> bool:
    return any(name == one or (one.endswith(".*") and name.startswith(one[:-1])) for one in trust)


def _found(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


def _unsafe_part(archive: zipfile.ZipFile) -> str:
    """The first part of a traced graph that PyTorch would read as a pickle of anything, or as a library; "" if none."""
    names = archive.namelist()
    if len(set(names)) < len(names):
        return "several parts of one name"
    # PyTorch compresses nothing; what is compressed may be of any size.
    if packed := [one.filename for one in archive.infolist() if one.compress_type != zipfile.ZIP_STORED]:
        return packed[0]
    contents = {name: name.partition("/")[2] for name in names}
    raw = _raw_parts({contents[name]: archive.read(name) for name in names if name.endswith("_config.json")})
    for name, inner in contents.items():
        if inner in raw or name.endswith("/"):
            continue
        if not _is_plain(inner, archive.read(name)):
            return inner
    return ""


def _raw_parts(configs: dict[str, bytes]) -> set[str]:
    """The parts that hold the bytes of one tensor each, as the lists of weights and constants say."""
    found: set[str] = set()
    for name, content in configs.items():
        folder = next((one for one in _PAYLOADS if name.startswith(one)), None)
        listed = _json(content)
        if folder is None or not isinstance(listed, dict) or not isinstance(listed.get("config"), dict):
            continue
        for one in listed["config"].values():
            path = str(one.get("path_name", "")) if isinstance(one, dict) else ""
            if path.startswith(_RAW) and one.get("use_pickle") is False:
                found.add(folder + path)
    return found


def _is_plain(name: str, content: bytes) -> bool:
    if name.rpartition("/")[2] in _TEXTS:
        return len(content) <= _LONGEST_TEXT and content.strip().isascii() and b"\n" not in content.strip()
    if name.endswith(".json"):
        return _json(content) is not None
    try:
        if get_unsafe_globals_in_checkpoint(io.BytesIO(content)):
            return False
        torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (*_DAMAGED, zipfile.BadZipFile):
        return False
    return True


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _damaged(path: Path, error: Exception) -> DamagedData:
    said = str(error).partition("\n")[0]
    return DamagedData(
        f"The model {path} cannot be read: {said}. It may be damaged, or need other versions of its packages."
    )
