"""`mlflow.utils.mlflow_tags`: names of the tags that mean something to trackers."""

from __future__ import annotations

from treering.entities.dataset import CONTEXT_TAG as MLFLOW_DATASET_CONTEXT
from treering.entities.run import NOTE_TAG as MLFLOW_RUN_NOTE
from treering.entities.run import PARENT_RUN_TAG as MLFLOW_PARENT_RUN_ID
from treering.entities.run import RUN_NAME_TAG as MLFLOW_RUN_NAME

__all__ = [
    "LATEST_CHECKPOINT_ARTIFACT_TAG_KEY",
    "MLFLOW_ARTIFACT_LOCATION",
    "MLFLOW_AUTOLOGGING",
    "MLFLOW_DATASET_CONTEXT",
    "MLFLOW_GIT_BRANCH",
    "MLFLOW_GIT_COMMIT",
    "MLFLOW_GIT_REPO_URL",
    "MLFLOW_LOGGED_ARTIFACTS",
    "MLFLOW_LOGGED_IMAGES",
    "MLFLOW_LOGGED_MODELS",
    "MLFLOW_PARENT_RUN_ID",
    "MLFLOW_PROJECT_BACKEND",
    "MLFLOW_PROJECT_ENTRY_POINT",
    "MLFLOW_PROJECT_ENV",
    "MLFLOW_RUN_NAME",
    "MLFLOW_RUN_NOTE",
    "MLFLOW_SOURCE_NAME",
    "MLFLOW_SOURCE_TYPE",
    "MLFLOW_USER",
]

LATEST_CHECKPOINT_ARTIFACT_TAG_KEY = "mlflow.latest_checkpoint_artifact"
MLFLOW_ARTIFACT_LOCATION = "mlflow.artifactLocation"
MLFLOW_AUTOLOGGING = "mlflow.autologging"
MLFLOW_GIT_BRANCH = "mlflow.source.git.branch"
MLFLOW_GIT_COMMIT = "mlflow.source.git.commit"
MLFLOW_GIT_REPO_URL = "mlflow.source.git.repoURL"
MLFLOW_LOGGED_ARTIFACTS = "mlflow.loggedArtifacts"
MLFLOW_LOGGED_IMAGES = "mlflow.loggedImages"
MLFLOW_LOGGED_MODELS = "mlflow.log-model.history"
MLFLOW_PROJECT_BACKEND = "mlflow.project.backend"
MLFLOW_PROJECT_ENTRY_POINT = "mlflow.project.entryPoint"
MLFLOW_PROJECT_ENV = "mlflow.project.env"
MLFLOW_SOURCE_NAME = "mlflow.source.name"
MLFLOW_SOURCE_TYPE = "mlflow.source.type"
MLFLOW_USER = "mlflow.user"
