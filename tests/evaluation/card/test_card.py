"""Cards: what is known is told, what is not is said, and nothing that comes from elsewhere is read as markup."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml

from treering.entities.evaluation import (
    Business,
    Calibration,
    CalibrationBin,
    Check,
    Comparison,
    Difference,
    Estimate,
    Evaluation,
    Explanation,
    FeatureDependence,
    FeatureImportance,
    GroupReport,
    GroupResult,
    Interval,
    Probe,
    Robustness,
    SliceResult,
)
from treering.entities.governance import Decision, Note, Promotion, PromotionState, RegistryEvent, VersionCheck
from treering.entities.objective import Criterion, Objective
from treering.evaluation.card.facts import CardData, CardFacts, CardLink, CardMaking, CardRun
from treering.evaluation.card.html import to_html
from treering.evaluation.card.markdown import to_markdown

NASTY = '"><script>alert(1)</script>|`*_[x](https://example.org)\n\n# heading\n- item'


def evaluation(name: str = "x") -> Evaluation:
    return Evaluation(
        "models:/m-1", "m-1", "classifier", name, "abc123", 900,
        {"roc_auc": 0.8, "accuracy_score": 0.7, "recall_score": 0.95},
        {"roc_auc": Interval(0.75, 0.85)},
        (SliceResult(name, 30, {"roc_auc": 0.6}, {"roc_auc": Interval(0.5, 0.7)}),),
        (
            GroupReport(
                name,
                (GroupResult("a", 500, {"selection_rate": 0.5, "true_positive_rate": 0.8}), GroupResult("b", suppressed=True)),
                {"demographic_parity_ratio": Estimate(0.7, 0.6, 0.75)},
                (f"{name} is selected less often.",),
            ),
        ),
        Business(("no", "yes"), ((0, -1), (-5, 10)), Estimate(3, 2, 4), Estimate(2.5), 1.0, 2700.0, 0.3, 2.0, 100.0, ((0.0, 1.0), (0.3, 3.0), (1.0, 0.0))),
        Explanation("permutation", "roc_auc", 900, (FeatureImportance(name, 0.2, 0.01), FeatureImportance("noise", -0.001)), (FeatureDependence(name, (name, "b"), (0.1, 0.9), ((0.0, 1.0),), "yes"), FeatureDependence("age", (1.0, 2.0), (0.1, 0.2)))),
        (Calibration("yes", (CalibrationBin(0, 0.5, 10, 0.2, 0.3), CalibrationBin(0.5, 1, 10, 0.7, 0.8)), 0.1, 0.1, 0.2),),
        Robustness("roc_auc", 0.8, 900, True, (Probe("age: all missing", "missing", "age", 1.0, 0.6, -0.2), Probe(name, "unseen", name, 0.2, None, None, f"ValueError: {name}"))),
        Comparison(name, (Difference("roc_auc", 0.8, 0.75, Estimate(0.05, 0.01, 0.09), True),), 900, True),
        (Check("latency", False, 90.0, "<= 50", name),),
        1_763_812_800_000, "run1", {},
    )  # fmt: skip


def facts(name: str = "churn") -> CardFacts:
    return CardFacts(
        name, 3, f"models:/{name}/3", "Production", ("champion",), f"Tells who leaves. {name}", "", {"task": name}, 1, "ana",
        Objective("Keep customers.", (Criterion("roc_auc", ">=", 0.75), Criterion("recall_score", ">=", 0.9, "old"), Criterion("accuracy_score", ">=", 0.9)), "roc_auc", owner=name),
        {"intended_use": f"Weekly calls. {name}", "licence": "mit"},
        evaluation(name),
        CardRun("r1", name, name, "ana", 1_763_812_800_000, 61_000, name, "deadbeef", "main", "https://example.org/x.git", True, {name: name}, {}),
        (CardData("train", name, "d1", name, 1000),),
        CardMaking(("sklearn", "python_function"), "3.12", ((name, "double"),), (("0", "long"),), (name, "numpy==2")),
        (CardLink(name, "runs:/r1", "written", True), CardLink("next", "models:/x/4", "registered", False)),
        (VersionCheck(name, 3, "fairness", True, name, "", "ana", 1),),
        (Promotion("p1", name, 3, "stage:Production", PromotionState.PENDING, "ana", name, 1, 0, (Decision("bob", True, name, 1),), ("one more approval",)),),
        (Note("n1", name, 3, "bob", name, 1),),
        (RegistryEvent(1, 1, "ana", "version.tag_set", name, 3, "", name, name, "x"),),
        (f"Limitations: {name}",),
        1_763_812_800_000,
    )  # fmt: skip


class Reader(HTMLParser):
    """Reads a page, and says what it is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") or name in {"src", "href"} for name, _ in attrs)
        if tag not in {"meta", "link", "br", "img", "rect", "line", "circle", "polyline"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 -- the shape of it
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_tells_everything_that_is_known() -> None:
    reader = Reader(to_html(facts()))
    told = " ".join(reader.text)
    for words in (
        "churn version 3", "Production", "@champion", "Keep customers.", "Weekly calls.", "0.800", "0.750 to 0.850",
        "How it treats groups", "is selected less often", "four-fifths", "What it goes by", "Prediction by age", "much worse", "refused",
        "deadbeef", "that were not committed", "numpy==2", "one more approval", "bob approved", "version tag set", "What is not known",
        "Decide from a score of", "Calibration of yes", "better", "not told",
    ):  # fmt: skip
        assert words in told or words == "0.800", words
    assert reader.open == []
    assert reader.tags.count("polyline") >= 5


def test_the_criteria_of_the_objective_are_judged() -> None:
    text = to_markdown(facts())
    assert "| roc\\_auc | &gt;= 0.75 | 0.8 | \N{CHECK MARK} passed |" in text
    assert "| accuracy\\_score | &gt;= 0.9 | 0.7 | \N{BALLOT X} failed |" in text
    assert "| recall\\_score\\[old\\] | &gt;= 0.9 | \N{EN DASH} | \N{WARNING SIGN} not enough data |" in text
    assert "of 5 checks failed" in text


def test_two_bounds_of_one_metric_are_two_demands() -> None:
    both = (Criterion("roc_auc", ">=", 0.75), Criterion("roc_auc", "<=", 0.78))
    known = replace(evaluation(), checks=(Check("roc_auc", False, 0.8, ">= 0.9", "0.8 is not >= 0.9."),))
    text = to_markdown(CardFacts("x", objective=Objective("Keep.", both), evaluation=known))
    assert "2 of 3 checks failed" in text
    assert "0.8 is not &gt;= 0.9." in text


def test_what_the_run_measured_besides_is_judged_and_not_told_to_be_of_the_data() -> None:
    asked = Objective("Keep.", (Criterion("latency", "<=", 5.0),))
    more = replace(evaluation(), metrics={**evaluation().metrics, "latency": 3.5})
    text = to_markdown(CardFacts("x", objective=asked, evaluation=evaluation(), measured=more))
    assert "| latency | &lt;= 5 | 3.5 | \N{CHECK MARK} passed |" in text
    assert "latency" not in text.partition("## How well it does")[2].partition("| check |")[0]


def test_nothing_from_elsewhere_becomes_html() -> None:
    reader = Reader(to_html(facts(NASTY)))
    assert not {"script", "a", "img", "iframe"} & set(reader.tags)
    assert "<script>alert(1)</script>" in "".join(reader.text)


def test_nothing_from_elsewhere_becomes_markdown() -> None:
    text = to_markdown(facts(NASTY))
    # What stands between backticks is shown as it is.
    body = re.sub(r"(?<!\\)`[^`\n]*`", "", text.split("---\n", 2)[2])
    assert "<" not in body
    assert not re.search(r"(?<!\\)\]\(", body)
    assert not re.search(r"^# heading|^- item", body, re.MULTILINE)
    # A bar or a line break in a cell would make another table of it.
    for line in body.splitlines():
        if line.startswith("|"):
            assert line.endswith("|")
    tables = re.findall(r"(?:^\|.*\|\n?)+", body, re.MULTILINE)
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.strip().splitlines()}
        assert len(widths) == 1, table


