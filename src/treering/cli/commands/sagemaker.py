"""`treering sagemaker`: MLflow's commands for SageMaker: an image, models in its registry, and jobs for files in S3."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from treering.cli.deploying import SAGEMAKER
from treering.cli.session import session
from treering.client.deploying import Asked, order_of
from treering.core.errors import InvalidInput
from treering.core.settings import find_home, read_settings
from treering.core.variables import process_variables
from treering.deployments.programs import SystemPrograms

__all__ = ["sagemaker"]

_IMAGE = "MLFLOW_SAGEMAKER_DEPLOY_IMG_URL"
Function = TypeVar("Function", bound=Callable[..., Any])
_CONTAINER = "treering-pyfunc"


@click.group()
def sagemaker() -> None:
    """Images, models and batch jobs in Amazon SageMaker; endpoints are made by `treering deploy -t sagemaker`."""


def _model_options(function: Function) -> Function:
    for option in reversed(
        (
            click.option("--model-uri", "-m", required=True, help="The model."),
            click.option("--execution-role-arn", "-e", default="", help="The role that SageMaker runs the model with."),
            click.option("--bucket", "-b", default="", help="Where the model's files go; one of the account's own."),
            click.option("--image-url", "-i", default="", help=f"The image in ECR; {_IMAGE} unless given."),
            click.option(
                "--vpc-config", "-v", type=click.Path(exists=True, dir_okay=False), help="A JSON file: VpcConfig."
            ),
            click.option("--flavor", "-f", help="Which of the model's flavors is used; python_function alone."),
        )
    ):
        function = option(function)
    return function


@sagemaker.command("build-and-push-container")
@click.option("--build/--no-build", default=True, help="Whether the image is built.")
@click.option("--push/--no-push", default=True, help="Whether it is sent to ECR.")
@click.option("--container", "-c", default=_CONTAINER, show_default=True, help="Its name.")
@click.option("--region-name", default="us-west-2", show_default=True, help="The region.")
@click.option("--env-manager", default="", hidden=True)
@click.option("--mlflow-home", default="", hidden=True)
@click.option("--install-java", type=bool, hidden=True)
@click.option("--network", default="", hidden=True)
def build_and_push_container(*, build: bool, push: bool, container: str, region_name: str, **_others: object) -> None:
    """Build an image that serves whatever model SageMaker puts into it, and send it to the account's ECR."""
    if not build and not push:
        msg = "Nothing is to be done: leave --no-build or --no-push out."
        raise click.UsageError(msg)
    programs = SystemPrograms(process_variables())
    if build:
        SAGEMAKER.load("build_image")(programs, container)
    click.echo(SAGEMAKER.load("push_image")(programs, container, region_name) if push else container)


@sagemaker.command("push-model")
@click.option("--model-name", "-n", required=True, help="What it is called in SageMaker.")
@_model_options
@click.option("--region-name", default="us-west-2", show_default=True, help="The region.")
def push_model(*, model_name: str, region_name: str, vpc_config: str | None, **given: Any) -> None:
    """Put a model into SageMaker's registry of models."""
    with _folder(given["model_uri"], given["flavor"]) as folder:
        click.echo(_jobs(region_name, given).push(model_name, folder, _vpc(vpc_config)))


