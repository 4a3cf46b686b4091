"""`treering artifacts`: list, fetch and add files of runs and models."""

from __future__ import annotations

from pathlib import Path

import click

from treering.cli.output import json_option, print_json, print_table
from treering.cli.session import session
from treering.client.artifacts import download_tree, upload_tree
from treering.core.errors import InvalidInput
from treering.core.uri import join
from treering.registry.locate import locate

__all__ = ["artifacts"]

_run_id = click.option("--run-id", "-r", required=True, help="The run.")
_artifact_path = click.option("--artifact-path", "-a", default="", help="Folder among the run's artifacts.")


@click.group()
def artifacts() -> None:
    """List, fetch and add files of runs and models."""


@artifacts.command("list")
@_run_id
@_artifact_path
@json_option
def list_artifacts(run_id: str, artifact_path: str, *, as_json: bool) -> None:
    """List what lies in a folder of a run's artifacts."""
    with session() as services:
        store = services.open_artifacts(services.tracking.runs.get(run_id).info.artifact_uri)
        found = store.list(artifact_path)
    if as_json:
        print_json(found)
        return
    rows = [(info.path + ("/" if info.is_dir else ""), "" if info.is_dir else info.size) for info in found]
    print_table(["path", "bytes"], rows, "No artifacts there.")


@artifacts.command()
@click.option("--run-id", "-r", default="", help="The run, for --artifact-path.")
@_artifact_path
@click.option("--artifact-uri", "-u", default="", help="A runs:/ or models:/ URI, or one of a store.")
@click.option(
    "--dst-path",
    "-d",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where to put it.  [default: here]",
)
def download(run_id: str, artifact_path: str, artifact_uri: str, dst_path: Path) -> None:
    """Fetch a file or folder and print where it lies now."""
    if bool(run_id) == bool(artifact_uri):
        msg = "Name what to fetch by one of --run-id and --artifact-uri."
        raise click.UsageError(msg)
    uri = artifact_uri or join(f"runs:/{run_id}", artifact_path)
    with session() as services:
        where = download_tree(services, locate(uri, services.tracking, services.registry), dst_path)
    click.echo(where)


@artifacts.command("log-artifact")
@click.option("--local-file", "-l", type=click.Path(path_type=Path), required=True, help="File to add.")
@_run_id
@_artifact_path
def log_artifact(local_file: Path, run_id: str, artifact_path: str) -> None:
    """Add a file to a run."""
    _add(local_file, run_id, artifact_path, is_dir=False)


@artifacts.command("log-artifacts")
@click.option("--local-dir", "-l", type=click.Path(path_type=Path), required=True, help="Folder whose files to add.")
@_run_id
@_artifact_path
def log_artifacts(local_dir: Path, run_id: str, artifact_path: str) -> None:
    """Add all files of a folder to a run."""
    _add(local_dir, run_id, artifact_path, is_dir=True)


def _add(local: Path, run_id: str, artifact_path: str, *, is_dir: bool) -> None:
    if not (local.is_dir() if is_dir else local.is_file()):
        msg = f"{local} is no {'folder' if is_dir else 'file'}. Name one that exists."
        raise InvalidInput(msg)
    with session() as services:
        store = services.open_artifacts(services.tracking.runs.get(run_id).info.artifact_uri)
        count = upload_tree(store, local, artifact_path)
    click.echo(f"Added {count} {'file' if count == 1 else 'files'} to run {run_id}.")
