#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What dev/images/image.py packs: image_test.py IMAGE_PY PROGRAM...

With this machine's own libraries, so that no network is needed. Only the
standard library."""
import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

LIMIT = 15_000_000
EPOCH = "1700000000"


class Packed:
    """One archive, opened."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        with tarfile.open(path) as tar:
            self.blobs = {entry.name: tar.extractfile(entry).read()
                          for entry in tar if entry.isfile()}
        self.index = json.loads(self.blobs["index.json"])
        self.descriptor = self.index["manifests"][0]
        self.manifest = json.loads(self.blob(self.descriptor))
        self.config = json.loads(self.blob(self.manifest["config"]))
        self.layers = [gzip.decompress(self.blob(layer))
                       for layer in self.manifest["layers"]]
        self.entries = {}
        for layer in self.layers:
            with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
                for entry in tar:
                    data = tar.extractfile(entry).read() if entry.isfile() \
                        else b""
                    self.entries[entry.name] = (entry, data)

    def blob(self, descriptor):
        data = self.blobs["blobs/" + descriptor["digest"].replace(":", "/")]
        name = hashlib.sha256(data).hexdigest()
        assert descriptor["digest"] == "sha256:" + name
        assert descriptor["size"] == len(data)
        return data

    def unpack(self, folder):
        for layer in self.layers:
            with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
                tar.extractall(folder)


class Image(unittest.TestCase):
    script, programs = "", []

    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.TemporaryDirectory()
        cls.packed = [cls.pack(program, "first") for program in cls.programs]

    @classmethod
    def tearDownClass(cls):
        cls.work.cleanup()

    @classmethod
    def pack(cls, program, out, **environment):
        environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, **environment}
        done = subprocess.run(
            [sys.executable, cls.script, "--program", program, "--version",
             "1.2.3", "--out", os.path.join(cls.work.name, out)],
            check=True, text=True, capture_output=True, env=environment)
        return Packed(json.loads(done.stdout)["archive"])

    def each(self):
        self.assertTrue(self.packed)
        for packed in self.packed:
            with self.subTest(image=packed.path.name):
                yield packed

    def test_two_builds_are_the_same_bytes(self):
        for program, first in zip(self.programs, self.packed):
            elsewhere = os.path.join(self.work.name, "elsewhere")
            os.makedirs(elsewhere, exist_ok=True)
            copy = shutil.copy(program, elsewhere)
            os.utime(copy, (1, 1))
            umask = os.umask(0o077)
            try:
                second = self.pack(copy, "second", TZ="Asia/Tokyo",
                                   LC_ALL="C.UTF-8", HOME="/nonexistent")
            finally:
                os.umask(umask)
            self.assertEqual(first.path.read_bytes(), second.path.read_bytes())
            self.assertEqual(self.sbom_text(first), self.sbom_text(second))

    def test_there_is_the_program_and_nothing_to_run_beside_it(self):
        for packed in self.each():
            program = packed.config["config"]["Entrypoint"][0][1:]
            can_run = [name for name, (entry, _) in packed.entries.items()
                       if entry.isfile() and entry.mode & 0o111
                       and ".so" not in os.path.basename(name)]
            self.assertEqual(can_run, [program])

    def test_nothing_belongs_to_its_user_or_can_be_written_by_it(self):
        for packed in self.each():
            self.assertEqual(packed.config["config"]["User"], "65532:65532")
            for name, (entry, _) in packed.entries.items():
                self.assertEqual((entry.uid, entry.gid), (0, 0), name)
                self.assertEqual(entry.mtime, int(EPOCH), name)
                if not entry.issym():
                    self.assertEqual(entry.mode & 0o7022, 0, name)

    def test_layers_are_those_that_the_configuration_names(self):
        for packed in self.each():
            self.assertEqual(
                packed.config["rootfs"]["diff_ids"],
                ["sha256:" + hashlib.sha256(layer).hexdigest()
                 for layer in packed.layers])

    def test_it_trusts_the_usual_authorities(self):
        for packed in self.each():
            _, data = packed.entries["etc/ssl/certs/ca-certificates.crt"]
            self.assertIn(b"BEGIN CERTIFICATE", data)

    def test_it_is_small(self):
        for packed in self.each():
            self.assertLess(packed.path.stat().st_size, LIMIT)

    def test_the_program_runs_with_nothing_else_around_it(self):
        for packed in self.each():
            root = tempfile.mkdtemp(dir=self.work.name)
            packed.unpack(root)
            as_root = [] if os.geteuid() == 0 else ["unshare", "--user",
                                                    "--map-root-user"]
            program = packed.config["config"]["Entrypoint"][0]
            done = subprocess.run(
                [*as_root, "chroot", root, program, "--version"], text=True,
                capture_output=True, env={"PATH": os.environ["PATH"]})
            if as_root and done.returncode and "unshare" in done.stderr:
                self.skipTest("this machine lets nobody make a user namespace")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, r"^\d+\.\d+\.\d+")

    def sbom_text(self, packed):
        return pathlib.Path(str(packed.path) + ".spdx.json").read_text()

    def test_the_bill_names_every_file_and_where_it_is_from(self):
        for packed in self.each():
            bill = json.loads(self.sbom_text(packed))
            self.assertEqual(bill["spdxVersion"], "SPDX-2.3")
            listed = {one["fileName"][2:]: one for one in bill["files"]}
            packages = {one["SPDXID"]: one for one in bill["packages"]}
            contains = {relation["relatedSpdxElement"]:
                        relation["spdxElementId"]
                        for relation in bill["relationships"]}
            for name, (entry, data) in packed.entries.items():
                if not entry.isfile():
                    continue
                one = listed.pop(name)
                self.assertEqual(one["checksums"][0]["checksumValue"],
                                 hashlib.sha256(data).hexdigest())
                package = packages[contains[one["SPDXID"]]]
                if ".so" in os.path.basename(name):
                    self.assertIn("Debian source", package["sourceInfo"])
                    self.assertEqual(
                        package["versionInfo"],
                        subprocess.run(
                            ["dpkg-query", "-W", "-f=${Version}",
                             package["name"]], check=True, text=True,
                            capture_output=True).stdout)
            self.assertEqual(listed, {})
            image = packages["SPDXRef-Image"]
            self.assertEqual(
                "sha256:" + image["checksums"][0]["checksumValue"],
                packed.descriptor["digest"])


if __name__ == "__main__":
    Image.script, Image.programs = sys.argv[1], sys.argv[2:]
    unittest.main(argv=sys.argv[:1])
