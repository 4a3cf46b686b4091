"""A gate in action: finds candidate and champion, has them judged, records the verdict, and promotes who has earned it."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from treering.assembly import Services
from treering.ci.contestant import Contestant, contestant, rows_of, same_evaluations
from treering.client.context import user_name
from treering.core.clock import now
from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.core.uri import parse_model_uri, scheme_of
from treering.entities.evaluation import Check, Comparison, Evaluation
from treering.entities.gate import GateResult, Policy, Verdict
from treering.entities.governance import NewCheck, Promotion, PromotionState
from treering.entities.model import ModelVersion
from treering.entities.objective import Objective
from treering.evaluation.comparison import compare_rows, same_rows
from treering.evaluation.gate import Rivals, judge, verdict_of
from treering.registry.approval import check_target
from treering.registry.base import NewModelVersion
from treering.tracking.objectives import read_objective

__all__ = ["CHECK", "GATE_PATH", "Asked", "Judgement", "as_json", "judge_candidate", "record", "target_of", "told"]

CHECK = "gate"
"""What the verdict is called among the checks of a version, for rules of approval that ask for it."""
GATE_PATH = "evaluation/gate.json"
"""Where the verdict lies among the artifacts of the candidate's run."""

_LONGEST_DETAIL = 5_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a gate is asked.

    Attributes:
        candidate: URI of a run, a logged model or a registered version.
        champion: URI of the model in use; "" for none. One that names no version yet stands for none.
        evaluate: Evaluates a model on the data that both are to be judged by; None where what is known has to do.
    """

    candidate: str
    champion: str = ""
    policy: Policy = field(default_factory=Policy)
    evaluate: Callable[[Contestant], Evaluation] | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of it.

    Attributes:
        evaluations: Of candidate and champion, those that were compared.
        objective: Of the candidate's experiment.
        promotion: What became of it where it was asked for and earned.
    """

    result: GateResult
    candidate: Contestant
    champion: Contestant | None = None
    evaluations: tuple[Evaluation | None, Evaluation | None] = (None, None)
    objective: Objective | None = None
    promotion: Promotion | None = None
    asked: Asked | None = None


def judge_candidate(services: Services, asked: Asked) -> Judgement:
    """Judge without recording anything.

    Raises:
        NotFound: If there is no such candidate.
        InvalidInput: If the experiment's objective cannot be read.
        DamagedData: If a record of an evaluation is damaged.
    """
    candidate = contestant(services, asked.candidate)
    champion = _champion(services, asked.champion)
    itself = champion is not None and _same_model(candidate, champion)
    rival = None if itself else champion
    if asked.evaluate is not None:
        ours: Evaluation | None = asked.evaluate(candidate)
        theirs = None if rival is None else asked.evaluate(rival)
    else:
        ours, theirs = same_evaluations(candidate, rival)
    objective = _objective(services, candidate)
    if ours is None:
        result = _not_evaluated(candidate)
    else:
        comparison = _comparison(services, ours, theirs, rival)
        result = judge(Rivals(ours, theirs, comparison, rival.uri if rival else ""), objective, asked.policy)
    if itself:
        result = _with(result, Check("champion", True, None, "as good as the champion", "It is the champion itself."))
    elif asked.champion and champion is None:
        reason = f"{asked.champion} names no version yet: there is nothing to compare with."
        passed = not asked.policy.champion_required
        kept = [check for check in result.checks if check.name != "champion"]
        result = _with(replace(result, checks=tuple(kept)), Check("champion", passed, None, "", reason))
    result = replace(result, candidate=candidate.uri, champion=champion.uri if champion else "", created=now())
    return Judgement(result, candidate, champion, (ours, theirs), objective, asked=asked)


def record(services: Services, judgement: Judgement, target: str = "", model: str = "", reason: str = "") -> Judgement:
    """Keep the verdict beside the candidate, and promote the candidate if it has passed.

    Args:
        target: Such as `alias:champion` or `stage:Production`; "" promotes nothing.
        model: The registered model to make a version in, where the candidate is a run or a logged model; that of the
            champion unless given.
        reason: Why, for the history; what the gate found unless given.

    Raises:
        InvalidInput: If it is not known under which name to register the candidate.
        Conflict: If another version was promoted meanwhile.
    """
    result, candidate = judgement.result, judgement.candidate
    if candidate.run is not None:
        store = services.open_artifacts(candidate.run.info.artifact_uri)
        store.write(GATE_PATH, [as_json(judgement).encode()])
    version = candidate.version
    earned = result.verdict is Verdict.PASS and bool(target)
    if version is None and earned:
        version = _registered(services, judgement, model)
        candidate = replace(candidate, version=version)
        judgement = replace(judgement, candidate=candidate)
    if version is None:
        return judgement
    governance = services.registry.governance
    passed = result.verdict is Verdict.PASS
    run_id = candidate.run.info.run_id if candidate.run else ""
    user = user_name()
    # However much there is to tell, the verdict itself is kept: else that of before would stand.
    detail = told(result).removeprefix("failed: ").replace("\0", " ")[:_LONGEST_DETAIL]
    check = governance.set_check(NewCheck(version.name, version.version, CHECK, passed, detail, run_id), user=user)
    if not earned:
        return judgement
    expected = _expected(judgement, target)
    if expected == version.version:
        return judgement
    for done in governance.promotions(version.name, PromotionState.DONE):
        # It was asked for before, and waited for this check alone.
        if (done.version, done.target) == (version.version, target) and done.decided >= check.time:
            return replace(judgement, promotion=done)
    promotion = governance.promote(
        version.name, version.version, target, reason or f"Gate passed: {told(result)}", user=user, replacing=expected
    )
    return replace(judgement, promotion=promotion)


