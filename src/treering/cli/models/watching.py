"""Options of commands that serve, for what is learnt of answers: who asks, what answers were worth, what is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from treering.core.errors import InvalidInput
from treering.core.settings import Settings
from treering.core.variables import process_variables
from treering.serving.predictions.options import LogOptions
from treering.serving.telemetry.options import trace_options
from treering.serving.traffic.feedback import Feedback

__all__ = ["WATCHING", "watching"]

WATCHING: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--key-header", default="x-treering-key", show_default=True,
        help="Header whose value stays with its variant, such as one that names the user.",
    ),
    click.option(
        "--feedback-window", type=click.FloatRange(0, min_open=True), default=3600.0, show_default=True,
        help="Seconds after an answer in which it can be told what it was worth.",
    ),
    click.option(
        "--feedback-missing", type=float,
        help="What an answer was worth of which nothing is told in that time; without it such answers do not count.",
    ),
    click.option("--predictions", metavar="FOLDER", help="Keep what is asked and answered in this folder."),
    click.option(
        "--predictions-sample", type=click.FloatRange(0, 1, min_open=True), metavar="SHARE",
        help="Keep this share of the requests, 0 to 1.",
    ),
    click.option(
        "--predictions-form", type=click.Choice(["jsonl", "parquet"]), help="What files become when they are full."
    ),
    click.option(
        "--predictions-days", type=click.FloatRange(0), metavar="DAYS",
        help="Remove files after so many days; without it they stay.",
    ),
    click.option(
        "--predictions-rule", multiple=True, metavar="FIELD=RULE",
        help="What is kept of a field: keep, drop, hash, mask, mask:4, round:2 or scrub. The first that fits counts.",
    ),
)  # fmt: skip
"""In the order in which help shows them."""


def watching(settings: Settings, given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of `ServingOptions`, of options and settings.

    Raises:
        InvalidInput: If a rule or a variable of OpenTelemetry is not understood.
    """
    return {
        "key_header": given["key_header"],
        "feedback": Feedback(given["feedback_window"], given["feedback_missing"]),
        "predictions": _predictions(settings, given),
        "traces": trace_options(process_variables()),
    }


def _predictions(settings: Settings, given: Mapping[str, Any]) -> LogOptions | None:
    folder = given["predictions"] or settings.predictions
    if not folder:
        return None
    rules = _rules(given["predictions_rule"] or [one for one in settings.predictions_rules.split(",") if one.strip()])
    # Only a server that keeps answers loads this: a rule that is not known is told before anything is started.
    import_module("treering.serving.predictions.privacy").Privacy(rules, b"")
    return LogOptions(
        folder,
        settings.predictions_sample if given["predictions_sample"] is None else given["predictions_sample"],
        given["predictions_form"] or settings.predictions_form,
        rules,
        settings.predictions_secret,
        days=settings.predictions_days if given["predictions_days"] is None else given["predictions_days"],
    )


def _rules(given: Sequence[str]) -> dict[str, str]:
    rules: dict[str, str] = {}
    for one in given:
        field, sign, rule = one.strip().rpartition("=")
        if not sign or not field or not rule:
            msg = f"--predictions-rule {one} is not understood. Write FIELD=RULE, such as email=hash."
            raise InvalidInput(msg)
        rules[field] = rule
    return rules
