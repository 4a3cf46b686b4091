"""`treering sagemaker` as it is called, on an emulator of Amazon's services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulators import moto
from treering.cli.main import main
from treering.deployments.asking import over_http
from treering.deployments.programs import Done
from treering.deployments.targets.sagemaker_jobs import push_image

pytestmark = pytest.mark.cloud

ROLE = "arn:aws:iam::123456789012:role/models"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with moto(tmp_path_factory.mktemp("moto")) as found:
        yield found


@pytest.fixture(autouse=True)
def amazon(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert over_http(url)("POST", "/moto-api/reset", b"", {}, 30.0).status == 200
    for name, value in {
        "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
        "TREERING_HOME": str(tmp_path / "home"), "MLFLOW_SAGEMAKER_DEPLOY_IMG_URL": "1.dkr.ecr/x:1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)


@pytest.fixture
def model(tmp_path: Path) -> str:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors: {}\n")
    return str(folder)


def call(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["sagemaker", *words])
    out, err = capsys.readouterr()
    assert ended.value.code == status, (out, err)
    return err if status else out


def client(service: str, region: str = "eu-west-1") -> Any:
    return boto3.client(service, region_name=region)


def test_a_model_is_put_into_the_registry(capsys: pytest.CaptureFixture[str], model: str) -> None:
    words = ("push-model", "-n", "iris", "-m", model, "-e", ROLE, "--region-name", "eu-west-1")
    assert call(capsys, *words).startswith("arn:aws:sagemaker:eu-west-1:")
    known = client("sagemaker").describe_model(ModelName="iris")
    assert known["PrimaryContainer"]["Image"] == "1.dkr.ecr/x:1"
    assert known["PrimaryContainer"]["ModelDataUrl"].endswith("/model.tar.gz")
    assert "keras" in call(capsys, *words, "-f", "keras", status=1)


def test_a_transform_job_is_begun_waited_for_and_cleaned_up(capsys: pytest.CaptureFixture[str], model: str) -> None:
    words = (
        "deploy-transform-job", "-n", "job", "-m", model, "--input-data-type", "S3Prefix", "-u", "s3://b/in",
        "--content-type", "text/csv", "-o", "s3://b/out", "-e", ROLE, "--region-name", "eu-west-1", "-c", "2",
    )  # fmt: skip
    assert "has begun" in call(capsys, *words, "--async")
    told = client("sagemaker").describe_transform_job(TransformJobName="job")
    assert told["TransformResources"] == {"InstanceType": "ml.m4.xlarge", "InstanceCount": 2}
    assert told["TransformInput"]["DataSource"]["S3DataSource"] == {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}
    assert (told["TransformInput"]["SplitType"], told["TransformOutput"]["Accept"]) == ("Line", "text/csv")
    assert len(client("sagemaker").list_models()["Models"]) == 1
    call(capsys, "terminate-transform-job", "-n", "job", "-r", "eu-west-1")
    assert client("sagemaker").list_models()["Models"] == []
    assert "failed" in call(capsys, "terminate-transform-job", "-n", "none", "-r", "eu-west-1", status=1)


def test_nothing_to_do_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--no-build or --no-push" in call(capsys, "build-and-push-container", "--no-build", "--no-push", status=2)


class Docker:
    def __init__(self) -> None:
        self.calls: list[tuple[list[str], bytes]] = []

    def run(self, command: Any, given: bytes = b"", *, timeout: float = 0) -> Done:
        del timeout
        self.calls.append((list(command), given))
        return Done(0, b"", "")


def test_an_image_is_sent_to_the_account_s_registry() -> None:
    docker = Docker()
    there = push_image(docker, "models:1", "eu-west-1")
    assert there.endswith("/models:1")
    assert ".dkr.ecr." in there
    login, tag, push = docker.calls
    assert login[0][:5] == ["docker", "login", "--username", "AWS", "--password-stdin"]
    assert login[1]
    assert (tag[0][2:], push[0][2:]) == (["models:1", there], [there])
    assert client("ecr").describe_repositories()["repositories"][0]["repositoryName"] == "models"
    push_image(docker, "models:2", "eu-west-1")
