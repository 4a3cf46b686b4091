"""SageMaker, on an emulator of Amazon's services that runs in a process of its own."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulators import moto
from treering.core.errors import InvalidInput, NotFound, NotSupported
from treering.deployments.asking import over_http
from treering.deployments.base import AT_ONCE, Leading, Request, Surroundings, Wanted
from treering.deployments.targets.amazon import archive_of
from treering.deployments.targets.sagemaker import SagemakerTarget
from treering.entities.deployment import CanaryPlan, Deployment, DeploymentState, Release
from treering.testing.deployments import TargetSuite, Trial

pytestmark = pytest.mark.cloud

ROLE = "arn:aws:iam::123456789012:role/models"
CONFIG = {"image_url": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/treering:1", "region_name": "eu-west-1",
          "execution_role_arn": ROLE}  # fmt: skip
ONE = Release("models:/iris/1", "iris", "1", "sha256:1", variant="v1")
TWO = Release("models:/iris/2", "iris", "2", "sha256:2", variant="v2")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with moto(tmp_path_factory.mktemp("moto")) as found:
        yield found


class Changing:
    """A client of SageMaker for the emulator, which cannot update endpoints: it makes them anew."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def update_endpoint(self, *, EndpointName: str, EndpointConfigName: str) -> None:  # noqa: N803 -- Amazon's names
        self._client.delete_endpoint(EndpointName=EndpointName)
        self._client.create_endpoint(EndpointName=EndpointName, EndpointConfigName=EndpointConfigName)


class Amazon:
    def __init__(self, url: str) -> None:
        self.url = url

    def connect(self, service: str, region: str, role: str = "") -> Any:
        del role
        client = boto3.client(
            service, region_name=region, endpoint_url=self.url, aws_access_key_id="k", aws_secret_access_key="s"
        )
        return Changing(client) if service == "sagemaker" else client


@pytest.fixture
def amazon(url: str) -> Amazon:
    assert over_http(url)("POST", "/moto-api/reset", b"", {}, 30.0).status == 200
    return Amazon(url)


@pytest.fixture
def target(amazon: Amazon, tmp_path: Path) -> SagemakerTarget:
    return SagemakerTarget(Surroundings(tmp_path / "home"), amazon.connect)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "model"
    (place / "data").mkdir(parents=True)
    (place / "MLmodel").write_text("flavors: {}\n")
    (place / "data" / "x.bin").write_bytes(b"\0\1")
    return place


class TestSagemaker(TargetSuite):
    @pytest.fixture
    def trial(self, target: SagemakerTarget, tmp_path: Path, folder: Path) -> Trial:
        return Trial(target, CONFIG, (ONE, TWO), lambda: folder, tmp_path / "home")


def recorded(config: dict[str, str] | None = None) -> Deployment:
    return Deployment("iris", "sagemaker", DeploymentState.READY, ONE, config=config or CONFIG)


def applied(target: SagemakerTarget, folder: Path, config: dict[str, str] | None = None) -> Deployment:
    target.apply(Wanted("iris", ONE, config or CONFIG, lambda: folder))
    return recorded(config)


def test_the_endpoint_says_what_it_was_told(target: SagemakerTarget, amazon: Amazon, folder: Path) -> None:
    config = {
        **CONFIG, "instance_type": "ml.c5.large", "instance_count": "3", "env": '{"A": "1"}', "env.B": "2",
        "tags": '{"team": "x"}', "variant_name": "main", "bucket": "own",
    }  # fmt: skip
    amazon.connect("s3", "us-east-1").create_bucket(Bucket="own")
    one = applied(target, folder, config)
    client = amazon.connect("sagemaker", "eu-west-1")
    endpoint = client.describe_endpoint(EndpointName="iris")
    (variant,) = client.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])[
        "ProductionVariants"
    ]
    assert (variant["VariantName"], variant["InstanceType"], variant["InitialInstanceCount"]) == (
        "main",
        "ml.c5.large",
        3,
    )
    model = client.describe_model(ModelName=variant["ModelName"])
    assert model["ExecutionRoleArn"] == ROLE
    assert model["PrimaryContainer"]["Image"] == CONFIG["image_url"]
    assert model["PrimaryContainer"]["Environment"] == {"A": "1", "B": "2"}
    bucket, _, key = model["PrimaryContainer"]["ModelDataUrl"].removeprefix("s3://").partition("/")
    assert bucket == "own"
    data = amazon.connect("s3", "eu-west-1").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert sorted(tar.getnames()) == ["MLmodel", "data/x.bin"]
    assert {"Key": "team", "Value": "x"} in client.list_tags(ResourceArn=model["ModelArn"])["Tags"]
    assert target.predict(one, Request(b"[1]")).body == b"body"
    live = target.live(one)
    assert [(part.variant, part.role, part.weight) for part in live.variants] == [("main", "current", 100.0)]
    assert live.replicas is not None
    assert live.replicas.wanted == 3


