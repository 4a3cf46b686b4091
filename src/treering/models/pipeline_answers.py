"""How a pipeline of Transformers is asked, and its answers as MLflow gives them, task by task.

Texts in, and texts or a table out: what a model server and a table of predictions can hold.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from treering.core.errors import InvalidInput, NotSupported
from treering.models.schema import Column, Schema, Tensor
from treering.models.sentences import records_of, texts_of
from treering.models.signature import Signature
from treering.models.tables import TABLES, is_table
from treering.models.types import DataType

__all__ = ["TEMPLATED", "answer", "is_known", "signature_of"]

# Tasks whose texts can be set into a template.
TEMPLATED = ("feature-extraction", "fill-mask", "summarization", "text2text-generation", "text-generation")
_QUESTION = ("question", "context")
Ask = Callable[[Any, Any, dict[str, Any]], Any]


def is_known(task: str) -> bool:
    """Whether such a pipeline can be asked as a Python function."""
    return _kind(task) in _ASK


def answer(pipeline: Any, task: str, data: Any, config: Mapping[str, Any], template: str = "") -> Any:
    """The answer of a pipeline.

    Args:
        config: Arguments of the pipeline's call; and `collapse_whitespace`, for texts that it generates.
        template: A text with `{prompt}` where each text of the data belongs.

    Raises:
        InvalidInput: If the data or an argument is none that the pipeline takes.
        NotSupported: If it is for a task that cannot be asked so.
    """
    ask = _ASK.get(_kind(task))
    if ask is None:
        msg = f"A pipeline for {task!r} cannot be asked with tables. Load it with treering.transformers.load_model."
        raise NotSupported(msg)
    given = dict(config)
    given.pop("include_prompt", None)  # of one pipeline that Transformers no longer has
    if template:
        data = [_set(template, text) for text in texts_of(data)]
    try:
        return ask(pipeline, data, given)
    except (TypeError, ValueError, KeyError) as error:
        msg = f"The pipeline for {task!r} cannot answer this: {error}"
        raise InvalidInput(msg) from error


def _set(template: str, text: str) -> str:
    """As str.format does, which a template of a model's maker would also have look into objects, or fill with blanks."""
    return text.join(part.replace("{{", "{").replace("}}", "}") for part in template.split("{prompt}"))


def signature_of(task: str) -> Signature | None:
    """What such a pipeline takes and gives; None if it cannot be asked so."""
    kind = _kind(task)
    return _SIGNATURES.get(kind, Signature(_TEXT, _TEXT)) if kind in _ASK else None


def _kind(task: str) -> str:
    return "translation" if task.startswith("translation_") else task


def _named(**columns: DataType) -> Schema:
    return Schema(tuple(Column(kind, name) for name, kind in columns.items()))


_TEXT, _SOUND = Schema((Column(DataType.STRING),)), Schema((Column(DataType.BINARY),))
_LABELS = _named(label=DataType.STRING, score=DataType.DOUBLE)
_SIGNATURES = {
    "audio-classification": Signature(_SOUND, _named(score=DataType.DOUBLE, label=DataType.STRING)),
    "automatic-speech-recognition": Signature(_SOUND, _TEXT),
    "feature-extraction": Signature(_TEXT, Schema((Tensor(np.dtype("float64"), (-1,), "double"),))),
    "image-classification": Signature(_TEXT, _LABELS),
    "question-answering": Signature(_named(question=DataType.STRING, context=DataType.STRING), _TEXT),
    "table-question-answering": Signature(_named(query=DataType.STRING, table=DataType.STRING), _TEXT),
    "text-classification": Signature(_TEXT, _LABELS),
    "zero-shot-classification": Signature(
        _named(sequences=DataType.STRING, candidate_labels=DataType.STRING, hypothesis_template=DataType.STRING),
        _named(sequence=DataType.STRING, labels=DataType.STRING, scores=DataType.DOUBLE),
    ),
}


def _frame(rows: Any) -> Any:
    found = rows if isinstance(rows, list) else [rows]
    return TABLES.load("pandas").from_records(found, None)


def _classified(pipeline: Any, data: Any, config: dict[str, Any]) -> Any:
    if _has(data, "text_pair"):
        return _frame(pipeline(records_of(data), **config))
    found = pipeline(texts_of(data), **config)
    if found and isinstance(found[0], list):  # with top_k there are several answers to each text
        return TABLES.load("pandas").from_columns(found, None)
    return _frame(found)


def _marked(pipeline: Any, data: Any, config: dict[str, Any]) -> list[str]:
    found = pipeline(texts_of(data), **config)
    several = found if found and isinstance(found[0], list) else [found]
    return [",".join(str(one.get("entity_group", one.get("entity"))) for one in each) for each in several]