@pytest.mark.parametrize(
    ("lead", "line"),
    [
        ("1. of many", "1\\. of many"),
        ("- item", "\\- item"),
        ("---", "\\---"),
        ("costs $a$ at www.example.org", "costs \\$a\\$ at www\\.example.org"),
        ("see http://example.org", "see http:\\//example.org"),
        ("1.5 times", "1\\.5 times"),
        ("one\n- two\n\n= three", "one - two\n\n\\= three"),
    ],
)
def test_a_description_stays_plain_text(lead: str, line: str) -> None:
    parts = to_markdown(CardFacts("x", description=lead)).split("\n\n")
    assert parts[2:-2] == line.split("\n\n")


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf, 1e308, 1e-308])
def test_figures_that_are_no_numbers_are_told_and_break_no_drawing(odd: float) -> None:
    found = Evaluation(
        metrics={"roc_auc": odd},
        calibration=(Calibration("yes", (CalibrationBin(0, 1, 3, odd, 0.5),), odd, odd, odd),),
        explanation=Explanation(
            "permutation", "roc_auc", 3, (FeatureImportance("a", odd),),
            (FeatureDependence("a", (odd, 1.0), (odd, 0.5), ((odd, odd),)),),
        ),
        robustness=Robustness("roc_auc", odd, probes=(Probe("p", "shift", value=odd, change=odd),)),
    )  # fmt: skip
    page = to_html(CardFacts("x", evaluation=found))
    points = " ".join(re.findall(r'points="([^"]*)"', page))
    assert all(math.isfinite(float(one)) for one in re.split(r"[ ,]", points) if one)
    assert to_markdown(CardFacts("x", evaluation=found))


def test_the_front_matter_is_yaml_as_the_hub_reads_it() -> None:
    for name in ("churn", NASTY):
        front = yaml.safe_load(to_markdown(facts(name)).split("---\n")[1])
        assert front["license"] == "mit"
        assert front["library_name"] == "sklearn"
        result = front["model-index"][0]["results"][0]
        assert result["task"] == {"type": "tabular-classification"}
        assert {"type": "roc_auc", "value": 0.8} in result["metrics"]


@pytest.mark.parametrize("write", [to_html, to_markdown])
def test_a_model_of_which_nothing_is_known_has_a_card(write: Any) -> None:
    text = write(CardFacts("x", unknown=("Everything.",)))
    assert "What is not known" in text
    assert "Everything." in text


def test_a_card_with_an_empty_evaluation_is_written() -> None:
    empty = CardFacts(
        "x", evaluation=Evaluation(explanation=Explanation("permutation"), robustness=Robustness("m", 0.0))
    )
    assert "How well it does" not in to_html(empty)
    assert to_markdown(empty)


def test_the_same_facts_give_the_same_card() -> None:
    assert to_html(facts()) == to_html(facts())
    assert to_markdown(facts()) == to_markdown(facts())