def as_json(judgement: Judgement) -> str:
    """The verdict for programs."""
    fields = msgspec.to_builtins(judgement.result)
    promotion = judgement.promotion
    extra = {"promotion": None if promotion is None else msgspec.to_builtins(promotion)}
    version = judgement.candidate.version
    extra["version"] = None if version is None else {"name": version.name, "version": version.version}
    return json.dumps(_finite({**fields, **extra}), indent=2, ensure_ascii=False, default=str, allow_nan=False)


def _finite(value: Any) -> Any:
    """The value with null for the figures that JSON has no number for."""
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def told(result: GateResult) -> str:
    """The verdict in one line."""
    failed = [check.name for check in result.checks if check.passed is False]
    unknown = [check.name for check in result.checks if check.passed is None]
    if failed:
        return f"failed: {', '.join(failed)}"
    if unknown:
        return f"cannot be judged: {', '.join(unknown)}"
    count = len(result.checks)
    return f"{count} {'check' if count == 1 else 'checks'} passed"


def target_of(text: str) -> str:
    """A target from what people type: as the registry takes it, and a word that is no stage stands for an alias.

    Raises:
        InvalidInput: For one that cannot be.
    """
    with contextlib.suppress(InvalidInput):
        return check_target(text)
    return check_target(f"alias:{text}" if text and not set(text) & set(":/@") else text)


def _champion(services: Services, uri: str) -> Contestant | None:
    if not uri:
        return None
    if scheme_of(uri) == "models":
        wanted = parse_model_uri(uri)
        if wanted.alias or wanted.stage:
            # Before the first promotion it names nothing, and then there is nothing to beat.
            with contextlib.suppress(NotFound):
                return contestant(services, uri)
            return None
    return contestant(services, uri)


def _same_model(candidate: Contestant, champion: Contestant) -> bool:
    if candidate.uri == champion.uri:
        return True
    return (
        candidate.model is not None
        and champion.model is not None
        and candidate.model.model_id == champion.model.model_id
    )


def _objective(services: Services, candidate: Contestant) -> Objective | None:
    if candidate.run is None:
        return None
    return read_objective(services.tracking.experiments.get(candidate.run.info.experiment_id).tags)


def _comparison(
    services: Services, ours: Evaluation, theirs: Evaluation | None, rival: Contestant | None
) -> Comparison | None:
    """In pairs, where both kept what they said of each row."""
    if theirs is None or rival is None or not ours.dataset_digest or ours.dataset_digest != theirs.dataset_digest:
        return None
    first, second = rows_of(services, ours), rows_of(services, theirs)
    if first is None or second is None or not same_rows(first, second):
        return None
    return compare_rows(first, second, rival.uri, confidence=ours.confidence)


def _not_evaluated(candidate: Contestant) -> GateResult:
    reason = (
        f"{candidate.label} was never evaluated. Evaluate it with treering.evaluate(...) or `treering evaluate`,"
        " or give the gate data to do it with (--data, --targets)."
    )
    return GateResult(Verdict.INSUFFICIENT, (Check("evaluation", None, None, "", reason),))


def _with(result: GateResult, check: Check) -> GateResult:
    """The result with one more check; where nothing else was demanded, that is not one."""
    checks = (*(one for one in result.checks if one.name != "demands"), check)
    return replace(result, checks=checks, verdict=verdict_of(checks))


def _expected(judgement: Judgement, target: str) -> int | None:
    """The version that held the target when the candidate was judged, 0 for none; None where nobody looked."""
    kind, _, name = target.partition(":")
    champion = judgement.champion.version if judgement.champion else None
    if champion is not None:
        held = name in champion.aliases if kind == "alias" else champion.stage == name
        return champion.version if held else None
    uri = judgement.asked.champion if judgement.asked else ""
    if judgement.champion is None and scheme_of(uri) == "models":
        wanted = parse_model_uri(uri)
        if name and name == (wanted.alias if kind == "alias" else wanted.stage):
            return 0
    return None


def _registered(services: Services, judgement: Judgement, model: str) -> ModelVersion:
    """The candidate as a version: the one that it is already, else a new one."""
    candidate = judgement.candidate
    name = model or (judgement.champion.name if judgement.champion else "")
    if not name:
        msg = (
            f"{candidate.label} has passed, but it is not known as which registered model to promote it."
            " Name the model with --model."
        )
        raise InvalidInput(msg)
    if candidate.model is None:
        msg = f"{candidate.label} has passed, but it logged no model, or several. Name the one to promote: models:/m-<id>."
        raise InvalidInput(msg)
    for known, number in candidate.model.registrations:
        if known == name:
            return services.registry.versions.get(known, number)
    with contextlib.suppress(AlreadyExists):
        services.registry.models.create(name)
    run_id = candidate.run.info.run_id if candidate.run else ""
    return services.registry.versions.create(
        NewModelVersion(
            name, f"models:/{candidate.model.model_id}", run_id, model_id=candidate.model.model_id, user_id=user_name()
        )
    )
