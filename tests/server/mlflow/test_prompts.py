from __future__ import annotations

import pytest

from treering.server.mlflow.prompts import is_prompt, without_prompt_clause

CLAUSE = "tag.`mlflow.prompt.is_prompt` != 'true'"


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (CLAUSE, ""),
        (f"name = 'x' AND {CLAUSE}", "name = 'x'"),
        ("name = 'x' and  tags.\"mlflow.prompt.is_prompt\" != 'true'", "name = 'x'"),
        (f"{CLAUSE} AND name = 'x'", "name = 'x'"),
        (f"name = 'x' AND {CLAUSE} AND tags.a = 'b'", "name = 'x' AND tags.a = 'b'"),
        (f"name = 'brand' AND {CLAUSE}", "name = 'brand'"),
    ],
)
def test_the_condition_of_the_clients_goes_and_prompts_are_hidden(given: str, left: str) -> None:
    assert without_prompt_clause(given) == (left, True)


@pytest.mark.parametrize("text", ["tags.`mlflow.prompt.is_prompt` = 'true'", "tags.mlflow.prompt.is_prompt ILIKE 't%'"])
def test_whoever_asks_for_prompts_sees_them(text: str) -> None:
    assert without_prompt_clause(text) == (text, False)


def test_other_filters_hide_prompts_and_stay() -> None:
    assert without_prompt_clause("name = 'a and b'") == ("name = 'a and b'", True)
    assert without_prompt_clause("") == ("", True)


def test_what_a_prompt_is() -> None:
    assert is_prompt({"mlflow.prompt.is_prompt": "True"})
    assert not is_prompt({"mlflow.prompt.is_prompt": "false"})
    assert not is_prompt({})
