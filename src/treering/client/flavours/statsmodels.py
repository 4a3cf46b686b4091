"""`treering.statsmodels`: logging of statsmodels's trainings."""

from __future__ import annotations

from treering.client.autologging.switches import SWITCHES

__all__ = ["autolog"]

autolog = SWITCHES["statsmodels"]
