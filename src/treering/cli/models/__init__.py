"""The commands of `treering models`, one file each: loaded when it is called, because each needs much."""

from __future__ import annotations

import click

from treering.core.plugins import Registry

__all__ = ["MODEL_COMMANDS", "MODEL_HELP"]

MODEL_HELP = {
    "build-docker": "Build an image that serves a model.",
    "generate-dockerfile": "Write what an image of a model is built of.",
    "predict": "Write a model's predictions for files.",
    "prepare-env": "Build the environment that a model needs.",
    "scan": "Say what a model's files could do to who loads them.",
    "serve": "Answer requests with a model's predictions.",
    "update-pip-requirements": "Add packages that a model needs, or remove them.",
}

MODEL_COMMANDS: Registry[click.Command] = Registry(
    "treering.model_commands",
    "command of models",
    {name: f"treering.cli.models.{name.replace('-', '_')}:{name.replace('-', '_')}" for name in MODEL_HELP},
    extras=dict.fromkeys(MODEL_HELP, "sklearn"),
)
"""The commands; those of other packages are added through the entry point group `treering.model_commands`."""
