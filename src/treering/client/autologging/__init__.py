"""Autologging: training code of other libraries is logged without a line of its own.

switches    who is on, with which options; applied when the library is imported
imports     tells of a library's import
patches     wraps the library's functions, and restores them
training    what a wrapped function logs to: one run, and nothing that can fail the training
guard       where errors of ours end, and who is inside a training already
<library>   which functions are wrapped, and what is logged
"""

from __future__ import annotations

from treering.client.autologging.guard import disabled
from treering.client.autologging.integrations import INTEGRATIONS
from treering.client.autologging.switches import SWITCHES, Switch, autolog

__all__ = ["INTEGRATIONS", "SWITCHES", "Switch", "autolog", "disabled"]