def _filled(pipeline: Any, data: Any, config: dict[str, Any]) -> list[str]:
    found = pipeline(texts_of(data), **config)
    several = found if found and isinstance(found[0], list) else [found]
    # A text with several gaps has a list of answers for each; the first gap is answered, as in MLflow.
    return [str((each[0][0] if isinstance(each[0], list) else each[0])["token_str"]).strip() for each in several]


def _features(pipeline: Any, data: Any, config: dict[str, Any]) -> Any:
    found = [np.asarray(one)[0] for one in pipeline(texts_of(data), **config)]
    return found[0] if len(found) == 1 else found


def _chosen(pipeline: Any, data: Any, config: dict[str, Any]) -> Any:
    found: list[dict[str, Any]] = []
    for one in _grouped(data):
        labels = one.get("candidate_labels")
        if isinstance(labels, str) and labels.lstrip().startswith("["):
            labels = json.loads(labels)
        given = {**one, "candidate_labels": labels}
        sequences = given.pop("sequences")
        answers = pipeline(sequences, **given, **config)
        for each in answers if isinstance(answers, list) else [answers]:
            pairs = zip(each["labels"], each["scores"], strict=True)
            found += [{"sequence": each["sequence"], "labels": label, "scores": score} for label, score in pairs]
    return _frame(found)


def _grouped(data: Any) -> list[dict[str, Any]]:
    """Rows of one sequence and one label each, as a table holds them, taken together."""
    records = records_of(data)
    if not is_table(data) or len(records) == 1:
        return records
    names = list(records[0])
    found = {name: list(dict.fromkeys(str(record[name]) for record in records)) for name in names}
    labels = found.get("candidate_labels", [])
    if any(label.lstrip().startswith("[") for label in labels):
        return records
    return [{name: values[0] if len(values) == 1 else values for name, values in found.items()}]


def _written(key: str) -> Ask:
    def ask(pipeline: Any, data: Any, config: dict[str, Any]) -> list[str]:
        collapse = config.pop("collapse_whitespace", False)
        found = [_text(one, key) for one in pipeline(texts_of(data), **config)]
        return [re.sub(r"\s+", " ", one).strip() if collapse else one.strip() for one in found]

    return ask


def _text(answer: Any, key: str) -> str:
    first = answer[0] if isinstance(answer, list) else answer
    return str(first[key])


def _questioned(pipeline: Any, data: Any, config: dict[str, Any]) -> list[str]:
    found = [pipeline(**{name: record[name] for name in _QUESTION}, **config) for record in records_of(data)]
    return [_text(one, "answer").strip() for one in found]


def _looked_up(pipeline: Any, data: Any, config: dict[str, Any]) -> list[str]:
    found = []
    for record in records_of(data):
        table = record["table"]
        asked = {"table": json.loads(table) if isinstance(table, str) else table, "query": record["query"]}
        found.append(_text(pipeline(asked, **config), "answer"))
    return found


def _seen(pipeline: Any, data: Any, config: dict[str, Any]) -> Any:
    # Transformers takes an image's bytes as text.
    given = [base64.b64encode(one).decode() if isinstance(one, bytes) else one for one in _recorded(data)]
    found = pipeline(given, **config)
    return TABLES.load("pandas").from_columns(found, None) if isinstance(found[0], list) else _frame(found)


def _heard(pipeline: Any, data: Any, config: dict[str, Any]) -> list[str]:
    found = [pipeline(one, **config) for one in _recorded(data)]
    if config.get("return_timestamps") in {"word", "char"}:
        return [json.dumps(one) for one in found]
    return [str(one["text"]) for one in found]


def _heard_kind(pipeline: Any, data: Any, config: dict[str, Any]) -> Any:
    return _frame([label for one in _recorded(data) for label in pipeline(one, **config)])


def _recorded(data: Any) -> list[Any]:
    """Sounds and images: bytes of files, arrays of samples, or where they are."""
    if is_table(data):
        column = data.iloc[:, 0] if hasattr(data, "columns") else data
        return list(column.tolist())
    if isinstance(data, np.ndarray) and data.dtype.kind in "OSU":
        return list(data.ravel().tolist())
    return list(data) if isinstance(data, list | tuple) else [data]


def _has(data: Any, name: str) -> bool:
    if isinstance(data, list) and data and isinstance(data[0], Mapping):
        data = data[0]
    return name in (data.columns if hasattr(data, "columns") else data if isinstance(data, Mapping) else ())


_ASK: Mapping[str, Ask] = {
    "audio-classification": _heard_kind,
    "automatic-speech-recognition": _heard,
    "feature-extraction": _features,
    "fill-mask": _filled,
    "image-classification": _seen,
    "question-answering": _questioned,
    "summarization": _written("summary_text"),
    "table-question-answering": _looked_up,
    "text-classification": _classified,
    "text-generation": _written("generated_text"),
    "text2text-generation": _written("generated_text"),
    "token-classification": _marked,
    "translation": _written("translation_text"),
    "zero-shot-classification": _chosen,
}
