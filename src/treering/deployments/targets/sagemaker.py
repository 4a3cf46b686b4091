"""SageMaker: an endpoint, whose variants are the releases.

    endpoint NAME ──▶ config NAME-config-HASH ──▶ variant v3 ──▶ model NAME-model-HASH ──▶ s3://.../model.tar.gz
                                              └─▶ variant v4 ...

Names follow from what they stand for, so that applying again makes nothing new.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from treering.core.clock import now
from treering.core.errors import InvalidInput, NotFound, NotSupported
from treering.deployments.base import Answered, Leading, Plan, Request, Standing, Step, Surroundings, Wanted
from treering.deployments.configuring import number, option, options, switch, text, whole
from treering.deployments.living import unreachable
from treering.deployments.targets.amazon import (
    Connect,
    account_bucket,
    archive_of,
    connected,
    execution_role,
    is_missing,
    parsed,
    translated,
    upload,
)
from treering.entities.deployment import Deployment, DeploymentState, Release
from treering.entities.live import LiveDeployment, LiveReplicas, LiveVariant

__all__ = ["OPTIONS", "SagemakerTarget", "open_target"]

_NAME = re.compile(r"[A-Za-z0-9](?:-*[A-Za-z0-9]){0,39}")
_ALL = 100.0
_RUNTIME = "runtime.sagemaker"
_IMAGE = "MLFLOW_SAGEMAKER_DEPLOY_IMG_URL"
_JSON = ("vpc_config", "data_capture_config", "env", "tags", "async_inference_config", "serverless_config")
_STATES: Mapping[str, DeploymentState] = {
    "InService": DeploymentState.READY,
    "Creating": DeploymentState.PENDING,
    "Updating": DeploymentState.PENDING,
    "SystemUpdating": DeploymentState.PENDING,
    "RollingBack": DeploymentState.DEGRADED,
    "UpdateRollbackFailed": DeploymentState.DEGRADED,
}

OPTIONS = options(
    region_name=option(
        "string", "The region.", "us-west-2", pattern="[a-z]{2}(-[a-z]+)+-[0-9]", examples=["eu-west-1"]
    ),
    image_url=option("string", f"The image in ECR that serves the model; {_IMAGE} unless given."),
    execution_role_arn=option(
        "string", "The role that SageMaker runs the model with; that of the credentials unless given."
    ),
    assume_role_arn=option("string", "The role to work with."),
    bucket=option("string", "Where the model's files go; one of the account's own unless given."),
    instance_type=option(
        "string", "The machine.", "ml.m4.xlarge", pattern=r"ml\.[a-z0-9.-]+", examples=["ml.m5.large"]
    ),
    instance_count=option("integer", "How many machines each variant has.", "1", minimum=1),
    variant_name=option("string", "What the variant is called where there is one alone."),
    archive=option("boolean", "Whether what is no longer used is kept.", "false"),
    synchronous=option("boolean", "Whether to wait until it answers.", "true"),
    timeout_seconds=option("number", "How long to wait.", "1200", minimum=0),
    vpc_config=option("string", "JSON, as SageMaker's VpcConfig."),
    data_capture_config=option("string", "JSON, as SageMaker's DataCaptureConfig."),
    async_inference_config=option("string", "JSON, as SageMaker's AsyncInferenceConfig."),
    serverless_config=option("string", "JSON, as SageMaker's ServerlessConfig; no machines are kept then."),
    env=option("string", "JSON object: environment variables of the container."),
    tags=option("string", "JSON object: tags of all that is made."),
    more=r"env\.[A-Za-z_][A-Za-z0-9_]*",
)


class SagemakerTarget:
    """The `Target` of SageMaker."""

    summary = "Amazon SageMaker: an endpoint whose variants share the traffic."
    options = OPTIONS

    def __init__(self, surroundings: Surroundings, connect: Connect = connected) -> None:
        self._image = surroundings.variables.get(_IMAGE, "")
        self._connect = connect

    def plan(self, wanted: Wanted) -> Plan:
        """See Target."""
        self._check(wanted)
        release, config = wanted.release, wanted.config
        bucket = text(config, OPTIONS, "bucket") or "the account's bucket"
        steps = [
            Step(f"pack {release.source} as model.tar.gz, and send it to {bucket}"),
            Step(f"create a model for the image {self._image_of(config)}"),
            Step(f"create the config of the endpoint with the variant {self._variant(release, config)}"),
            Step(f"{'update' if wanted.known is not None else 'create'} the endpoint {wanted.name}"),
        ]
        if switch(config, OPTIONS, "synchronous"):
            steps.append(Step(f"wait up to {text(config, OPTIONS, 'timeout_seconds')} s until it is in service"))
        return Plan(steps)

    def apply(self, wanted: Wanted) -> Standing:
        """See Target."""
        self._check(wanted)
        model = self._model(wanted.name, wanted.release, wanted.config, archive_of(wanted.files()))
        known = wanted.known
        rows = [(wanted.release, model, _ALL)]
        if known is not None and wanted.candidate:
            rows = [(known.current, self._model_now(known, known.current), _ALL), (wanted.release, model, 0.0)]
        elif known is not None and known.candidate is not None:
            beside = self._model_now(known, known.candidate)
            rows = [(wanted.release, model, _ALL - known.weight), (known.candidate, beside, known.weight)]
        self._put(wanted.name, wanted.config, rows)
        return self._waited(wanted.name, wanted.config, wanted.patience)

    def status(self, deployment: Deployment) -> Standing:
        """See Target."""
        return self._stands(deployment.name, deployment.config)

    def promote(self, deployment: Deployment, leading: Leading) -> Standing:
        """See Target."""
        if leading.canary is not None:
            msg = (
                "A canary that is judged by itself is not led in SageMaker. Give it traffic step by step with"
                f" `treering deployments promote {deployment.name} --weight 25`."
            )
            raise NotSupported(msg)
        candidate = deployment.candidate
        assert candidate is not None  # noqa: S101 -- the service promises it
        config = deployment.config
        weight = _ALL if leading.weight is None else leading.weight
        shares = ((deployment.current, _ALL - weight), (candidate, weight))
        wanted = [
            {"VariantName": self._variant(one, config, alone=False), "DesiredWeight": share} for one, share in shares
        ]
        with translated(f"Dividing the traffic of {deployment.name}"):
            self._client(config).update_endpoint_weights_and_capacities(
                EndpointName=deployment.name, DesiredWeightsAndCapacities=wanted
            )
        self._waited(deployment.name, config, 300.0)
        if weight < _ALL:
            return self._stands(deployment.name, config)
        self._put(deployment.name, config, [(candidate, self._model_now(deployment, candidate), _ALL)], alone=False)
        return self._waited(deployment.name, config, 300.0)

    def rollback(self, deployment: Deployment) -> Standing:
        """See Target."""
        back = deployment.current
        if deployment.candidate is None and deployment.previous is not None:
            back = deployment.previous
        model = self._model_now(deployment, back)
        self._put(deployment.name, deployment.config, [(back, model, _ALL)])
        return self._waited(deployment.name, deployment.config, 300.0)

    def remove(self, deployment: Deployment) -> None:
        """See Target."""
        config, name = deployment.config, deployment.name
        client = self._client(config)
        with translated(f"Removing the endpoint {name}"):
            try:
                client.delete_endpoint(EndpointName=name)
            except ClientError as error:
                if not is_missing(error):
                    raise
            if switch(config, OPTIONS, "archive"):
                return
            for one in self._found(client, "list_endpoint_configs", "EndpointConfigs", f"{name}-config-"):
                client.delete_endpoint_config(EndpointConfigName=one["EndpointConfigName"])
            for one in self._found(client, "list_models", "Models", f"{name}-model-"):
                known = client.describe_model(ModelName=one["ModelName"])
                client.delete_model(ModelName=one["ModelName"])
                self._delete_files(config, known["PrimaryContainer"].get("ModelDataUrl", ""))

    def live(self, deployment: Deployment) -> LiveDeployment:
        """See Target."""
        try:
            with translated(f"Looking at the endpoint {deployment.name}"):
                told = self._client(deployment.config).describe_endpoint(EndpointName=deployment.name)
        except NotFound as error:
            return unreachable(deployment, error.message)
        variants = told.get("ProductionVariants", ())
        whole_weight = sum(one.get("CurrentWeight", 0.0) for one in variants) or 1.0
        releases = {
            self._variant(one, deployment.config, alone=alone): (role, one)
            for role, one in (("current", deployment.current), ("candidate", deployment.candidate))
            if one is not None
            for alone in (True, False)
        }
        rows = []
        for one in variants:
            role, release = releases.get(one["VariantName"], ("other", None))
            weight = round(_ALL * one.get("CurrentWeight", 0.0) / whole_weight, 3)
            model, version = (release.model, release.version) if release is not None else ("", "")
            rows.append(LiveVariant(one["VariantName"], role, model, version, weight))
        copies = LiveReplicas(
            sum(one.get("DesiredInstanceCount", 0) for one in variants),
            sum(one.get("CurrentInstanceCount", 0) for one in variants),
        )
        return LiveDeployment(
            deployment.name, now(), deployment.state, told["EndpointStatus"] == "InService", deployment.message,
            replicas=copies, variants=rows,
        )  # fmt: skip

    def predict(self, deployment: Deployment, request: Request) -> Answered:
        """See Target."""
        config = deployment.config
        client = self._connect(
            "sagemaker-runtime", text(config, OPTIONS, "region_name"), text(config, OPTIONS, "assume_role_arn")
        )
        with translated(f"Asking the endpoint {deployment.name}"):
            answer = client.invoke_endpoint(
                EndpointName=deployment.name,
                Body=request.body,
                ContentType=request.content_type,
                Accept="application/json",
            )
        return Answered(200, answer["Body"].read(), answer.get("ContentType", "application/json"))

    def _check(self, wanted: Wanted) -> None:
        if not _NAME.fullmatch(wanted.name):
            msg = f"{wanted.name!r} cannot be an endpoint in SageMaker: use up to 40 letters, digits and dashes."
            raise InvalidInput(msg)
        self._image_of(wanted.config)
        for name in _JSON:
            parsed(wanted.config, name)

    def _image_of(self, config: Mapping[str, str]) -> str:
        image = text(config, OPTIONS, "image_url") or self._image
        if not image:
            msg = (
                "SageMaker needs an image in ECR that serves models. Build one with `treering sagemaker"
                f" build-and-push-container`, and name it with -C image_url=URL or {_IMAGE}."
            )
            raise InvalidInput(msg)
        return image

    def _client(self, config: Mapping[str, str]) -> Any:
        return self._connect(
            "sagemaker", text(config, OPTIONS, "region_name"), text(config, OPTIONS, "assume_role_arn")
        )

    def _model(self, name: str, release: Release, config: Mapping[str, str], archive: bytes) -> str:
        """The name of the model, which is made where it is not there."""
        region, role = text(config, OPTIONS, "region_name"), text(config, OPTIONS, "assume_role_arn")
        own = _model_name(name, release)
        client = self._client(config)
        try:
            with translated(f"Looking for the model {own}"):
                client.describe_model(ModelName=own)
        except NotFound:
            bucket = text(config, OPTIONS, "bucket") or account_bucket(self._connect, region, role)
            url = upload(self._connect, region, role, bucket, f"treering/{name}", archive)
            runs_as = text(config, OPTIONS, "execution_role_arn") or execution_role(self._connect, region, role)
            asked: dict[str, Any] = {
                "ModelName": own,
                "ExecutionRoleArn": runs_as,
                "PrimaryContainer": {
                    "Image": self._image_of(config), "ModelDataUrl": url, "Environment": _environment(config),
                },
                "Tags": _tags(config, release),
            }  # fmt: skip
            if vpc := parsed(config, "vpc_config"):
                asked["VpcConfig"] = vpc
            with translated(f"Making the model {own}"):
                client.create_model(**asked)
        return own

    def _model_now(self, deployment: Deployment, release: Release) -> str:
        """The name of a model that was made before."""
        own = _model_name(deployment.name, release)
        with translated(f"Looking for the model of {release.source}"):
            self._client(deployment.config).describe_model(ModelName=own)
        return own

    def _variant(self, release: Release, config: Mapping[str, str], *, alone: bool = True) -> str:
        own = text(config, OPTIONS, "variant_name") if alone else ""
        return own or re.sub(r"[^A-Za-z0-9]+", "-", release.variant).strip("-") or "variant"

    def _put(
        self, name: str, config: Mapping[str, str], rows: Sequence[tuple[Release, str, float]], *, alone: bool = True
    ) -> None:
        """Let an endpoint have these variants."""
        client = self._client(config)
        variants = [
            self._row(release, model, weight, config, alone=alone and len(rows) == 1) for release, model, weight in rows
        ]
        asked: dict[str, Any] = {"ProductionVariants": variants}
        for key, option_name in (
            ("DataCaptureConfig", "data_capture_config"),
            ("AsyncInferenceConfig", "async_inference_config"),
        ):
            if given := parsed(config, option_name):
                asked[key] = given
        digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]
        own = f"{name}-config-{digest}"
        with translated(f"Making the config {own}"):
            try:
                client.describe_endpoint_config(EndpointConfigName=own)
            except ClientError as error:
                if not is_missing(error):
                    raise
                client.create_endpoint_config(EndpointConfigName=own, Tags=_tags(config, rows[0][0]), **asked)
        with translated(f"Making the endpoint {name}"):
            try:
                known = client.describe_endpoint(EndpointName=name)
            except ClientError as error:
                if not is_missing(error):
                    raise
                client.create_endpoint(EndpointName=name, EndpointConfigName=own, Tags=_tags(config, rows[0][0]))
            else:
                if known["EndpointConfigName"] != own:
                    client.update_endpoint(EndpointName=name, EndpointConfigName=own)

    def _row(
        self, release: Release, model: str, weight: float, config: Mapping[str, str], *, alone: bool
    ) -> dict[str, Any]:
        row: dict[str, Any] = {
            "VariantName": self._variant(release, config, alone=alone),
            "ModelName": model,
            "InitialVariantWeight": weight,
        }
        if serverless := parsed(config, "serverless_config"):
            return {**row, "ServerlessConfig": serverless}
        row["InstanceType"] = text(config, OPTIONS, "instance_type")
        row["InitialInstanceCount"] = whole(config, OPTIONS, "instance_count")
        return row

    def _waited(self, name: str, config: Mapping[str, str], patience: float) -> Standing:
        if not switch(config, OPTIONS, "synchronous"):
            patience = 0.0
        until = time.monotonic() + min(patience, number(config, OPTIONS, "timeout_seconds"))
        pause = 0.2
        while True:
            standing = self._stands(name, config)
            if standing.state is not DeploymentState.PENDING or time.monotonic() >= until:
                return standing
            time.sleep(pause)
            pause = min(15.0, pause * 2)

    def _stands(self, name: str, config: Mapping[str, str]) -> Standing:
        region = text(config, OPTIONS, "region_name")
        address = f"https://{_RUNTIME}.{region}.amazonaws.com/endpoints/{name}/invocations"
        try:
            with translated(f"Looking at the endpoint {name}"):
                told = self._client(config).describe_endpoint(EndpointName=name)
        except NotFound:
            return Standing(DeploymentState.FAILED, f"There is no endpoint {name} in {region}.")
        state = _STATES.get(told["EndpointStatus"], DeploymentState.FAILED)
        return Standing(state, str(told.get("FailureReason", "")), address)

    def _found(self, client: Any, verb: str, kind: str, prefix: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            page = getattr(client, verb)(NameContains=prefix, MaxResults=100, **token)
            found += [one for one in page[kind] if str(one[f"{kind[:-1]}Name"]).startswith(prefix)]
            if not page.get("NextToken"):
                return found
            token = {"NextToken": page["NextToken"]}

    def _delete_files(self, config: Mapping[str, str], url: str) -> None:
        bucket, _, key = url.removeprefix("s3://").partition("/")
        if bucket and key:
            region, role = text(config, OPTIONS, "region_name"), text(config, OPTIONS, "assume_role_arn")
            self._connect("s3", region, role).delete_object(Bucket=bucket, Key=key)


def open_target(surroundings: Surroundings) -> SagemakerTarget:
    """SageMaker, with the credentials of this machine."""
    return SagemakerTarget(surroundings)


def _model_name(name: str, release: Release) -> str:
    known = f"{release.source} {release.version} {release.digest}"
    return f"{name}-model-{hashlib.sha256(known.encode()).hexdigest()[:12]}"


def _environment(config: Mapping[str, str]) -> dict[str, str]:
    given = parsed(config, "env") or {}
    own = {key.removeprefix("env."): value for key, value in config.items() if key.startswith("env.")}
    return {str(key): str(value) for key, value in {**given, **own}.items()}


def _tags(config: Mapping[str, str], release: Release) -> list[dict[str, str]]:
    given = {str(key): str(value) for key, value in (parsed(config, "tags") or {}).items()}
    told = {"treering-source": release.source[:256], **given}
    return [{"Key": key, "Value": value} for key, value in told.items()]
