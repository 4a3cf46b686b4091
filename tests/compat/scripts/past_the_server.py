"""Large files that MLflow sends and fetches past the server: to and from addresses that the server gives out.

The one argument is a folder to work in. What the server is asked is counted.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from unittest import mock

import mlflow
import requests
from mlflow.store.artifact import http_artifact_repo


def main() -> None:
    folder = Path(sys.argv[1])
    large = folder / "odd name.bin"
    large.write_bytes(os.urandom(12 << 20))
    put = requests.put
    with mlflow.start_run() as run, mock.patch.object(http_artifact_repo.requests, "put", side_effect=put) as puts:
        mlflow.log_artifact(str(large))
        mlflow.log_artifact(str(large), "sub/folder")
    # Two parts each: 6 MiB at a time.
    assert puts.call_count == 4, puts.call_count
    found = {item.path for item in mlflow.MlflowClient().list_artifacts(run.info.run_id)}
    assert found == {large.name, "sub"}, found
    for path in (large.name, f"sub/folder/{large.name}"):
        uri = f"runs:/{run.info.run_id}/{path}"
        fetched = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(folder / "down"))
        assert Path(fetched).read_bytes() == large.read_bytes()


if __name__ == "__main__":
    main()
