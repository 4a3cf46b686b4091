"""What a server tells MLflow's clients about itself."""

from __future__ import annotations

from treering.wire.endpoint import Empty, Permission
from treering.wire.mlflow.fields import Message, declare

__all__ = ["GET", "Features", "ServerInfo"]


class Features(Message, frozen=True, omit_defaults=False):
    """Parts that MLflow's own server may have switched on."""

    gateway: bool = False
    scheduled_issue_detection: bool = False


class ServerInfo(Message, frozen=True, omit_defaults=False):
    """Which of MLflow's optional ways of working the server has."""

    artifact_serving_enabled: bool
    store_type: str = "SqlStore"
    workspaces_enabled: bool = False
    trace_archival_enabled: bool = False
    multipart_uploads_enabled: bool = False
    multipart_downloads_enabled: bool = False
    presigned_upload_run_id_supported: bool = False
    presigned_upload_model_id_supported: bool = False
    model_artifact_presigned_downloads_supported: bool = False
    artifacts_presigned_only: bool = False
    tracking_auth: bool = False
    features_enabled: Features = Features()


GET = declare("server_info.get", "GET", "3.0/mlflow/server-info", Empty, ServerInfo, Permission.OPEN)
