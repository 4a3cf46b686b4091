"""`treering.model_card`: what is known of a model, for people, in Markdown and as a page."""

from __future__ import annotations

import re
from pathlib import Path

from treering.client.content_calls import log_text
from treering.client.session import session
from treering.core.errors import InvalidInput
from treering.core.whole_files import write_whole
from treering.entities.evaluation import Evaluation
from treering.evaluation.card.facts import CardFacts
from treering.evaluation.card.html import to_html
from treering.evaluation.card.markdown import to_markdown
from treering.provenance.cards import CardSources, card_of_run, card_of_version

__all__ = ["HTML_PATH", "MARKDOWN_PATH", "ModelCard", "card_at", "log_card", "model_card"]

MARKDOWN_PATH = "model_card.md"
HTML_PATH = "model_card.html"
"""Where a card lies among the artifacts of the run that evaluated the model."""

_VERSION = re.compile(r"models:/(?P<name>[^@/]+)/(?P<which>[^/]+)")
_ALIAS = re.compile(r"models:/(?P<name>[^@/]+)@(?P<alias>[^/]+)")
_MODEL = re.compile(r"models:/(?P<model>m-[^/]+)")
_RUN = re.compile(r"runs:/(?P<run>[^/]+)(/.*)?")


class ModelCard:
    """A model card.

    Attributes:
        facts: All that it tells, as values.
    """

    def __init__(self, facts: CardFacts) -> None:
        self.facts = facts

    def __repr__(self) -> str:
        return f"<model card of {self.facts.title}>"

    def _repr_markdown_(self) -> str:
        """What a notebook shows."""
        return re.sub(r"\A---\n.*?\n---\n", "", self.markdown, count=1, flags=re.DOTALL)

    @property
    def markdown(self) -> str:
        """The card in Markdown, with the front matter that Hugging Face's hub reads."""
        return to_markdown(self.facts)

    @property
    def html(self) -> str:
        """The card as a page that stands alone."""
        return to_html(self.facts)

    def save(self, path: str | Path) -> Path:
        """Write it: as a page where the name ends with `.html`, else as Markdown."""
        target = Path(path)
        text = self.html if target.suffix.lower() in {".html", ".htm"} else self.markdown
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, text.encode())
        return target


def model_card(model: str, version: int | str | None = None) -> ModelCard:
    """The card of a model, made anew from what is known now.

    Args:
        model: The name of a registered model, with `version`; or `models:/<name>/<version>`, `models:/<name>@<alias>`,
            `models:/<name>/<stage>`, `models:/m-<id>`, or `runs:/<id>`.
        version: A version's number or `@alias`; the newest one unless given.

    Raises:
        NotFound: If there is no such model, version or run.
        InvalidInput: If `model` is none of these.
    """
    return card_at(session().place.read(), model, version)


def card_at(sources: CardSources, model: str, version: int | str | None = None) -> ModelCard:
    """As `model_card`, from somewhere in particular."""
    if version is not None or ":/" not in model:
        which = "latest" if version is None else str(version)
        model = f"models:/{model}{which if which.startswith('@') else f'/{which}'}"
    if found := _MODEL.fullmatch(model):
        logged = sources.tracking.models.get(found["model"])
        return ModelCard(card_of_run(sources, logged.source_run_id, logged.model_id))
    if found := _RUN.fullmatch(model):
        return ModelCard(card_of_run(sources, found["run"]))
    if found := _ALIAS.fullmatch(model):
        at = sources.registry.versions.get_by_alias(found["name"], found["alias"])
        return ModelCard(card_of_version(sources, at.name, at.version))
    if found := _VERSION.fullmatch(model):
        return ModelCard(card_of_version(sources, found["name"], _number(sources, found["name"], found["which"])))
    msg = f"{model!r} names no model. Give models:/<name>/<version>, models:/<name>@<alias>, models:/m-<id> or runs:/<id>."
    raise InvalidInput(msg)


def log_card(run_id: str, model_id: str = "", evaluation: Evaluation | None = None) -> ModelCard:
    """Write the card of a model that was just evaluated into the run that did it."""
    card = ModelCard(card_of_run(session().place.read(), run_id, model_id, evaluation))
    log_text(card.markdown, MARKDOWN_PATH, run_id)
    log_text(card.html, HTML_PATH, run_id)
    return card


def _number(sources: CardSources, name: str, which: str) -> int:
    if which.isdigit():
        return int(which)
    latest = sources.registry.versions.latest(name, [] if which.lower() == "latest" else [which])
    if not latest:
        msg = f"The model {name!r} has no version in {which!r}. Name a version by its number."
        raise InvalidInput(msg)
    return max(one.version for one in latest)
