"""Compiling a model: converted to ONNX, held against the native one row by row, and kept only if they agree."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import metadata as installed
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from treering.core.errors import TreeringError
from treering.models import example, mlmodel
from treering.models.compiled import parity, record
from treering.models.compiled.converters import CONVERTERS, Attempt, Unconvertible
from treering.models.compiled.opening import FAILED, asker, session_of
from treering.models.compiled.record import FOLDER, MODEL, Column, Outcome, Record, digest_of
from treering.models.enforcement import enforce_input
from treering.models.flavours import FLAVOURS, LOADERS
from treering.models.light import LIGHT
from treering.models.load_options import LoadOptions
from treering.models.mlmodel import MLModel
from treering.models.tables import is_table

__all__ = ["compile_model"]

_INPUT = "X"
_VOTING = ("Forest", "Trees", "Bagging", "Neighbors")
_TOOLS = ("onnxruntime", "skl2onnx", "onnxmltools", "onnx")
_KINDS = {"b": "bool", "f": "float64", "i": "int64", "u": "int64"}

Predict = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Questions:
    """What both models are asked, with the native one's answers.

    Attributes:
        missing: Rows with missing numbers, which the native model answers; None if it refuses them.
    """

    predict: Predict
    rows: list[tuple[Any, Any]]
    missing: tuple[Any, Any] | None


def compile_model(folder: Path, loading: LoadOptions) -> Outcome:
    """Compile the model in `folder` into its folder `compiled`, or say why it is not.

    Raises:
        MissingExtra: If what converts models of its framework is not installed.
        TreeringError: If the model cannot be loaded.
    """
    model = mlmodel.read(folder)
    flavour = LOADERS.get(str(model.flavours.get(mlmodel.PYTHON_FUNCTION, {}).get("loader_module")), "")
    if flavour not in CONVERTERS.builtins:
        return Outcome(None, f"models of the flavour {flavour or 'unknown'} are not compiled")
    given = example.read(folder, model)
    if given is None:
        return Outcome(None, "it was saved without an example to compare answers on")
    data, params = given
    rows = enforce_input(data, model.signature.inputs if model.signature else None)
    columns = _columns(rows)
    if params or not columns:
        return Outcome(None, "it takes parameters, or other data than tables of numbers and texts")
    driver = FLAVOURS.load(flavour)
    native = driver.read(folder, model, loading)
    predictor = driver.predictor(native, folder, model, loading)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            asked = _questions(lambda one: predictor(one, {}), rows)
            method = str(model.python_function.get("predict_fn") or "predict")
            attempts = CONVERTERS.load(flavour)(native, columns, method)
            found, data_of_it = _proven(attempts, asked, _names(rows), _voters(native) if method == "predict" else ())
        except Unconvertible as error:
            return Outcome(None, str(error))
    return Outcome(_kept(folder, model, found, data_of_it))


def _questions(predict: Predict, rows: Any) -> _Questions:
    asked = [(one, _answer(predict, one)) for one in (rows, parity.more_rows(rows))]
    missing = parity.missing_rows(rows)
    answered = None
    if missing is not None:
        try:
            answered = (missing, _answer(predict, missing))
        except Unconvertible:
            answered = None
    strange = parity.strange_rows(rows)
    if strange is not None:
        # A model that refuses texts that it has not seen would be answered for by one that does not.
        asked.append((strange, _answer(predict, strange)))
    return _Questions(predict, asked, answered)


def _answer(predict: Predict, rows: Any) -> Any:
    try:
        found, failed = predict(rows), ""
    except Exception as error:  # noqa: BLE001 -- the model's own code
        found, failed = None, str(error)[:200]
    if failed:
        msg = f"the native model refuses rows like its example: {failed}"
        raise Unconvertible(msg)
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "OUSbfiu" or len(found) != len(rows):
        msg = "it does not answer with an array that has a row for each row"
        raise Unconvertible(msg)
    return found


def _proven(
    attempts: Iterator[Attempt], asked: _Questions, names: tuple[str, ...], classes: tuple[Any, ...]
) -> tuple[Record, bytes]:
    """The first attempt that agrees; raises Unconvertible, and says how near the nearest came, if none does."""
    nearest = float("inf")
    reason = "nothing came of converting it"
    for attempt in attempts:
        edges = _edges(attempt, asked)
        for output, pick, of in _outputs(attempt.proto, classes):
            data = _only(attempt.proto, output)
            try:
                session = session_of(data)
            except TreeringError as error:
                reason = str(error)
                continue
            made = replace(_draft(attempt, edges, names, output), pick=pick, classes=of)
            differing = _differing(session, made, edges)
            if differing <= 1.0:
                return _settled(made, session, edges, differing), data
            if differing < nearest:
                nearest, reason = (
                    differing,
                    f"its answers differ by {differing:.3g} times the tolerance of {parity.TOLERANCE:g}",
                )
            elif nearest == float("inf") and differing == nearest:
                reason = "its answers are others"
    raise Unconvertible(reason)


def _voters(native: Any) -> tuple[Any, ...]:
    """The classes of a model whose parts vote, and may be equal; () for others."""
    last = native.steps[-1][1] if hasattr(native, "steps") else native
    if not any(part in type(last).__name__ for part in _VOTING):
        return ()
    found = np.asarray(getattr(last, "classes_", ()))
    return tuple(found.tolist()) if found.ndim == 1 and found.dtype.kind in "OUSbiu" else ()


def _outputs(proto: Any, classes: tuple[Any, ...]) -> Iterator[tuple[str, int | None, tuple[Any, ...]]]:
    """What could be the answer: an output, one column of it, and the classes whose shares it tells."""
    if classes:
        yield from ((one.name, None, classes) for one in proto.graph.output if _rank(one) == 2)  # noqa: PLR2004 -- rows by classes
    for one in proto.graph.output:
        yield one.name, None, ()
        if _rank(one) == 2 and one.type.tensor_type.shape.dim[1].dim_value in {0, 2}:  # noqa: PLR2004 -- as above
            yield one.name, 1, ()


def _rank(output: Any) -> int:
    return len(output.type.tensor_type.shape.dim)


def _only(proto: Any, output: str) -> bytes:
    """The model with one output, so that nothing else is computed."""
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    for one in [one for one in copy.graph.output if one.name != output]:
        copy.graph.output.remove(one)
    found: bytes = copy.SerializeToString(deterministic=True)
    return found


def _draft(attempt: Attempt, asked: _Questions, names: tuple[str, ...], output: str) -> Record:
    answers = asked.rows[0][1]
    width = sum(one.width for one in attempt.columns)
    return Record(
        "onnx", "", {}, attempt.columns, width, names, False, output, None, (), answers.dtype.str, answers.shape[1:],
        sum(len(rows) for rows, _ in asked.rows), 0.0, parity.TOLERANCE, {},
    )  # fmt: skip


def _edges(attempt: Attempt, asked: _Questions) -> _Questions:
    """With rows at the thresholds of an attempt's trees."""
    found: dict[int, list[float]] = {}
    for node in attempt.proto.graph.node:
        if node.op_type.startswith("TreeEnsemble"):
            said = {one.name: one for one in node.attribute}
            values, places = said["nodes_values"].floats, said["nodes_featureids"].ints
            modes = said["nodes_modes"].strings
            for place, value, mode in zip(places, values, modes, strict=True):
                if mode != b"LEAF":
                    found.setdefault(int(place), []).append(float(value))
    if not found:
        return asked
    rows = parity.edge_rows(asked.rows[0][0], found, exact=attempt.exact)
    return replace(asked, rows=[*asked.rows, (rows, _answer(asked.predict, rows))])


