"""Shows what may be longer than the screen, in a program that pages through it."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys

from treering.cli.dvc.call import Call
from treering.core.variables import process_variables

__all__ = ["page"]

# Quits where one screen is enough, keeps colours and long lines, leaves the text on the screen.
_LESS = "less -FRSX"


def page(call: Call, text: str) -> None:
    """Print a text; on a terminal, through DVC_PAGER, PAGER or less, whichever is there first."""
    if call.quiet:
        return
    variables = process_variables()
    command = shlex.split(variables.get("DVC_PAGER") or variables.get("PAGER") or _LESS)
    if not (sys.stdout.isatty() and command and shutil.which(command[0])):
        print(text)
        return
    subprocess.run(command, input=f"{text}\n", text=True, check=False)  # noqa: S603 - the user's own pager
