"""A report of what a model's files could do to who loads them. Nothing of them is run or imported.

It is for people and for gates. What keeps a pickle from doing harm is the
unpickler that loads it, which has the same list.
"""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from treering.core.errors import DamagedData, InvalidInput, NotFound, TooLarge
from treering.models import mlmodel
from treering.models.safety.graphs import foreign_part
from treering.models.safety.layers import LONGEST_MARK, code_in, has_code_in_text
from treering.models.safety.names import Allowed
from treering.models.safety.pickled import Findings, findings_of
from treering.models.safety.questions import questions
from treering.models.safety.tables import BY_FLAVOUR
from treering.models.safety.walking import Limits, Member, kind_of, may_be_pickle, members

__all__ = ["CODE", "FORBIDDEN", "REFUSED", "SAFE", "UNREADABLE", "Finding", "Report", "scan"]

SAFE = "safe"
"""All that it refers to is on the list."""
CODE = "code"
"""Code of the model's maker, in plain sight: it runs when the model is loaded."""
REFUSED = "refused"
"""It refers to what is not on the list."""
UNREADABLE = "unreadable"
"""It cannot be looked into, so it is not known to be safe."""
FORBIDDEN = "forbidden"
"""It would reach out of the model's folder, or outgrow the limits."""


_LAYER = "It has a layer that holds code."


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of one file.

    Attributes:
        path: In the model's folder; behind each `!` inside of an archive.
        names: What it refers to that is not on the list.
    """

    path: str
    kind: str
    verdict: str
    names: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a model.

    Attributes:
        files: How many files were looked at, those in archives among them.
        findings: Those that can hold code, or that something is wrong with.
    """

    path: str
    files: int
    findings: tuple[Finding, ...] = field(default=())

    @property
    def is_safe(self) -> bool:
        """Whether the model can be loaded without anybody's word."""
        return all(finding.verdict == SAFE for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "path": self.path,
            "safe": self.is_safe,
            "files": self.files,
            "findings": [asdict(finding) for finding in self.findings],
        }


def scan(path: Path, trust: Iterable[str] = (), limits: Limits | None = None) -> Report:
    """Look into the file or model folder at `path`.

    Args:
        trust: Names that may be referred to beside those on the list, or `package.*` for all classes of one.

    Raises:
        NotFound: If nothing is there.
    """
    if path.is_file():
        allowed = Allowed.standard(trust)
        count, found = _look(path, path.name, allowed, limits)
        return Report(str(path), count, tuple(found))
    if not path.is_dir():
        msg = f"There is no file or folder {path}. Give the folder that a model was saved to, or one file of it."
        raise NotFound(msg)
    findings, flavours = _mlmodel(path, trust) if (path / mlmodel.FILE_NAME).is_file() else ([], ())
    allowed = Allowed.standard(trust, *(BY_FLAVOUR.get(name, ()) for name in flavours))
    total = 0
    for top, folders, names in os.walk(path):
        for name in sorted([*folders, *names]):
            inner = Path(top, name)
            shown = inner.relative_to(path).as_posix()
            if inner.is_symlink() and not inner.resolve().is_relative_to(path.resolve()):
                reason = f"It is a link to {inner.resolve()}, outside of the model."
                findings.append(Finding(shown, "link", FORBIDDEN, reason=reason))
            elif inner.is_file():
                count, found = _look(inner, shown, allowed, limits)
                total += count
                findings += found
        folders.sort()
    return Report(str(path), total, tuple(sorted(findings, key=lambda one: one.path)))


def _look(path: Path, shown: str, allowed: Allowed, limits: Limits | None) -> tuple[int, list[Finding]]:
    findings: list[Finding] = []
    count = 0
    try:
        for member in members(path, limits):
            count += 1
            name = shown + member.name.removeprefix(path.name)
            if finding := _judge(Member(name, member.file), allowed):
                findings.append(finding)
    except TooLarge as error:
        findings.append(Finding(shown, "archive", FORBIDDEN, reason=str(error)))
    except DamagedData as error:
        outside = "outside" in str(error) or "device" in str(error)
        findings.append(Finding(shown, "archive", FORBIDDEN if outside else UNREADABLE, reason=str(error)))
    except OSError as error:
        findings.append(Finding(shown, "file", UNREADABLE, reason=str(error)))
    return count, findings


