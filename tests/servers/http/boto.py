# SPDX-License-Identifier: Apache-2.0
"""Stores, reads and removes objects with AWS's own SDK, and prints what came.

boto.py <url> <access key id> <secret access key> [<session token>]
"""
import io
import sys

import boto3
from botocore.client import Config
from botocore.exceptions import ClientError

url, key, secret = sys.argv[1:4]
s3 = boto3.client(
    "s3", endpoint_url=url, region_name="eu-west-1", aws_access_key_id=key,
    aws_secret_access_key=secret,
    aws_session_token=sys.argv[4] if len(sys.argv) > 4 else None,
    config=Config(s3={"addressing_style": "path"}, proxies={},
                  retries={"max_attempts": 1}))
for name, body in (("plain", b"content"), ("a b+c/d", b"x" * 300_000),
                   ("empty", b""), ("stream", io.BytesIO(b"y" * 100_000))):
    put = s3.put_object(Bucket="bucket", Key=name, Body=body,
                        Metadata={"note": "a note"},
                        ContentType="text/plain")
    got = s3.get_object(Bucket="bucket", Key=name)
    print(name, put["ResponseMetadata"]["HTTPStatusCode"],
          len(got["Body"].read()), got["Metadata"])
print(s3.head_object(Bucket="bucket", Key="plain")["ContentLength"])
s3.delete_object(Bucket="bucket", Key="plain")
try:
    s3.get_object(Bucket="bucket", Key="plain")
except ClientError as error:
    print(error.response["ResponseMetadata"]["HTTPStatusCode"])
