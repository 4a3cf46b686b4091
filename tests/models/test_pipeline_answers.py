"""Answers of pipelines that the release of Transformers in the tests no longer has, with a stand-in for them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from treering.core.errors import InvalidInput, NotSupported
from treering.models import pipeline_answers


class Pipeline:
    """Answers with what it was asked."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, texts: Any = None, **asked: Any) -> Any:
        if texts is None:
            return {self.key: f" {asked['question']}: {asked['context']} ", "score": 0.5}
        return [{self.key: f" {text}\n  again "} for text in texts]


QUESTIONS = [{"question": "who", "context": "I"}, {"question": "where", "context": "here"}]


@pytest.mark.parametrize("data", [QUESTIONS, pd.DataFrame(QUESTIONS)], ids=["dictionaries", "table"])
def test_questions_are_answered_one_by_one(data: Any) -> None:
    found = pipeline_answers.answer(Pipeline("answer"), "question-answering", data, {})
    assert found == ["who: I", "where: here"]
    assert pipeline_answers.answer(Pipeline("answer"), "question-answering", QUESTIONS[0], {}) == ["who: I"]


def test_a_question_without_its_context_is_told() -> None:
    with pytest.raises(InvalidInput, match="context"):
        pipeline_answers.answer(Pipeline("answer"), "question-answering", {"question": "who"}, {})


@pytest.mark.parametrize(
    ("task", "key"),
    [
        *(("summarization", "summary_text"), ("text2text-generation", "generated_text")),
        *(("translation_en_to_de", "translation_text"), ("translation", "translation_text")),
    ],
)
def test_texts_are_written_and_their_gaps_closed_if_asked(task: str, key: str) -> None:
    assert pipeline_answers.answer(Pipeline(key), task, ["a"], {}) == ["a\n  again"]
    assert pipeline_answers.answer(Pipeline(key), task, ["a"], {"collapse_whitespace": True}) == ["a again"]


def test_signatures_are_known_for_tasks_that_can_be_asked() -> None:
    found = pipeline_answers.signature_of("question-answering")
    assert found is not None
    assert found.inputs is not None
    assert [column.name for column in found.inputs.columns()] == ["question", "context"]
    assert pipeline_answers.signature_of("image-segmentation") is None
    with pytest.raises(NotSupported, match="image-segmentation"):
        pipeline_answers.answer(Pipeline("x"), "image-segmentation", ["a"], {})


def test_a_template_is_filled_with_the_text_and_nothing_else() -> None:
    class Echo:
        def __call__(self, texts: list[str], **_: object) -> list[dict[str, str]]:
            return [{"generated_text": text} for text in texts]

    template = "{{a}} {prompt.__class__} {prompt:>9999999999} {other} {prompt}"
    found = pipeline_answers.answer(Echo(), "text-generation", ["x{y}"], {}, template)
    assert found == ["{a} {prompt.__class__} {prompt:>9999999999} {other} x{y}"]
