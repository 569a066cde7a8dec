#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes an OCI archive of one program, without a container engine.

  image.py --program build/image/operator/claviger-operator --version 0.1.0 \\
           --out build/images [--libraries DIR]

What is in it: the program, the libraries that it is linked with, the
authorities of TLS, and the few files that the C library reads. No shell, no
package manager, nothing that can be written. It runs as 65532.

The same inputs give the same bytes: files are sorted, owners and times fixed
($SOURCE_DATE_EPOCH, else the last commit's). Beside the archive, FILE.spdx.json
names every file with its Debian package and version. Prints one line of JSON.
Only the standard library; needs ldd, strip and dpkg-query.
"""
import argparse
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import uuid
from datetime import datetime, timezone

USER = 65532
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
# Compiled into the programs from headers: no library of theirs is in the image.
HEADERS_ONLY = ["libboost1.74-dev", "libcli11-dev", "libexpected-dev",
                "nlohmann-json3-dev"]
TEXTS = {
    "etc/passwd": f"claviger:x:{USER}:{USER}::/:/nonexistent\n",
    "etc/group": f"claviger:x:{USER}:\n",
    # Without it the C library asks for modules that are not here.
    "etc/nsswitch.conf": "hosts: files dns\n",
}


def run(*command, **more):
    return subprocess.run(command, check=True, text=True, capture_output=True,
                          **more).stdout


def epoch():
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    here = pathlib.Path(__file__).resolve().parent
    try:
        return int(run("git", "-C", str(here), "log", "-1", "--format=%ct"))
    except (subprocess.CalledProcessError, FileNotFoundError):
        return 0


def linked_libraries(program, libraries):
    """{path in the image: file here} of all that the loader will open."""
    environment = dict(os.environ, LC_ALL="C")
    environment.pop("LD_PRELOAD", None)
    if libraries:
        environment["LD_LIBRARY_PATH"] = libraries
    found = {}
    for line in run("ldd", program, env=environment).splitlines():
        if "not found" in line:
            sys.exit(f"image: {program} needs a library: {line.strip()}")
        match = re.match(r"\s*(\S+) => (\S+) \(|\s*(/\S+) \(", line)
        if not match:
            continue  # linux-vdso
        name, path = match.group(1), match.group(2) or match.group(3)
        if match.group(3):  # the loader, whose path is in the program
            found["usr" + path if path.startswith("/lib") else path[1:]] = path
        else:
            found["usr/lib/x86_64-linux-gnu/" + os.path.basename(name)] = path
    return found


class Packages:
    """Which Debian package a file is from."""

    def __init__(self, libraries):
        self.libraries = libraries
        self.by_name = {}

    def add(self, name):
        if name not in self.by_name:
            shown = "${Package}\t${Version}\t${source:Package}\t" \
                    "${source:Version}\t${Architecture}"
            line = run("dpkg-query", "-W", f"-f={shown}\n", name)
            package, version, source, source_version, arch = \
                line.splitlines()[0].split("\t")
            self.by_name[name] = {
                "name": package, "version": version, "source": source,
                "sourceVersion": source_version, "arch": arch}
        return name

    def of(self, path):
        real = os.path.realpath(path)
        if self.libraries and real.startswith(
                os.path.realpath(self.libraries) + os.sep):
            own = json.loads(
                pathlib.Path(self.libraries, "source.json").read_text())
            name = own["source"] + "-slim"
            self.by_name.setdefault(name, {
                "name": name, "version": own["version"],
                "source": own["source"], "sourceVersion": own["version"],
                "arch": "amd64", "note": own["note"],
                "dsc": own["dscSha256"]})
            return name
        # The same file under both names of a merged /usr.
        for known in dict.fromkeys([real, re.sub("^/usr/", "/", real),
                                    "/usr" + real]):
            found = subprocess.run(["dpkg-query", "-S", known], text=True,
                                   capture_output=True)
            if found.returncode == 0:
                return self.add(found.stdout.split(": ")[0].split(",")[0])
        sys.exit(f"image: no package has {path}")


class Layer:
    """A tar of sorted entries that knows no machine, user or time."""

    def __init__(self, created):
        self.created = created
        self.entries = {}

    def put(self, path, data, mode=0o644):
        self.entries[path] = (tarfile.REGTYPE, data, mode)

    def link(self, path, target):
        self.entries[path] = (tarfile.SYMTYPE, target, 0o777)

    def bytes(self):
        everything = dict(self.entries)
        for path in self.entries:
            for parent in list(pathlib.PurePosixPath(path).parents)[:-1]:
                everything[str(parent)] = (tarfile.DIRTYPE, b"", 0o755)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w",
                          format=tarfile.USTAR_FORMAT) as tar:
            for path in sorted(everything):
                kind, data, mode = everything[path]
                info = tarfile.TarInfo(path)
                info.type, info.mode, info.mtime = kind, mode, self.created
                if kind == tarfile.SYMTYPE:
                    info.linkname = data
                    tar.addfile(info)
                else:
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
        return buffer.getvalue()


def stripped(path):
    with tempfile.NamedTemporaryFile() as out:
        run("strip", "--strip-unneeded", "--remove-section=.comment", "-o",
            out.name, path)
        return pathlib.Path(out.name).read_bytes()


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Archive:
    """An OCI image layout in a tar."""

    def __init__(self, created):
        self.layout = Layer(created)

    def blob(self, data, media_type, **more):
        name = digest(data)
        self.layout.put(f"blobs/sha256/{name}", data)
        return {"mediaType": media_type, "digest": f"sha256:{name}",
                "size": len(data), **more}

    def finish(self, manifest):
        self.layout.put("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        self.layout.put("index.json", as_json(
            {"schemaVersion": 2,
             "mediaType": "application/vnd.oci.image.index.v1+json",
             "manifests": [manifest]}))
        return self.layout.bytes()


def as_json(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def image(arguments, layers, created):
    """The archive's bytes and the manifest's descriptor."""
    archive = Archive(created)
    program = os.path.basename(arguments.program)
    when = datetime.fromtimestamp(created, timezone.utc).isoformat()
    diff_ids, blobs = [], []
    for layer in layers:
        tar = layer.bytes()
        diff_ids.append("sha256:" + digest(tar))
        blobs.append(archive.blob(
            gzip.compress(tar, 6, mtime=0),
            "application/vnd.oci.image.layer.v1.tar+gzip"))
    labels = {
        "org.opencontainers.image.title": program,
        "org.opencontainers.image.version": arguments.version,
        "org.opencontainers.image.licenses": "Apache-2.0"}
    config = archive.blob(as_json({
        "architecture": "amd64", "os": "linux", "created": when,
        "config": {"User": f"{USER}:{USER}", "Entrypoint": ["/" + program],
                   "WorkingDir": "/", "Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [{"created": when, "created_by": text} for text in
                    ("libraries and authorities", program)]}),
        "application/vnd.oci.image.config.v1+json")
    manifest = archive.blob(
        as_json({"schemaVersion": 2,
                 "mediaType": "application/vnd.oci.image.manifest.v1+json",
                 "config": config, "layers": blobs, "annotations": labels}),
        "application/vnd.oci.image.manifest.v1+json",
        platform={"architecture": "amd64", "os": "linux"},
        # By the first, tools of OCI know its name; by the second, containerd.
        annotations={
            "org.opencontainers.image.ref.name": arguments.version,
            "io.containerd.image.name":
                f"{arguments.repository}:{arguments.version}"})
    return archive.finish(manifest), manifest


def sbom(arguments, manifest, files, packages, created):
    """SPDX 2.3: the image, every file, and which package it is from."""
    program = os.path.basename(arguments.program)
    names = {name: "SPDXRef-Package-" + re.sub("[^A-Za-z0-9.-]", "-", name)
             for name in packages.by_name}
    root = "SPDXRef-Image"
    listed = [{
        "SPDXID": root, "name": program, "versionInfo": arguments.version,
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0",
        "copyrightText": "NOASSERTION", "primaryPackagePurpose": "CONTAINER",
        "checksums": [{"algorithm": "SHA256",
                       "checksumValue": manifest["digest"].split(":")[1]}]}]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", root)]
    for name, one in sorted(packages.by_name.items()):
        purl = f"pkg:deb/debian/{one['name']}@{one['version']}" \
               f"?arch={one['arch']}&distro=debian-12"
        if "dsc" in one:
            purl = f"pkg:deb/debian/{one['source']}@{one['version']}" \
                   "?arch=source&distro=debian-12"
        listed.append({
            "SPDXID": names[name], "name": one["name"],
            "versionInfo": one["version"],
            "supplier": "Organization: Debian",
            "sourceInfo": f"Debian source {one['source']} "
                          f"{one['sourceVersion']}"
                          + (f"; {one['note']}; .dsc sha256 {one['dsc']}"
                             if "dsc" in one else ""),
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER",
                              "referenceType": "purl",
                              "referenceLocator": purl}]})
        relations.append((root, "STATIC_LINK" if name in HEADERS_ONLY
                          else "CONTAINS", names[name]))
    entries = []
    for number, (path, (sum_, package)) in enumerate(sorted(files.items())):
        reference = f"SPDXRef-File-{number}"
        entries.append({
            "SPDXID": reference, "fileName": "./" + path,
            "checksums": [{"algorithm": "SHA256", "checksumValue": sum_}],
            "licenseConcluded": "NOASSERTION",
            "copyrightText": "NOASSERTION"})
        relations.append((names[package] if package else root, "CONTAINS",
                          reference))
    when = datetime.fromtimestamp(created, timezone.utc)
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT", "name": f"{program}-{arguments.version}",
        "documentNamespace":
            "urn:uuid:" + str(uuid.uuid5(uuid.NAMESPACE_OID,
                                         manifest["digest"])),
        "creationInfo": {"created": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": ["Tool: claviger-image-py"]},
        "packages": listed, "files": entries,
        "relationships": [{"spdxElementId": a, "relationshipType": kind,
                           "relatedSpdxElement": b}
                          for a, kind, b in relations]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--libraries", default="",
                        help="folder whose libraries are taken first")
    parser.add_argument("--repository", default="",
                        help="the image's name; localhost/claviger/<program>")
    arguments = parser.parse_args()
    program = os.path.basename(arguments.program)
    arguments.repository = arguments.repository or \
        "localhost/claviger/" + program.removeprefix("claviger-")
    created = epoch()

    below, above = Layer(created), Layer(created)
    packages = Packages(arguments.libraries)
    for name in HEADERS_ONLY:
        packages.add(name)
    origin = {}
    for path, here in linked_libraries(
            arguments.program, arguments.libraries).items():
        # As Debian built it: its packages hold no debug information.
        below.put(path, pathlib.Path(here).read_bytes(), 0o755)
        origin[path] = packages.of(here)
    below.put(AUTHORITIES[1:], pathlib.Path(AUTHORITIES).read_bytes())
    origin[AUTHORITIES[1:]] = packages.add("ca-certificates")
    for path, text in TEXTS.items():
        below.put(path, text.encode())
    # The loader is named below /lib64, and OpenSSL looks below /usr/lib/ssl.
    below.link("lib", "usr/lib")
    below.link("lib64", "usr/lib64")
    below.link("usr/lib/ssl/cert.pem", AUTHORITIES)
    above.put(program, stripped(arguments.program), 0o755)

    data, manifest = image(arguments, [below, above], created)
    files = {path: (digest(content), origin.get(path))
             for layer in (below, above)
             for path, (kind, content, _) in layer.entries.items()
             if kind == tarfile.REGTYPE}
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{program}-{arguments.version}-amd64.oci.tar"
    file.write_bytes(data)
    pathlib.Path(str(file) + ".spdx.json").write_text(json.dumps(
        sbom(arguments, manifest, files, packages, created), indent=1) + "\n")
    print(json.dumps({
        "archive": str(file), "digest": manifest["digest"],
        "reference": f"{arguments.repository}:{arguments.version}",
        "compressedBytes": len(data),
        "files": sum(1 for _ in files)}))


if __name__ == "__main__":
    if not shutil.which("dpkg-query"):
        sys.exit("image: this is made from Debian's packages, on Debian")
    main()
