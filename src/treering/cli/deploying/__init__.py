"""What the commands of deployments share, and MLflow's commands, which work on plug-ins and on our own targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from treering.core.plugins import Registry

__all__ = ["PLUGIN_COMMANDS", "PLUGIN_HELP", "SAGEMAKER"]

PLUGIN_HELP: Mapping[str, str] = {
    "create": "Deploy a model, as MLflow writes it.",
    "create-endpoint": "Make an endpoint of a plug-in.",
    "delete": "Delete a deployment, as MLflow writes it.",
    "delete-endpoint": "Delete an endpoint of a plug-in.",
    "explain": "Ask why a deployment answers as it does.",
    "get": "Show a deployment, as MLflow writes it.",
    "get-endpoint": "Show an endpoint of a plug-in.",
    "help": "What a target can be told.",
    "list": "List deployments of a plug-in.",
    "list-endpoints": "List endpoints of a plug-in.",
    "predict": "Ask a deployment of a plug-in.",
    "run-local": "Deploy to this machine, for tests.",
    "update": "Put another model in the place of one.",
    "update-endpoint": "Change an endpoint of a plug-in.",
}

PLUGIN_COMMANDS: Registry[click.Command] = Registry(
    "treering.deployment_commands",
    "command",
    {name: f"treering.cli.deploying.plugins:{name.replace('-', '_')}_" for name in PLUGIN_HELP},
)
"""MLflow's commands of deployments."""

_JOBS = ("Job", "SagemakerJobs", "build_image", "push_image")
SAGEMAKER: Registry[Any] = Registry(
    "treering.sagemaker",
    "part of SageMaker",
    {name: f"treering.deployments.targets.sagemaker_jobs:{name}" for name in _JOBS},
    extras=dict.fromkeys(_JOBS, "s3"),
)
"""What needs the package of Amazon's services."""
