"""How the demo's models come into use: judged on rows that none has seen, let in by a gate and a person, and taken back."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import treering
from treering.core.errors import AlreadyExists
from treering.demo.candidates import CAUTIOUS
from treering.demo.data import Split
from treering.demo.processes import call
from treering.demo.training import Result, described
from treering.entities.evaluation import Evaluation
from treering.entities.governance import ApprovalRule, Promotion, RegistryEvent
from treering.entities.objective import Objective

__all__ = [
    "CHAMPION",
    "MODEL",
    "REVIEWER",
    "ROLES",
    "Contender",
    "Verdict",
    "approve",
    "begin",
    "contenders",
    "demand_approval",
    "gate",
    "go_back_and_forth",
    "history",
    "holder",
    "register",
    "state_objective",
    "write_cards",
]

MODEL = "breast-cancer"
CHAMPION = "alias:champion"
REVIEWER = "pathologist"
ROLES = ("in use", "worst", "best")
"""Who is judged, in this order."""
_ALIAS = f"models:/{MODEL}@champion"
_SIZES = {"smaller": "mean radius < 14", "larger": "mean radius >= 14"}
# What a decision is worth, in whatever people weigh: a tumour that is missed costs far more than a needless biopsy.
_WORTH = {"tp": 20, "fn": -100, "fp": -5, "tn": 0}


@dataclass(frozen=True, slots=True)
class Contender:
    """A candidate as a registered version, with what held-out rows say of it."""

    result: Result
    version: int
    evaluation: Evaluation

    @property
    def uri(self) -> str:
        """Names the version for ever."""
        return f"models:/{MODEL}/{self.version}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate said.

    Attributes:
        reasons: Of what did not pass; of what passed beyond the objective where all did.
        promotion_id: "" where nothing is to be promoted.
        missing: What the promotion waits for.
    """

    passed: bool
    reasons: tuple[str, ...]
    promotion_id: str
    missing: tuple[str, ...]


def state_objective() -> Objective:
    """Say what the active experiment is for."""
    return treering.objective(
        "Find malignant tumours by measurements of their cells, and send few healthy patients to a biopsy.",
        {"recall": ">= 0.9", "accuracy": ">= 0.95"},
        primary="log_loss",
        greater_is_better=False,
        owner="oncology",
    )


def contenders(results: list[Result]) -> list[Result]:
    """Who is judged, as `ROLES` says: the cautious one; of the others the worst and the best, by their validation loss."""
    first = next(result for result in results if result.candidate.name == CAUTIOUS)
    others = sorted((result for result in results if result is not first), key=lambda result: result.loss)
    return [first, others[-1], others[0]]


def begin() -> None:
    """Begin with a registered model none of whose versions is guarded, whatever an earlier demo left."""
    client = treering.Client()
    with suppress(AlreadyExists):
        client.create_registered_model(
            MODEL, description="Tells malignant from benign tumours by 30 measurements of cell nuclei."
        )
    for waiting in client.search_promotions(MODEL, "PENDING"):
        client.withdraw_promotion(waiting.promotion_id, "The demo begins anew.", user=waiting.requested_by)
    for rule in client.get_approval_rules(MODEL):
        if rule.model == MODEL:
            client.remove_approval_rule(rule.target, MODEL, "The demo begins anew.")


def register(result: Result, held_out: Split, *, explained: bool) -> Contender:
    """Register a candidate, and judge it by the held-out rows: in its run, where gates and cards find it."""
    version = treering.register_model(result.model_uri, MODEL)
    client = treering.Client()
    client.update_model_version(
        MODEL, str(version.version), f"{result.candidate.name}: log loss {result.loss:.4f} on the validation rows."
    )
    with treering.start_run(run_id=result.run_id):
        found = treering.evaluate(
            f"models:/{MODEL}/{version.version}",
            described(held_out)[0],
            model_type="classifier",
            slices=_SIZES,
            sensitive=["mean texture"],
            value_matrix=_WORTH,
            explain={"repeats": 3, "top": 3} if explained else None,
        )
    return Contender(result, int(version.version), found.evaluation or Evaluation())


def gate(contender: Contender, root: Path, *, rival: bool) -> Verdict:
    """Ask `treering ci gate`, as a job of a CI server does: who passes is promoted, or waits for a person.

    Args:
        rival: Whether it has to beat the champion.
    """
    arguments = ["ci", "gate", "--candidate", contender.uri, "--promote", CHAMPION, "--json"]
    arguments += ["--champion", _ALIAS] if rival else []
    answer: dict[str, Any] = json.loads(call(arguments, root))
    passed = answer["verdict"] == "pass"
    checks = [
        check for check in answer["checks"] if check["passed"] is not True or (passed and "champion" in check["name"])
    ]
    promotion = answer["promotion"] or {}
    return Verdict(
        passed,
        tuple(f"{check['name']}: {check['reason']}" for check in checks),
        promotion.get("promotion_id", ""),
        tuple(promotion.get("missing", ())),
    )


def demand_approval() -> ApprovalRule:
    """From now on only a version whose gate is passed and whom the reviewer approves becomes the champion."""
    rule = ApprovalRule(MODEL, CHAMPION, approvers=1, who=(REVIEWER,), checks=("gate",))
    return treering.Client().set_approval_rule(rule, "Patients depend on it.")


def approve(promotion_id: str, comment: str) -> Promotion:
    """Approve, as the reviewer does in the web UI or by a command."""
    return treering.approve_promotion(promotion_id, comment, user=REVIEWER)


def go_back_and_forth(contender: Contender) -> int:
    """Take the champion back, as if it had failed in use, and let it in again; which version it was taken back to."""
    before = treering.rollback(MODEL, CHAMPION, "A drill: can we go back?")
    again = treering.promote(MODEL, contender.version, CHAMPION, "The drill is over.")
    approve(again.promotion_id, "As before.")
    return int(before.version)


def history() -> list[RegistryEvent]:
    """All that has happened to the registered model, the oldest first."""
    return treering.registry_history(MODEL, max_results=1000)[::-1]


def holder(contestants: list[Contender]) -> Contender:
    """Who the champion is."""
    version = treering.Client().get_model_version_by_alias(MODEL, "champion").version
    return next(one for one in contestants if one.version == int(version))


def write_cards(champion: Contender, folder: Path) -> Path:
    """Write the champion's card as a page, with what only people can say."""
    client = treering.Client()
    for name, text in (
        ("intended_use", "A second opinion on tumours that were sampled by fine-needle aspiration."),
        ("out_of_scope", "Deciding without a pathologist."),
        ("limitations", f"Learned from 569 tumours of one clinic; judged by {champion.evaluation.rows} of them."),
        ("contact", "oncology"),
    ):
        client.set_model_version_tag(MODEL, str(champion.version), f"treering.card.{name}", text)
    return treering.model_card(MODEL, champion.version).save(folder / "model_card.html")
