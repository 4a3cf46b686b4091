"""Amazon's services for SageMaker: who we are there, where files go, and errors in our words."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from treering.core.errors import (
    AlreadyExists,
    InvalidInput,
    NotFound,
    PermissionDenied,
    TreeringError,
    Unauthenticated,
    Unavailable,
)

__all__ = [
    "Connect",
    "account_bucket",
    "archive_of",
    "connected",
    "execution_role",
    "is_missing",
    "parsed",
    "translated",
    "upload",
]

Connect = Callable[[str, str, str], Any]
"""A client: service, region, role to assume or ""."""

_MISSING = ("Could not find", "does not exist", "cannot find", "Cannot find", "was not found")
_KINDS: Mapping[str, type[TreeringError]] = {
    "AccessDenied": PermissionDenied,
    "AccessDeniedException": PermissionDenied,
    "ExpiredToken": Unauthenticated,
    "InvalidClientTokenId": Unauthenticated,
    "ResourceInUse": AlreadyExists,
    "ResourceNotFound": NotFound,
    "UnrecognizedClientException": Unauthenticated,
    "ValidationException": InvalidInput,
}


def connected(service: str, region: str, role: str) -> Any:
    """A client of this machine's credentials, or of those of a role."""
    if not role:
        return boto3.client(service, region_name=region)
    lent = boto3.client("sts", region_name=region).assume_role(RoleArn=role, RoleSessionName="treering")["Credentials"]
    return boto3.client(
        service,
        region_name=region,
        aws_access_key_id=lent["AccessKeyId"],
        aws_secret_access_key=lent["SecretAccessKey"],
        aws_session_token=lent["SessionToken"],
    )


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Errors of Amazon's become ours, with what was being done."""
    try:
        yield
    except NoCredentialsError as error:
        msg = f"{what} needs credentials for AWS, and there are none. Set AWS_ACCESS_KEY_ID, or configure a profile."
        raise Unauthenticated(msg) from error
    except ClientError as error:
        told = error.response.get("Error", {})
        kind = _KINDS.get(str(told.get("Code", "")), Unavailable)
        msg = f"{what} failed: {told.get('Message', error)}"
        raise (NotFound if is_missing(error) else kind)(msg) from error
    except BotoCoreError as error:
        msg = f"{what} failed: {error}"
        raise Unavailable(msg) from error


def is_missing(error: ClientError) -> bool:
    """Whether it says that a thing is not there."""
    told = error.response.get("Error", {})
    return told.get("Code") in {"ResourceNotFound", "404", "NoSuchEntity"} or any(
        word in str(told.get("Message", "")) for word in _MISSING
    )


def archive_of(folder: Path) -> bytes:
    """`model.tar.gz` of a folder: the same bytes for the same files."""
    whole = io.BytesIO()
    with gzip.GzipFile(fileobj=whole, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for root, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                path = Path(root) / name
                info = tar.gettarinfo(path, str(path.relative_to(folder)))
                info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "", ""
                info.mode = 0o644
                with path.open("rb") as file:
                    tar.addfile(info, file)
    return whole.getvalue()


def upload(connect: Connect, region: str, role: str, bucket: str, prefix: str, data: bytes) -> str:
    """Put a model's archive into a bucket, where it is not there yet; its URL."""
    key = f"{prefix}/{hashlib.sha256(data).hexdigest()[:16]}/model.tar.gz"
    with translated(f"Sending the model to s3://{bucket}/{key}"):
        storage = connect("s3", region, role)
        with contextlib.suppress(ClientError):
            storage.head_object(Bucket=bucket, Key=key)
            return f"s3://{bucket}/{key}"
        storage.put_object(Bucket=bucket, Key=key, Body=data)
    return f"s3://{bucket}/{key}"


def account_bucket(connect: Connect, region: str, role: str) -> str:
    """The bucket of this account for models, which is made where it is not there."""
    with translated("Finding a bucket for the model"):
        account = connect("sts", region, role).get_caller_identity()["Account"]
        bucket = f"treering-sagemaker-{region}-{account}"
        storage = connect("s3", region, role)
        try:
            storage.head_bucket(Bucket=bucket)
        except ClientError:
            further = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            storage.create_bucket(Bucket=bucket, **further)
    return bucket


def execution_role(connect: Connect, region: str, role: str) -> str:
    """The role that these credentials are of. Raises InvalidInput if they are a user's."""
    with translated("Finding the role that SageMaker runs the model with"):
        arn = str(connect("sts", region, role).get_caller_identity()["Arn"])
        if ":assumed-role/" in arn:
            name = arn.split("/")[1]
            return str(connect("iam", region, role).get_role(RoleName=name)["Role"]["Arn"])
    msg = f"{arn} is no role, so SageMaker cannot run the model with it. Give -C execution_role_arn=ARN."
    raise InvalidInput(msg)


def parsed(config: Mapping[str, str], name: str) -> Any:
    """The value of an option that is JSON; None without one. Raises InvalidInput."""
    if not config.get(name):
        return None
    try:
        return json.loads(config[name])
    except ValueError as error:
        msg = f"The option {name!r} has to be JSON, as SageMaker has it: {error}"
        raise InvalidInput(msg) from error
