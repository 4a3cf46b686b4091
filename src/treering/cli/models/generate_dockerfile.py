"""`treering models generate-dockerfile`: what an image of a model is built of, with MLflow's options."""

from __future__ import annotations

import click

from treering.client.bundles import images

__all__ = ["generate_dockerfile"]


@click.command("generate-dockerfile")
@click.option("--model-uri", "-m", help="A folder, runs:/<run id>/<path>, models:/<name>/<version> or @<alias>.")
@click.option(
    "--output-directory", "-d", default="mlflow-dockerfile", show_default=True, help="Folder, which must not exist."
)
@click.option("--base-image", default="", help="What the image starts from; else Python's slim one.")
@click.option("--install-mlflow", is_flag=True, help="Let MLflow go along, for models that import it.")
@click.option("--lock/--no-lock", default=True, help="Whether packages are pinned by version and hash, by uv.")
@click.option("--env-manager", hidden=True)
@click.option("--mlflow-home", hidden=True)
@click.option("--install-java", type=bool, hidden=True)
@click.option("--enable-mlserver", is_flag=True, hidden=True)
def generate_dockerfile(  # noqa: PLR0913 -- MLflow's options
    model_uri: str | None, output_directory: str, base_image: str, env_manager: str | None, mlflow_home: str | None,
    *, install_mlflow: bool, lock: bool, install_java: bool | None, enable_mlserver: bool,
) -> None:  # fmt: skip
    """Write a Dockerfile that serves the model, and all that it copies, into a new folder."""
    del env_manager, mlflow_home, install_java, enable_mlserver  # as in `build-docker`
    how = images.ImageOfModel(base_image, lock, ("mlflow",) if install_mlflow else ())
    made = images.generate_dockerfile(model_uri, output_directory, how)
    click.echo(f"Wrote {made}. Build it with: docker build {made}")
