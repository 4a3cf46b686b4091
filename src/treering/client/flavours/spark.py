"""`treering.spark`: models of Spark MLlib, saved, logged and loaded."""

from __future__ import annotations

from treering.client.flavours.face import defaults, face

__all__ = [
    "get_default_conda_env",
    "get_default_pip_requirements",
    "load_model",
    "log_model",
    "save_model",
]

log_model, save_model, load_model = face(
    "spark",
    "spark_model",
    "Spark MLlib",
    positional=("conda_env", "code_paths", "dfs_tmpdir"),
    saving="`dfs_tmpdir`",
    loading="`dfs_tmpdir`",
)

get_default_pip_requirements, get_default_conda_env = defaults("pyspark")
