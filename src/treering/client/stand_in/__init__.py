"""Treering under the name `mlflow`, for libraries that import that: `treering.install_as_mlflow()`.

names       which module of MLflow is answered by which of ours
finder      puts them in the way of `import mlflow`, and takes them out again
<others>    what MLflow has and Treering itself has no use for: constants, and its words for our values
"""

from __future__ import annotations

from treering.client.stand_in.finder import install_as_mlflow, uninstall_as_mlflow

__all__ = ["install_as_mlflow", "uninstall_as_mlflow"]
