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
from treering.models.safety.graphs import foreign_part

if TYPE_CHECKING:
    from treering.models.load_options import LoadOptions

__all__ = ["is_script", "modules_in", "read_graph", "read_pickle", "unknown_names", "unsafe_part"]

# What layers of PyTorch keep as their activation.
_FUNCTIONS = {f"torch.nn.functional.{name}" for name in ("gelu", "relu", "silu", "tanh", "leaky_relu", "elu", "selu")}
_LAYERS = "torch.nn.modules."
_DAMAGED = (
    *(RuntimeError, pickle.UnpicklingError, EOFError, KeyError, ValueError, TypeError, AttributeError, IndexError),
    *(AssertionError, MemoryError),
)
# Plain text of one line, which no pickle is.
_TEXTS = {"archive_format", "archive_version", "byteorder", "version", ".data/version", ".data/serialization_id"}
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
    if zipfile.is_zipfile(path):
        _check_extent(path, path)
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
    if unsafe := unsafe_part(path):
        _ask(path, f"its part {unsafe} is no plain data", options)
    try:
        return torch.export.load(path).module()
    except Exception as error:
        # Each step over the description can fail in a way of its own.
        raise _damaged(path, error) from error


def unsafe_part(path: Path) -> str:
    """The first part of a traced graph that PyTorch would run, read as a pickle of anything or load as a library.

    Raises:
        DamagedData: If the file is no archive of PyTorch's.
    """
    _check_extent(path, path)
    try:
        # Nobody else may read the archive for it: two readers can find different parts in one file.
        archive = torch.PyTorchFileReader(str(path))
        parts = {name: archive.get_record(name) for name in archive.get_all_records()}
    except _DAMAGED as error:
        raise _damaged(path, error) from error
    raw = _raw_parts({name: content for name, content in parts.items() if name.endswith("_config.json")})
    for name, content in parts.items():
        if name in raw:
            continue
        if name.endswith(".json"):
            described = _json(content)
            if described is None or (found := foreign_part(described)):
                return repr(name) if described is None else f"{name!r} ({found})"
        elif not _is_plain(name, content):
            return repr(name)
    return ""


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


def _check_extent(source: Any, path: Path) -> None:
    """Refuse an archive that is not packed as PyTorch packs it, which may unpack to any size.

    Raises:
        DamagedData: If it is such a one, or none.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            parts = archive.infolist()
            held = archive.start_dir
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise _damaged(path, error) from error
    packed = any(one.compress_type != zipfile.ZIP_STORED for one in parts)
    shared = len({one.filename for one in parts}) < len(parts) or sum(one.file_size for one in parts) > held
    if packed or shared or (parts and min(one.header_offset for one in parts)):
        msg = f"The model {path} is packed in a way in which PyTorch packs nothing. It may be damaged, and is not read."
        raise DamagedData(msg)


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
    if name in _TEXTS:
        return len(content) <= _LONGEST_TEXT and content.strip().isascii() and b"\n" not in content.strip()
    try:
        _check_extent(io.BytesIO(content), Path(name))
        if get_unsafe_globals_in_checkpoint(io.BytesIO(content)):
            return False
        torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (*_DAMAGED, DamagedData):
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