def test_applying_again_makes_nothing_new(target: SagemakerTarget, amazon: Amazon, folder: Path) -> None:
    applied(target, folder)
    applied(target, folder)
    client = amazon.connect("sagemaker", "eu-west-1")
    assert len(client.list_models()["Models"]) == 1
    assert len(client.list_endpoint_configs()["EndpointConfigs"]) == 1


def test_a_candidate_shares_the_traffic_and_takes_its_place(
    target: SagemakerTarget, amazon: Amazon, folder: Path
) -> None:
    one = applied(target, folder)
    target.apply(Wanted("iris", TWO, CONFIG, lambda: folder, candidate=True, known=one))
    one = replace(one, candidate=TWO)
    target.promote(one, Leading(12.5))
    assert [part.weight for part in target.live(one).variants] == [87.5, 12.5]
    with pytest.raises(NotSupported, match="--weight"):
        target.promote(one, Leading(canary=CanaryPlan((5.0,), 1.0)))
    target.promote(one, AT_ONCE)
    done = replace(one, current=TWO, previous=ONE, candidate=None)
    assert [(part.variant, part.role) for part in target.live(done).variants] == [("v2", "current")]
    target.rollback(done)
    assert [part.variant for part in target.live(replace(done, current=ONE)).variants] == ["v1"]
    target.remove(done)
    client = amazon.connect("sagemaker", "eu-west-1")
    for verb, kind in (
        ("list_models", "Models"),
        ("list_endpoint_configs", "EndpointConfigs"),
        ("list_endpoints", "Endpoints"),
    ):
        assert getattr(client, verb)()[kind] == []
    bucket = amazon.connect("s3", "eu-west-1").list_buckets()["Buckets"][0]["Name"]
    assert "Contents" not in amazon.connect("s3", "eu-west-1").list_objects_v2(Bucket=bucket)


def test_what_is_archived_stays(target: SagemakerTarget, amazon: Amazon, folder: Path) -> None:
    target.remove(applied(target, folder, {**CONFIG, "archive": "true"}))
    client = amazon.connect("sagemaker", "eu-west-1")
    assert client.list_endpoints()["Endpoints"] == []
    assert len(client.list_models()["Models"]) == 1


def test_serverless_endpoints_have_no_machines(target: SagemakerTarget, amazon: Amazon, folder: Path) -> None:
    config = {**CONFIG, "serverless_config": json.dumps({"MemorySizeInMB": 2048, "MaxConcurrency": 5})}
    applied(target, folder, config)
    client = amazon.connect("sagemaker", "eu-west-1")
    own = client.describe_endpoint(EndpointName="iris")["EndpointConfigName"]
    (variant,) = client.describe_endpoint_config(EndpointConfigName=own)["ProductionVariants"]
    assert variant["ServerlessConfig"]["MemorySizeInMB"] == 2048
    assert "InstanceType" not in variant


@pytest.mark.parametrize(
    ("name", "config", "said"),
    [("a_b", CONFIG, "letters, digits and dashes"), ("a", {"region_name": "eu-west-1"}, "image in ECR"),
     ("a", {**CONFIG, "vpc_config": "{"}, "has to be JSON")],
)  # fmt: skip
def test_what_sagemaker_would_refuse_is_refused_before(
    target: SagemakerTarget, folder: Path, name: str, config: dict[str, str], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        target.plan(Wanted(name, ONE, config, lambda: folder))


def test_credentials_of_a_user_are_no_role(target: SagemakerTarget, folder: Path) -> None:
    config = {key: value for key, value in CONFIG.items() if key != "execution_role_arn"}
    with pytest.raises(InvalidInput, match="execution_role_arn"):
        target.apply(Wanted("iris", ONE, config, lambda: folder))


def test_going_back_to_what_was_deleted_is_told(target: SagemakerTarget, folder: Path) -> None:
    one = applied(target, folder)
    with pytest.raises(NotFound, match="models:/iris/2"):
        target.rollback(replace(one, previous=TWO))


def test_the_same_files_make_the_same_archive(folder: Path) -> None:
    before = archive_of(folder)
    (folder / "MLmodel").touch()
    assert archive_of(folder) == before
