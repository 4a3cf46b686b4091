"""Logs points until it is killed, and tells through a file how many calls have returned.

python log_until_killed.py MODULE TRACKING_URI FILE SECONDS

It kills itself SECONDS after the first point, with SIGKILL, from another thread, so that no start-up time counts.
MLflow logs in its asynchronous mode, the one in which a call does not wait for the store.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading


def main() -> None:
    product = importlib.import_module(sys.argv[1])
    product.set_tracking_uri(sys.argv[2])
    told = os.open(sys.argv[3], os.O_RDWR | os.O_CREAT)
    options = {"synchronous": False} if sys.argv[1] == "mlflow" else {}
    product.set_experiment("killed")
    with product.start_run() as run:
        os.pwrite(told, run.info.run_id.encode(), 8)
        product.log_metric("loss", 0.0, step=0, **options)
        os.pwrite(told, (1).to_bytes(8, "little"), 0)
        threading.Timer(float(sys.argv[4]), lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
        step = 1
        while True:
            product.log_metric("loss", step / 7, step=step, **options)
            step += 1
            os.pwrite(told, step.to_bytes(8, "little"), 0)


if __name__ == "__main__":
    main()
