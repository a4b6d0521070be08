"""A server of objects for each test, empty but for a bucket."""

from collections.abc import Iterator

import fsspec
import pytest
from moto.s3 import models
from object_store import ObjectStore


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """The server, as the environment of this process and its children names it; its bucket is `bucket`."""
    server = ObjectStore()
    monkeypatch.setattr(models, "S3_UPLOAD_PART_MIN_SIZE", 256)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    fsspec.config.set_conf_env(fsspec.config.conf)
    filesystem = fsspec.filesystem("s3", skip_instance_cache=True)
    type(filesystem).clear_instance_cache()
    filesystem.mkdir("bucket")
    server.seen.clear()
    yield server
    for upload in filesystem.list_multipart_uploads("bucket"):
        filesystem.abort_mpu("bucket", upload["Key"], upload["UploadId"])
    filesystem.rm("bucket", recursive=True)
    type(filesystem).clear_instance_cache()
    fsspec.config.conf.pop("s3", None)
    server.stop()
