"""A stand-in for S3 for the length of a test run: moto's server, which speaks S3 over HTTP and checks signatures and policies.

It is no S3: what it shows is that our requests are signed, listed and read as that interface is documented.
"""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3


@dataclass
class Store:
    """A running store: its port, the owner's client, a key that only lists and reads with its secret, and its log."""

    port: int
    owner: Any
    key: str
    secret: str
    log: Path

    def put(self, bucket: str, name: str, content: bytes) -> None:
        self.owner.put_object(Bucket=bucket, Key=name, Body=content)


@contextmanager
def server(folder: Path, *, certificate: tuple[Path, Path] | None = None) -> Iterator[Store]:
    """Start the store on a free port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "moto.log"
    options = ["-c", str(certificate[0]), "-k", str(certificate[1])] if certificate else []
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port), *options], stdout=subprocess.DEVNULL, stderr=log.open("wb")
    )
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        address = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
        yield _prepared(port, address, log, checked=certificate is None)
    finally:
        process.terminate()
        process.wait(30)


def _prepared(port: int, address: str, log: Path, *, checked: bool) -> Store:
    def client(service: str, key: str, secret: str) -> Any:
        return boto3.client(
            service, endpoint_url=address, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret,
            verify=False,
        )  # fmt: skip

    iam = client("iam", "root", "root")
    keys = [_user(iam, name, actions) for name, actions in (("owner", ["*"]), ("reader", ["s3:GetObject", "s3:ListBucket"]))]
    if checked:  # from here on every request is judged by its signature and its user's policy
        asked = urllib.request.Request(f"{address}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
        urllib.request.urlopen(asked).close()
    return Store(port, client("s3", *keys[0]), *keys[1], log)


def _user(iam: Any, name: str, actions: list[str]) -> tuple[str, str]:
    iam.create_user(UserName=name)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]