def _judge(member: Member, allowed: Allowed) -> Finding | None:
    name = member.name.rstrip("!").rpartition("!")[2].rpartition("/")[2]
    suffix = PurePosixPath(name).suffix.lower()
    head = member.file.read(512)
    member.file.seek(0)
    if name in _GRAPHS:
        return Finding(member.name, "graph", CODE, reason="A graph of TensorFlow, which can read and write files.")
    if suffix in _BY_SUFFIX:
        kind, verdict, reason = _BY_SUFFIX[suffix]
        return Finding(member.name, kind, verdict, reason=reason)
    if suffix == ".json" and "!" in member.name:
        return _description(member, name, allowed)
    if head.startswith(b"\x93NUMPY"):
        return _array(member, allowed)
    if head.startswith(b"\x89HDF\r\n"):
        return _legacy_keras(member)
    # The name of an archive says nothing of it, but the first file's name in a tar could be a pickle.
    return _pickle(member, allowed) if may_be_pickle("" if kind_of(member.file) else name, head) else None


_GRAPHS = {"saved_model.pb", "saved_model.pbtxt"}
_BY_SUFFIX: dict[str, tuple[str, str, str]] = {
    ".py": ("python", CODE, "Python code, which runs when the model is loaded."),
    ".pyc": ("python", CODE, "Compiled Python code, which runs when the model is loaded."),
    ".so": ("binary", CODE, "A program library, which runs when it is loaded."),
    ".dll": ("binary", CODE, "A program library, which runs when it is loaded."),
    ".dylib": ("binary", CODE, "A program library, which runs when it is loaded."),
}


def _pickle(member: Member, allowed: Allowed) -> Finding | None:
    found = findings_of(member.file)
    if "!" in member.name and member.name.endswith("/data.pkl"):
        allowed = allowed.with_torch()  # PyTorch reads such a file itself
    by_name = may_be_pickle(member.name, b"")
    if found.problem and not found.names and not by_name and "!" in member.name:
        return None  # the bytes of a tensor, which begin like a pickle by chance
    return _pickle_finding(member.name, "pickle", found, allowed)


def _pickle_finding(path: str, kind: str, found: Findings, allowed: Allowed) -> Finding:
    wrong = tuple(sorted(f"{module}.{name}" for module, name in found.names if not allowed.has(module, name)))
    if wrong:
        return Finding(path, kind, REFUSED, wrong, "It refers to what is not on the list of what a model may use.")
    if found.problem:
        return Finding(path, kind, UNREADABLE, reason=f"It cannot be read to its end: {found.problem}")
    if found.calls_objects:
        return Finding(path, kind, REFUSED, reason="It calls objects that it has made itself.")
    return Finding(path, kind, SAFE)


def _array(member: Member, allowed: Allowed) -> Finding | None:
    try:
        header = _npy_header(member.file)
    except (ValueError, SyntaxError, IndexError) as error:
        return Finding(member.name, "array", UNREADABLE, reason=f"It is no array of NumPy: {error}")
    if "O" not in str(header.get("descr")):
        return None
    return _pickle_finding(member.name, "array of objects", findings_of(member.file), allowed)


def _npy_header(file: IO[bytes]) -> dict[str, Any]:
    """The header of an array; the file is left at its data."""
    major = file.read(8)[6]
    width = 2 if major == 1 else 4
    found = ast.literal_eval(file.read(int.from_bytes(file.read(width), "little")).decode("utf-8", "replace"))
    return found if isinstance(found, dict) else {}


def _description(member: Member, name: str, allowed: Allowed) -> Finding | None:
    """A description in an archive, by the name that the frameworks give it."""
    if name == "schema.json":
        return _skops(member, allowed)
    if name == "config.json":
        return _keras(member)
    return _graph(member) if "/models/" in member.name.rpartition("!")[2] else None