@sagemaker.command("deploy-transform-job")
@click.option("--job-name", "-n", "name", required=True, help="What the job is called.")
@_model_options
@click.option("--input-data-type", "input_kind", required=True, help="S3Prefix or ManifestFile.")
@click.option("--input-uri", "-u", required=True, help="What is read from S3.")
@click.option("--content-type", required=True, help="Of what is read, such as text/csv.")
@click.option("--output-path", "-o", required=True, help="Where it is written in S3.")
@click.option("--compression-type", "compression", default="None", show_default=True, help="None or Gzip.")
@click.option("--split-type", "-s", "split", default="Line", show_default=True, help="How what is read is divided.")
@click.option("--accept", "-a", default="text/csv", show_default=True, help="Of what is written.")
@click.option("--assemble-with", "assemble", default="Line", show_default=True, help="How answers are put together.")
@click.option("--input-filter", default="$", show_default=True, help="What of it is predicted from, as JSONPath.")
@click.option("--output-filter", default="$", show_default=True, help="What of it is written, as JSONPath.")
@click.option("--join-resource", "-j", "join", default="None", show_default=True, help="None or Input.")
@click.option("--region-name", default="us-west-2", show_default=True, help="The region.")
@click.option("--instance-type", "-t", default="ml.m4.xlarge", show_default=True, help="The machine.")
@click.option("--instance-count", "-c", type=click.IntRange(1), default=1, show_default=True, help="How many.")
@click.option("--archive", is_flag=True, help="Keep the model when the job is over.")
@click.option("--async", "later", is_flag=True, help="Do not wait for the job's end.")
@click.option("--timeout", type=click.FloatRange(0), default=1200.0, show_default=True, help="Seconds to wait.")
def deploy_transform_job(  # noqa: PLR0913 -- the options of a command
    *,
    region_name: str,
    vpc_config: str | None,
    instance_type: str,
    instance_count: int,
    archive: bool,
    later: bool,
    timeout: float,
    **given: Any,
) -> None:
    """Let a model predict for files in S3, and write the answers there."""
    jobs = _jobs(region_name, given)
    described = {key: value for key, value in given.items() if key not in _OF_MODEL}
    machines = {"InstanceType": instance_type, "InstanceCount": instance_count}
    job = SAGEMAKER.load("Job")(**described, machines=machines)
    with _folder(given["model_uri"], given["flavor"]) as folder:
        jobs.transform(job, folder, _vpc(vpc_config))
    if later:
        click.echo(f"The transform job {job.name} has begun.")
        return
    click.echo(f"The transform job {job.name} is over: {jobs.wait(job.name, timeout)}")
    if not archive:
        jobs.clean(job.name)


@sagemaker.command("terminate-transform-job")
@click.option("--job-name", "-n", required=True, help="The job.")
@click.option("--region-name", "-r", default="us-west-2", show_default=True, help="The region.")
@click.option("--archive", is_flag=True, help="Keep its model.")
@click.option("--async", "later", is_flag=True, help="Do not wait for its end.")
@click.option("--timeout", type=click.FloatRange(0), default=1200.0, show_default=True, help="Seconds to wait.")
def terminate_transform_job(*, job_name: str, region_name: str, archive: bool, later: bool, timeout: float) -> None:
    """End a job before its time."""
    jobs = SAGEMAKER.load("SagemakerJobs")(region_name, "")
    jobs.stop(job_name)
    if not later:
        jobs.wait(job_name, timeout)
    if not archive:
        jobs.clean(job_name)
    click.echo(f"The transform job {job_name} is ended.")


_OF_MODEL = {"model_uri", "execution_role_arn", "bucket", "image_url", "flavor"}


def _jobs(region: str, given: Mapping[str, Any]) -> Any:
    image = given["image_url"] or process_variables().get(_IMAGE, "")
    made = SAGEMAKER.load("SagemakerJobs")
    return made(region, image, role=given["execution_role_arn"], bucket=given["bucket"])


def _vpc(path: str | None) -> Mapping[str, Any] | None:
    if path is None:
        return None
    try:
        found: Mapping[str, Any] = json.loads(Path(path).read_bytes())
    except ValueError as error:
        msg = f"{path} is no JSON: {error}"
        raise InvalidInput(msg) from error
    return found


@contextmanager
def _folder(uri: str, flavour: str | None) -> Iterator[Path]:
    if flavour not in {None, "python_function"}:
        msg = f"Models are served as python_function, and not as {flavour!r}."
        raise InvalidInput(msg)
    with (
        session() as services,
        order_of(Asked(uri, "model"), services, find_home(read_settings(), Path.cwd())) as order,
    ):
        yield order.files()
