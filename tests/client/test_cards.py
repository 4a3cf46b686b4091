"""`treering.model_card`: gathered near and far, for every way to name a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from click.testing import CliRunner

import treering
from treering.cli.main import main
from treering.client.cards import log_card
from treering.core.errors import InvalidInput, NotFound
from treering.entities.evaluation import Evaluation, Interval
from treering.evaluation.card.judged import criteria_of
from treering.evaluation.card.markdown import to_markdown
from treering.evaluation.record import EVALUATED_TAG, RECORD_PATH, to_json


@pytest.fixture(autouse=True)
def _own_home(fresh: Any) -> None:
    fresh()


class Twice(treering.pyfunc.PythonModel):
    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002 -- the shape of it
        return model_input * 2


def made() -> tuple[str, str]:
    """A registered model with an evaluation; the ids of its run and of the logged model."""
    treering.set_experiment("cards")
    treering.objective("Double it.", {"r2_score": ">= 0.9"}, owner="ana")
    with treering.start_run(run_name="first") as run:
        treering.log_param("factor", 2)
        treering.log_input(treering.data.from_numpy(np.arange(4.0), name="numbers"), context="train")
        info = treering.pyfunc.log_model(
            name="model", python_model=Twice(), input_example=np.arange(3.0), registered_model_name="twice"
        )
        record = Evaluation(
            info.model_uri,
            info.model_id,
            "regressor",
            "numbers",
            "d1",
            4,
            {"r2_score": 0.95},
            {"r2_score": Interval(0.9, 1.0)},
            created=5,
        )
        treering.log_text(to_json(record), RECORD_PATH)
        treering.set_tag(EVALUATED_TAG, info.model_id)
    client = treering.Client()
    client.set_model_version_tag("twice", "1", "treering.card.limitations", "Only numbers.")
    client.set_registered_model_alias("twice", "champion", "1")
    client.annotate_model_version("twice", 1, "Looks good.")
    return run.info.run_id, info.model_id


def check(text: str) -> None:
    for words in (
        "twice version 1", "Double it.", "Only numbers.", "0.95", "numbers", "factor", "champion", "Looks good.",
        "python\\_function" if text.startswith("---") else "python_function",
    ):  # fmt: skip
        assert words in text, words


def test_a_card_knows_run_registry_evaluation_and_lineage() -> None:
    run_id, model_id = made()
    card = treering.model_card("twice")
    facts = card.facts
    assert (facts.name, facts.version, facts.aliases, facts.uri) == ("twice", 1, ("champion",), "models:/twice/1")
    assert facts.objective is not None
    assert facts.objective.owner == "ana"
    assert facts.evaluation is not None
    assert facts.evaluation.metrics == {"r2_score": 0.95}
    assert facts.run is not None
    assert (facts.run.run_id, facts.run.experiment, facts.run.params) == (run_id, "cards", {"factor": "2"})
    assert [(one.role, one.name, one.rows) for one in facts.data] == [("train", "numbers", None)]
    assert facts.making is not None
    assert facts.making.inputs
    assert any(line.startswith("treering") or "==" in line for line in facts.making.requirements)
    assert {(one.uri.partition(":")[0], one.upwards) for one in facts.lineage} >= {("runs", True), ("datasets", True)}
    assert [one.action for one in facts.history][-1] == "version.created"
    assert any("Intended use" in one for one in facts.unknown)
    assert not any("Limitations" in one for one in facts.unknown)
    check(card.markdown)
    check(card.html)
    assert f"models:/{model_id}" in card.html
    assert not card._repr_markdown_().startswith("---")
    assert "twice version 1" in repr(card)


@pytest.mark.parametrize(
    "which", ["models:/twice/1", "models:/twice@champion", "models:/twice/latest", "twice 1", "twice @champion"]
)
def test_a_version_may_be_named_in_many_ways(which: str) -> None:
    made()
    name, _, version = which.partition(" ")
    assert treering.model_card(name, version or None).facts.uri == "models:/twice/1"


def test_a_model_in_no_registry_has_a_card_too() -> None:
    run_id, model_id = made()
    for which in (f"models:/{model_id}", f"runs:/{run_id}", f"runs:/{run_id}/model"):
        facts = treering.model_card(which).facts
        assert (facts.name, facts.version, facts.uri) == ("model", 0, f"models:/{model_id}")
        assert facts.evaluation is not None


def test_an_evaluation_in_another_run_counts_and_the_newest_wins() -> None:
    _, model_id = made()
    with treering.start_run():
        record = Evaluation(f"models:/{model_id}", model_id, metrics={"r2_score": 0.5}, created=9)
        treering.log_text(to_json(record), RECORD_PATH)
        treering.set_tag(EVALUATED_TAG, model_id)
    found = treering.model_card("twice").facts.evaluation
    assert found is not None
    assert found.metrics == {"r2_score": 0.5}


def test_an_evaluation_in_another_experiment_counts_too() -> None:
    _, model_id = made()
    treering.set_experiment("judging")
    with treering.start_run():
        record = Evaluation(f"models:/{model_id}", model_id, metrics={"r2_score": 0.5}, created=9)
        treering.log_text(to_json(record), RECORD_PATH)
        treering.set_tag(EVALUATED_TAG, model_id)
        treering.log_metric("r2_score", 0.5, model_id=model_id)
    found = treering.model_card("twice").facts.evaluation
    assert found is not None
    assert found.metrics == {"r2_score": 0.5}


def test_a_demand_may_be_about_what_the_run_measured_besides() -> None:
    run_id, _ = made()
    treering.objective("Fast.", {"latency": "<= 5", "r2": ">= 0.9"})
    treering.log_metrics({"latency": 3.5, "r2": 0.1}, run_id=run_id)
    facts = treering.model_card("twice").facts
    assert facts.evaluation is not None
    assert set(facts.evaluation.metrics) == {"r2_score"}
    # What the evaluation judged counts for more than what the run says of itself under another name.
    assert [(one.name, one.passed, one.value) for one in criteria_of(facts)] == [
        ("latency", True, 3.5),
        ("r2", True, 0.95),
    ]


def test_the_metrics_of_a_run_stand_for_an_evaluation_that_nobody_made() -> None:
    treering.set_experiment("plain")
    treering.objective("Double it.", {"r2_score": ">= 0.9"})
    with treering.start_run() as run:
        treering.log_metric("r2_score", 0.95)
    facts = treering.model_card(f"runs:/{run.info.run_id}").facts
    assert facts.evaluation is None
    assert [one.passed for one in criteria_of(facts)] == [True]
    assert "has not been evaluated" in to_markdown(facts)


def test_a_card_is_logged_into_the_run_that_evaluated() -> None:
    _, model_id = made()
    with treering.start_run() as run:
        log_card(run.info.run_id, model_id, Evaluation(model_id=model_id, metrics={"r2_score": 0.25}))
    uri = f"runs:/{run.info.run_id}"
    assert "0.25" in treering.artifacts.load_text(f"{uri}/model_card.md")
    assert treering.artifacts.load_text(f"{uri}/model_card.html").startswith("<!doctype html>")


def test_what_is_damaged_is_told_and_does_not_spoil_the_rest() -> None:
    run_id, _ = made()
    treering.artifacts.run_store(run_id).write(RECORD_PATH, iter([b"{"]))
    facts = treering.model_card("twice").facts
    assert facts.evaluation is None
    assert any("The evaluation could not be read" in one for one in facts.unknown)


def test_what_is_not_there_is_refused() -> None:
    made()
    for which in ("gone", "models:/gone/1", "models:/twice/7", "models:/twice@nobody", "models:/m-0", "runs:/0"):
        with pytest.raises(NotFound):
            treering.model_card(which)
    for which in ("https://example.org/x", "models:/twice/Production"):
        with pytest.raises(InvalidInput):
            treering.model_card(which)


def test_a_card_is_saved_whole(tmp_path: Path) -> None:
    made()
    card = treering.model_card("twice")
    assert card.save(tmp_path / "a" / "card.html").read_text("utf-8") == card.html
    assert card.save(tmp_path / "a" / "card.md").read_text("utf-8") == card.markdown
    assert len(list((tmp_path / "a").iterdir())) == 2


def test_the_command_card(tmp_path: Path) -> None:
    made()

    def run(*words: str) -> Any:
        return CliRunner().invoke(main, ["registry", "card", *words])

    done = run("twice", "1")
    assert done.exit_code == 0, done.output
    check(done.stdout)
    assert run("twice", "--html").stdout.startswith("<!doctype html>")
    done = run("models:/twice@champion", "-o", str(tmp_path / "card.html"))
    assert "Written to" in done.stdout
    check((tmp_path / "card.html").read_text("utf-8"))
    assert run("gone").exit_code == 1


def test_far_it_is_the_same(server: Any) -> None:
    treering.set_tracking_uri(server.url)
    made()
    card = treering.model_card("twice")
    check(card.markdown)
    assert card.facts.evaluation is not None
    assert card.facts.making is not None
    address = f"{server.url}/api/v1/model-versions/card?name=twice&version=1"
    with urlopen(f"{address}&format=html") as answer:
        told = json.loads(answer.read())
    assert told["format"] == "html"
    check(told["text"])
    with urlopen(address) as answer:
        check(json.loads(answer.read())["text"])