def _skops(member: Member, allowed: Allowed) -> Finding | None:
    try:
        schema = json.load(member.file)
    except ValueError as error:
        return Finding(member.name, "skops", UNREADABLE, reason=f"Its description is no JSON: {error}")
    if "__loader__" not in str(schema)[:10_000]:
        return None
    found = {f"{module}.{name}" for module, name in _skops_types(schema) if not _skops_trusts(module, name, allowed)}
    if found:
        reason = "It holds types that are not on the list of what a model may use."
        return Finding(member.name, "skops", REFUSED, tuple(sorted(found)), reason)
    return Finding(member.name, "skops", SAFE)


def _skops_types(schema: Any) -> Iterable[tuple[str, str]]:
    pending = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            module, name = node.get("__module__"), node.get("__class__")
            if isinstance(module, str) and isinstance(name, str):
                content = node.get("content")
                # A function or a type is told by what it holds, not by what it is.
                if name in {"function", "type"} and isinstance(content, dict):
                    module, name = str(content.get("module_path")), str(content.get("function"))
                yield module, name
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)


def _skops_trusts(module: str, name: str, allowed: Allowed) -> bool:
    return module in {"builtins", "None"} or module.startswith("skops.") or allowed.has(module, name)


def _graph(member: Member) -> Finding:
    """A traced graph of PyTorch's: parts of it become Python."""
    try:
        found = foreign_part(json.load(member.file))
    except (ValueError, RecursionError) as error:
        return Finding(member.name, "graph", UNREADABLE, reason=f"It is no JSON: {error}")
    if found:
        return Finding(member.name, "graph", REFUSED, (found,), "It holds what PyTorch would run, beside operators.")
    return Finding(member.name, "graph", SAFE)


def _keras(member: Member) -> Finding | None:
    """The description of a Keras model."""
    try:
        config = json.load(member.file)
    except (ValueError, RecursionError):
        return None
    if found := code_in(config):
        return Finding(member.name, "keras", CODE, (found,), _LAYER)
    return Finding(member.name, "keras", SAFE) if isinstance(config, dict) and "class_name" in config else None


def _legacy_keras(member: Member) -> Finding | None:
    tail = b""
    while block := member.file.read(1 << 20):
        if has_code_in_text(tail + block):
            return Finding(member.name, "keras", CODE, ("keras.layers.Lambda",), _LAYER)
        tail = block[-LONGEST_MARK:]
    return None


def _mlmodel(folder: Path, trust: Iterable[str]) -> tuple[list[Finding], tuple[str, ...]]:
    """What the MLmodel file lets happen, and the flavours that it names."""
    try:
        model = mlmodel.read(folder)
    except (DamagedData, InvalidInput) as error:
        return [_of_mlmodel(UNREADABLE, str(error))], ()
    findings = []
    if reason := _check_paths(folder, model):
        findings.append(_of_mlmodel(FORBIDDEN, reason))
    if reason := _check_loader(model):
        findings.append(_of_mlmodel(CODE, reason))
    try:
        findings += [_of_mlmodel(CODE, reason) for reason in questions(folder, model, trust)]
    except (DamagedData, OSError) as error:
        findings.append(_of_mlmodel(UNREADABLE, str(error)))
    return findings, tuple(model.flavours)


def _of_mlmodel(verdict: str, reason: str) -> Finding:
    return Finding(mlmodel.FILE_NAME, "MLmodel", verdict, reason=reason)


def _check_paths(folder: Path, model: mlmodel.MLModel) -> str:
    for name in mlmodel.named_files(model):
        try:
            mlmodel.inside(folder, name)
        except DamagedData as error:
            return str(error)
    return ""


def _check_loader(model: mlmodel.MLModel) -> str:
    loader = str(model.flavours.get(mlmodel.PYTHON_FUNCTION, {}).get("loader_module") or "mlflow.")
    if loader.startswith(("mlflow.", "treering.")):
        return ""
    return f"It is loaded by the module {loader!r} of its maker, which runs when the model is loaded."
