"""Imports or exports and kills itself with SIGKILL before its Nth statement or change of a file; 0 only counts them.

killed.py import|export N FROM TO
"""

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import Engine, event

from treering.assembly import open_services
from treering.core.settings import Settings
from treering.exchange import runs
from treering.exchange.bring import Wishes, bring
from treering.exchange.mlflow.opening import open_mlflow, open_target
from treering.exchange.own import OwnSource
from treering.exchange.report import Report

verb, deadly, given, target = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
home = Path(target if verb == "import" else given)
# A series is sent in several parts.
runs._POINTS = 500
services = open_services(Settings(), home)
count = 0


def step(*_, **__):
    global count  # noqa: PLW0603 - a program of one function
    count += 1
    if count == deadly:
        os.kill(os.getpid(), signal.SIGKILL)


def on_audit(name, arguments):
    if name in {"os.rename", "os.mkdir", "os.remove"} or (name == "open" and str(arguments[1]) in {"wb", "xb"}):
        step()


event.listen(Engine, "before_cursor_execute", step)
event.listen(Engine, "commit", step)
sys.addaudithook(on_audit)
report = Report()
if verb == "import":
    bring(open_mlflow(given, Settings()), services, Wishes(), report)
else:
    open_target(target, Settings())(OwnSource(services), Wishes(), report)
print("STEPS", count, report.problems)
