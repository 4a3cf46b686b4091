"""SageMaker beside endpoints: models in its registry of models, jobs that predict for files in S3, and images in ECR."""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treering.core.errors import DeadlineExceeded, InvalidInput, NotFound, Unavailable
from treering.deployments.programs import Programs, checked
from treering.deployments.targets.amazon import (
    Connect,
    account_bucket,
    archive_of,
    connected,
    execution_role,
    translated,
    upload,
)

__all__ = ["Job", "SagemakerJobs", "build_image", "push_image"]

_OVER = {"Completed", "Failed", "Stopped"}


@dataclass(frozen=True, slots=True)
class Job:
    """What a transform job is to do; names as SageMaker has them.

    Attributes:
        machines: `InstanceType` and `InstanceCount`.
    """

    name: str
    input_uri: str
    input_kind: str
    content_type: str
    output_path: str
    compression: str = "None"
    split: str = "Line"
    accept: str = "text/csv"
    assemble: str = "Line"
    input_filter: str = "$"
    output_filter: str = "$"
    join: str = "None"
    machines: Mapping[str, Any] = field(default_factory=lambda: {"InstanceType": "ml.m4.xlarge", "InstanceCount": 1})


class SagemakerJobs:
    """One region.

    Args:
        role: The role that SageMaker runs models with; "" for that of the credentials.
        bucket: Where models' files go; "" for the account's own.
    """

    def __init__(
        self, region: str, image: str, *, role: str = "", bucket: str = "", connect: Connect = connected
    ) -> None:
        self._region = region
        self._image = image
        self._role = role
        self._bucket = bucket
        self._connect = connect

    def push(self, name: str, folder: Path, vpc: Mapping[str, Any] | None = None) -> str:
        """Make a model of the files in a folder; its ARN.

        Raises:
            AlreadyExists: If there is a model of the name.
        """
        if not self._image:
            msg = "SageMaker needs an image in ECR that serves models. Name it with --image-url."
            raise InvalidInput(msg)
        bucket = self._bucket or account_bucket(self._connect, self._region, "")
        url = upload(self._connect, self._region, "", bucket, f"treering/{name}", archive_of(folder))
        asked: dict[str, Any] = {
            "ModelName": name,
            "ExecutionRoleArn": self._role or execution_role(self._connect, self._region, ""),
            "PrimaryContainer": {"Image": self._image, "ModelDataUrl": url},
        }
        if vpc:
            asked["VpcConfig"] = dict(vpc)
        with translated(f"Making the model {name}"):
            return str(self._client().create_model(**asked)["ModelArn"])

    def transform(self, job: Job, folder: Path, vpc: Mapping[str, Any] | None = None) -> None:
        """Begin a job that predicts for files, with a model of its own. Raises AlreadyExists."""
        self.push(f"{job.name}-model", folder, vpc)
        with translated(f"Beginning the transform job {job.name}"):
            self._client().create_transform_job(
                TransformJobName=job.name,
                ModelName=f"{job.name}-model",
                TransformInput={
                    "DataSource": {"S3DataSource": {"S3DataType": job.input_kind, "S3Uri": job.input_uri}},
                    "ContentType": job.content_type,
                    "CompressionType": job.compression,
                    "SplitType": job.split,
                },
                TransformOutput={"S3OutputPath": job.output_path, "Accept": job.accept, "AssembleWith": job.assemble},
                TransformResources=dict(job.machines),
                DataProcessing={
                    "InputFilter": job.input_filter, "OutputFilter": job.output_filter, "JoinSource": job.join,
                },
            )  # fmt: skip

    def wait(self, name: str, seconds: float) -> str:
        """Wait for a job's end; how it ended.

        Raises:
            DeadlineExceeded: If it takes longer; it goes on.
            Unavailable: If it failed.
        """
        until = time.monotonic() + seconds
        pause = 0.2
        while True:
            with translated(f"Looking at the transform job {name}"):
                told = self._client().describe_transform_job(TransformJobName=name)
            status = str(told["TransformJobStatus"])
            if status == "Failed":
                msg = f"The transform job {name} failed: {told.get('FailureReason', 'SageMaker does not say why')}"
                raise Unavailable(msg)
            if status in _OVER:
                return status
            if time.monotonic() > until:
                msg = f"The transform job {name} is {status} after {seconds:g} seconds, and goes on."
                raise DeadlineExceeded(msg)
            time.sleep(pause)
            pause = min(15.0, pause * 2)

    def stop(self, name: str) -> None:
        """End a job before its time. Raises NotFound."""
        with translated(f"Looking for the transform job {name}"):
            told = self._client().describe_transform_job(TransformJobName=name)
        if told["TransformJobStatus"] in _OVER:
            return
        with translated(f"Ending the transform job {name}"):
            self._client().stop_transform_job(TransformJobName=name)

    def clean(self, name: str) -> None:
        """Delete the model of a job, and its files; no error where there is none."""
        own = f"{name}-model"
        try:
            with translated(f"Looking for the model {own}"):
                known = self._client().describe_model(ModelName=own)
        except NotFound:
            return
        with translated(f"Deleting the model {own}"):
            self._client().delete_model(ModelName=own)
            bucket, _, key = known["PrimaryContainer"].get("ModelDataUrl", "").removeprefix("s3://").partition("/")
            if key:
                self._connect("s3", self._region, "").delete_object(Bucket=bucket, Key=key)

    def _client(self) -> Any:
        return self._connect("sagemaker", self._region, "")


def push_image(programs: Programs, name: str, region: str, connect: Connect = connected) -> str:
    """Send an image of this machine's Docker to the account's registry; what it is called there."""
    with translated("Asking ECR who we are"):
        registry = connect("ecr", region, "")
        told = registry.get_authorization_token()["authorizationData"][0]
        address = told["proxyEndpoint"].partition("://")[2]
        repository = name.partition(":")[0]
        try:
            registry.describe_repositories(repositoryNames=[repository])
        except registry.exceptions.RepositoryNotFoundException:
            registry.create_repository(repositoryName=repository)
    user, _, password = base64.b64decode(told["authorizationToken"]).decode().partition(":")
    there = f"{address}/{name}"
    checked(
        programs.run(["docker", "login", "--username", user, "--password-stdin", address], password.encode()),
        "docker login",
    )
    checked(programs.run(["docker", "tag", name, there]), "docker tag")
    checked(programs.run(["docker", "push", there], timeout=3600.0), "docker push")
    return there


def build_image(programs: Programs, name: str) -> None:
    """Build an image that serves whatever model is put at /opt/ml/model."""
    command = [sys.executable, "-m", "treering", "models", "build-docker", "--name", name]
    checked(programs.run(command, timeout=3600.0), "Building the image")