def _differing(session: Any, made: Record, asked: _Questions) -> float:
    ask = asker(session, made)
    return max(_difference(ask, rows, wanted) for rows, wanted in asked.rows)


def _difference(ask: Callable[[Any], Any], rows: Any, wanted: Any) -> float:
    try:
        found = ask(rows)
    except FAILED:
        return float("inf")
    return float("inf") if found is NotImplemented else parity.apart(wanted, found)


def _settled(made: Record, session: Any, asked: _Questions, differing: float) -> Record:
    missing = False
    if asked.missing is not None:
        ask = asker(session, replace(made, missing=True))
        missing = _difference(ask, *asked.missing) <= 1.0
    # Rounded, because the last digits are not the same on each processor.
    return replace(made, missing=missing, differing=float(f"{differing:.2g}"))


def _kept(folder: Path, model: MLModel, found: Record, data: bytes) -> Record:
    target = folder / FOLDER
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    (target / MODEL).write_bytes(data)
    parts = {name: folder / name for name in sorted(set(mlmodel.named_files(model))) if name not in _EXAMPLES}
    source = {name: digest_of(path) for name, path in parts.items() if path.is_file()}
    light = _answers_lightly(folder, model, data)
    made = replace(found, model=digest_of(target / MODEL), source=source, light=light, tools=_tools())
    record.write(made, folder)
    return made


def _answers_lightly(folder: Path, model: MLModel, data: bytes) -> bool:
    """Whether the model is a product of arrays, which NumPy computes as quickly; trees it does not."""
    name = LOADERS.get(str(model.python_function.get("loader_module")), "")
    if name not in LIGHT.builtins or any(one.op_type in _SLOW for one in onnx.load_from_string(data).graph.node):
        return False
    return LIGHT.load(name)(folder, model, model.flavours.get(name, {})) is not None


_SLOW = frozenset({"SVMClassifier", "SVMRegressor", "TreeEnsembleClassifier", "TreeEnsembleRegressor"})
_EXAMPLES = frozenset({"input_example.json", "serving_input_example.json"})


def _tools() -> dict[str, str]:
    found = {}
    for name in _TOOLS:
        try:
            found[name] = installed.version(name)
        except installed.PackageNotFoundError:
            continue
    return found


def _names(rows: Any) -> tuple[str, ...]:
    return tuple(rows.columns) if is_table(rows) else ()


def _columns(rows: Any) -> tuple[Column, ...]:
    """What the model takes: one matrix of numbers, or a table by its columns; empty if it is neither."""
    if isinstance(rows, np.ndarray):
        fits = rows.ndim == 2 and rows.dtype.kind in _KINDS and len(rows)  # noqa: PLR2004 -- a table
        return (Column(_INPUT, "float64", width=rows.shape[1]),) if fits else ()
    if not is_table(rows) or not len(rows) or not all(isinstance(name, str) for name in rows.columns):
        return ()
    kinds = [_kind(rows[name]) for name in rows.columns]
    if None in kinds or len(set(rows.columns)) != len(kinds):
        return ()
    if "str" not in kinds and "bool" not in kinds:
        return (Column(_INPUT, "float64", width=len(kinds)),)
    return tuple(Column(name, str(kind), name) for name, kind in zip(rows.columns, kinds, strict=True))


def _kind(column: Any) -> str | None:
    values = column.to_numpy()
    if values.dtype.kind in _KINDS:
        return _KINDS[values.dtype.kind]
    return "str" if all(isinstance(one, str) for one in values) else None
