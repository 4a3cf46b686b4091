"""Leaving MLflow's prompts out of searches for models.

MLflow keeps prompts among the registered models, marked by a tag. Its clients
exclude them with a condition that would, taken literally, exclude every model
without that tag.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["is_prompt", "without_prompt_clause"]

_TAG = "mlflow.prompt.is_prompt"
_CLAUSE = re.compile(r"""\btags?\.[`"']?mlflow\.prompt\.is_prompt[`"']?\s*!=\s*(?:'true'|"true")""", re.IGNORECASE)
_AND_BEFORE = re.compile(r"\sand$", re.IGNORECASE)
_AND_AFTER = re.compile(r"and\s", re.IGNORECASE)


def is_prompt(tags: Mapping[str, str]) -> bool:
    """Whether a registered model or version is a prompt."""
    return tags.get(_TAG, "").lower() == "true"


def without_prompt_clause(text: str) -> tuple[str, bool]:
    """The filter without the condition that excludes prompts, and whether to exclude them.

    They are excluded unless the filter asks about the tag in another way.
    """
    found = _CLAUSE.search(text)
    if not found:
        return text, _TAG not in text
    before, after = text[: found.start()].rstrip(), text[found.end() :].lstrip()
    if _AND_BEFORE.search(before[-4:]):
        return f"{before[:-4].rstrip()} {after}".strip(), True
    if not before and _AND_AFTER.match(after):
        return after[4:].lstrip(), True
    return f"{before} {after}".strip(), True
