"""`mlflow.utils.autologging_utils`: what libraries and users take from it."""

from __future__ import annotations

from treering.client.autologging.guard import disabled as disable_autologging
from treering.client.autologging.switches import switch

__all__ = ["autologging_is_disabled", "disable_autologging"]


def autologging_is_disabled(integration_name: str) -> bool:
    """Whether trainings of a library are not logged automatically."""
    return not switch(integration_name).is_on
