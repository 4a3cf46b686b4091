"""Clients for S3: who asks, where the service is, and how what is sent shall be kept.

What an address is not told comes from the settings, and then from where boto3 looks for it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from treering.core.errors import InvalidInput
from treering.core.settings import read_settings

__all__ = ["S3Options", "customer_key", "make_client", "upload_arguments"]


@dataclass(frozen=True, slots=True)
class S3Options:
    """What can be said about one bucket.

    Attributes:
        config_file: Instead of `~/.aws/config`.
        credentials_file: Instead of `~/.aws/credentials`.
        verify: Whether the certificate is checked, or the file of the authorities that may sign it; None: as the
            settings have it.
        anonymous: Whether requests go without credentials.
        upload: Further arguments of uploads, as boto3 names them.
        customer_key: In base64, the key that the service encrypts with and does not keep.
        connections: How many are kept open.
    """

    endpoint_url: str = ""
    region: str = ""
    profile: str = ""
    access_key: str = ""
    secret_key: str = ""
    session_token: str = ""
    config_file: str = ""
    credentials_file: str = ""
    verify: bool | str | None = None
    use_ssl: bool = True
    anonymous: bool = False
    upload: Mapping[str, Any] = field(default_factory=dict)
    customer_key: str = ""
    customer_algorithm: str = "AES256"
    connect_timeout: float = 0.0
    read_timeout: float = 0.0
    connections: int = 16


def make_client(options: S3Options) -> Any:
    """A client of boto3, which threads may share. Raises InvalidInput if there is no such profile."""
    settings = read_settings()
    endpoint = options.endpoint_url or settings.s3_endpoint_url
    verify = options.verify
    if verify is None and settings.s3_ignore_tls:
        verify = False
    more = {"connect_timeout": options.connect_timeout, "read_timeout": options.read_timeout}
    try:
        return _session(options).client(
            "s3",
            endpoint_url=endpoint or None,
            region_name=options.region or settings.s3_region or None,
            use_ssl=options.use_ssl,
            verify=verify,
            config=Config(
                retries={"mode": "standard", "max_attempts": settings.http_retries + 1},
                max_pool_connections=options.connections,
                signature_version=UNSIGNED if options.anonymous else "s3v4",
                s3={"addressing_style": "path"} if endpoint else None,
                **{name: value for name, value in more.items() if value},
            ),
        )
    except (BotoCoreError, ValueError) as error:
        msg = f"S3 cannot be used so: {error}. Correct the profile, the files of AWS or the endpoint."
        raise InvalidInput(msg) from error


def upload_arguments(options: S3Options) -> dict[str, Any]:
    """What goes with each upload. Raises InvalidInput if the settings have no JSON there."""
    text = read_settings().s3_upload_extra_args
    if not text:
        return dict(options.upload)
    try:
        return {**dict(json.loads(text)), **options.upload}
    except (ValueError, TypeError) as error:
        msg = f'TREERING_S3_UPLOAD_EXTRA_ARGS is no JSON object: {error}. Write for example {{"ACL": "private"}}.'
        raise InvalidInput(msg) from error


def customer_key(options: S3Options) -> dict[str, Any]:
    """What goes with each request that touches the bytes of an object, where the user has a key. Raises InvalidInput."""
    if not options.customer_key:
        return {}
    try:
        key = base64.b64decode(options.customer_key, validate=True)
    except binascii.Error as error:
        msg = f"The key that S3 shall encrypt with is no base64: {error}. Write the 32 bytes of it so."
        raise InvalidInput(msg) from error
    return {"SSECustomerAlgorithm": options.customer_algorithm, "SSECustomerKey": key}


def _session(options: S3Options) -> Any:
    inner = botocore.session.Session(profile=options.profile or None)
    for name, path in (("config_file", options.config_file), ("credentials_file", options.credentials_file)):
        if path:
            inner.set_config_variable(name, path)
    return boto3.session.Session(
        aws_access_key_id=options.access_key or None,
        aws_secret_access_key=options.secret_key or None,
        aws_session_token=options.session_token or None,
        botocore_session=inner,
    )
