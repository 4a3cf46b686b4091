"""`treering models build-docker`: an image that serves a model, with MLflow's options."""

from __future__ import annotations

import click

from treering.client.bundles import images

__all__ = ["build_docker"]


@click.command("build-docker")
@click.option("--model-uri", "-m", help="A folder, runs:/<run id>/<path>, models:/<name>/<version> or @<alias>.")
@click.option("--name", "-n", default="mlflow-pyfunc-servable", show_default=True, help="Name of the image.")
@click.option("--base-image", help="What the image starts from; else Python's slim one.")
@click.option("--install-mlflow", is_flag=True, help="Let MLflow go along, for models that import it.")
@click.option("--env-manager", hidden=True)
@click.option("--mlflow-home", hidden=True)
@click.option("--install-java", type=bool, hidden=True)
@click.option("--enable-mlserver", is_flag=True, hidden=True)
def build_docker(  # noqa: PLR0913 -- MLflow's options
    model_uri: str | None, name: str, base_image: str | None, env_manager: str | None, mlflow_home: str | None,
    *, install_mlflow: bool, install_java: bool | None, enable_mlserver: bool,
) -> None:  # fmt: skip
    """Build an image that serves the model, with docker, podman, buildah or nerdctl."""
    images.build_docker(
        model_uri, name, env_manager, mlflow_home, install_java, install_mlflow, enable_mlserver, base_image
    )
    click.echo(f"Built {name}. Run it with: docker run --rm -p 8080:8080 {name}")
