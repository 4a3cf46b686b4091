"""Bytes by key: one file per scheme, reached through the table `STORES`."""

from __future__ import annotations

from collections.abc import Callable

from treering.core.plugins import Registry
from treering.storage.objects.base import ObjectStore

__all__ = ["STORES"]

# Each row is called with the root's URI.
STORES: Registry[Callable[[str], ObjectStore]] = Registry(
    "treering.object_stores",
    "artifact store",
    {
        "abfs": "treering.storage.objects.azure:AzureStore",
        "abfss": "treering.storage.objects.azure:AzureStore",
        "file": "treering.storage.objects.file:FileStore",
        "ftp": "treering.storage.objects.ftp:FtpStore",
        "gs": "treering.storage.objects.gcs:GoogleStore",
        "hdfs": "treering.storage.objects.hdfs:HdfsStore",
        "http": "treering.storage.objects.http:HttpStore",
        "https": "treering.storage.objects.http:HttpStore",
        "memory": "treering.storage.objects.memory:MemoryStore",
        "s3": "treering.storage.objects.s3:S3Store",
        "sftp": "treering.storage.objects.sftp:SftpStore",
        "wasb": "treering.storage.objects.azure:AzureStore",
        "wasbs": "treering.storage.objects.azure:AzureStore",
        "webhdfs": "treering.storage.objects.hdfs:HdfsStore",
    },
    extras={
        "abfs": "azure",
        "abfss": "azure",
        "gs": "gcs",
        "s3": "s3",
        "sftp": "sftp",
        "wasb": "azure",
        "wasbs": "azure",
    },
)
