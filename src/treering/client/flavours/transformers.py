"""`treering.transformers`: logging of trainings with the trainer of Transformers."""

from __future__ import annotations

from treering.client.autologging.switches import SWITCHES

__all__ = ["autolog"]

autolog = SWITCHES["transformers"]
