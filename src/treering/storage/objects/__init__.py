"""Bytes by key: one file per scheme, reached through the table `STORES`."""

from __future__ import annotations

from treering.core.plugins import Registry
from treering.core.uri import scheme_of
from treering.storage.objects.base import ObjectStore
from treering.storage.objects.options import Opener, Options

__all__ = ["STORES", "open_store"]

# Each row is called with the root's URI, and with what is said about that place alone.
STORES: Registry[Opener] = Registry(
    "treering.object_stores",
    "artifact store",
    {
        "abfs": "treering.storage.objects.azure:AzureStore",
        "abfss": "treering.storage.objects.azure:AzureStore",
        "azure": "treering.storage.objects.azure:AzureStore",
        "file": "treering.storage.objects.file:FileStore",
        "ftp": "treering.storage.objects.ftp:FtpStore",
        "gs": "treering.storage.objects.gcs:GoogleStore",
        "hdfs": "treering.storage.objects.hdfs:HdfsStore",
        "http": "treering.storage.objects.http:HttpStore",
        "https": "treering.storage.objects.http:HttpStore",
        "memory": "treering.storage.objects.memory:MemoryStore",
        "s3": "treering.storage.objects.s3:S3Store",
        "sftp": "treering.storage.objects.sftp:SftpStore",
        "ssh": "treering.storage.objects.sftp:SftpStore",
        "wasb": "treering.storage.objects.azure:AzureStore",
        "wasbs": "treering.storage.objects.azure:AzureStore",
        "webdav": "treering.storage.objects.webdav:WebdavStore",
        "webdavs": "treering.storage.objects.webdav:WebdavStore",
        "webhdfs": "treering.storage.objects.hdfs:HdfsStore",
    },
    extras={
        "abfs": "azure",
        "abfss": "azure",
        "azure": "azure",
        "gs": "gcs",
        "s3": "s3",
        "sftp": "sftp",
        "ssh": "sftp",
        "wasb": "azure",
        "wasbs": "azure",
    },
)


def open_store(uri: str, options: Options | None = None) -> ObjectStore:
    """The store at `uri`, of the driver that its scheme names.

    Args:
        options: What is said about this place alone, such as who asks and where the service is; each driver
            declares the names that it knows.

    Raises:
        UnknownPlugin: If no driver has that scheme.
        MissingExtra: If the driver needs a package that is not installed.
        InvalidInput: If the driver knows an option not, or the address is none of its own.
    """
    opener = STORES.load(scheme_of(uri))
    return opener(uri, options) if options else opener(uri)
