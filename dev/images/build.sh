#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Packs operator and sidecar of a build into OCI archives, each with its bill of
# materials (`make images`).
#
#   build.sh BUILD OUT
#
# Load one with `ctr -n k8s.io images import FILE`, `podman load -i FILE` or
# `skopeo copy oci-archive:FILE docker://...`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1 out=$2
version=$(sed -n 's/^project(claviger VERSION \([0-9.]*\).*/\1/p' \
  "$here/../../CMakeLists.txt")
libraries=$("$here/slim-curl.sh")
for program in operator/claviger-operator sidecar/claviger-sidecar; do
  "$here/image.py" --program "$build/$program" --version "$version" \
    --libraries "$libraries" --out "$out"
done
