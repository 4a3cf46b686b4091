"""MLflow's names of errors. What a server refuses is a RestException there, whatever the reason."""

from __future__ import annotations

from treering.client.stand_in.error_codes import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST, ErrorCode
from treering.core.errors import NotFound as MissingConfigException
from treering.core.errors import TreeringError as MlflowException
from treering.core.errors import TreeringError as RestException

__all__ = [
    "INVALID_PARAMETER_VALUE",
    "RESOURCE_DOES_NOT_EXIST",
    "ErrorCode",
    "MissingConfigException",
    "MlflowException",
    "RestException",
]
