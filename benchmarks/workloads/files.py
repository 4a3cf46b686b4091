"""Sends one large file and many small ones to a server and fetches them again: files.py <module> <uri> <folder> <count>."""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import sys
import time
from pathlib import Path


def main() -> None:
    module, uri, folder, count = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
    product = importlib.import_module(module)
    product.set_tracking_uri(uri)
    took: dict[str, float] = {}
    with product.start_run() as run:
        run_id = run.info.run_id
        # What is loaded and connected on first use is not what is measured.
        product.log_artifact(str(folder / "warm.bin"))
        product.artifacts.download_artifacts(run_id=run_id, artifact_path="warm.bin", dst_path=str(folder / "warm"))
        before = _peak()
        for name, send in (
            ("large", lambda: product.log_artifact(str(folder / "large.bin"), "large")),
            ("small", lambda: product.log_artifacts(str(folder / "small"), "small")),
        ):
            began = time.perf_counter()
            send()
            took[f"{name}_up"] = time.perf_counter() - began
            target = folder / f"got-{name}"
            began = time.perf_counter()
            product.artifacts.download_artifacts(run_id=run_id, artifact_path=name, dst_path=str(target))
            took[f"{name}_down"] = time.perf_counter() - began
            _check(folder / (f"{name}.bin" if name == "large" else name), target / name, count)
            shutil.rmtree(target)
        took["grown"] = _peak() - before
    print(json.dumps(took))


def _check(sent: Path, got: Path, count: int) -> None:
    if sent.is_dir():
        assert sum(1 for path in got.rglob("*") if path.is_file()) == count
    else:
        assert (got / sent.name).stat().st_size == sent.stat().st_size


def _peak() -> int:
    """Bytes: the most that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    main()
