#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the image that the pods of the tests run: busybox and curl.

  box_image.py FILE

Its name is localhost/box:1. It sleeps when nothing else is asked of it, so it
serves as the sandbox of every pod too.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "dev/images"))
import image  # noqa: E402

CURL = "/usr/bin/curl"


def main():
    layer = image.Layer(0)
    for path, here in image.linked_libraries(CURL, "").items():
        layer.put(path, pathlib.Path(here).read_bytes(), 0o755)
    layer.link("lib", "usr/lib")
    layer.link("lib64", "usr/lib64")
    for program in ("/bin/busybox", CURL):
        layer.put(program[1:].split("/")[-1],
                  pathlib.Path(program).read_bytes(), 0o755)
    for name, program in (("sh", "busybox"), ("sleep", "busybox"),
                          ("curl", "curl")):
        layer.link("bin/" + name, "/" + program)
    layer.put("tmp/.keep", b"")
    archive = image.Archive(0)
    tar = layer.bytes()
    blob = archive.blob(tar, "application/vnd.oci.image.layer.v1.tar")
    config = archive.blob(image.as_json({
        "architecture": "amd64", "os": "linux",
        "config": {"Entrypoint": ["/busybox", "sleep", "2147483647"],
                   "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [blob["digest"]]}}),
        "application/vnd.oci.image.config.v1+json")
    manifest = archive.blob(
        image.as_json({"schemaVersion": 2,
                       "mediaType": "application/vnd.oci.image.manifest.v1+json",
                       "config": config, "layers": [blob]}),
        "application/vnd.oci.image.manifest.v1+json",
        annotations={"io.containerd.image.name": "localhost/box:1"})
    pathlib.Path(sys.argv[1]).write_bytes(archive.finish(manifest))


main()
