#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs the Debian packages that are missing for the given purposes: build,
# test, bench, lint, images (debian-packages.txt). Does nothing, and needs no
# rights, when all are there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

is_installed() {
  [[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

missing_packages() {
  local purpose package wanted
  while read -r purpose package; do
    for wanted in "$@"; do
      [[ "$purpose" == "$wanted" ]] || continue
      is_installed "$package" || printf '%s\n' "$package"
    done
  done < <(grep -v '^#' "$here/debian-packages.txt")
}

[[ $# -gt 0 ]] || set -- build test
if ! command -v dpkg-query >/dev/null; then
  echo "deps: this is not a Debian system; install what" \
    "dev/debian-packages.txt lists by hand (continuing)" >&2
  exit 0
fi
mapfile -t missing < <(missing_packages "$@")
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $EUID -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    cat >&2 <<MESSAGE
deps: these packages are missing, and this is neither root nor is sudo there:
  ${missing[*]}
Ask an administrator to run:
  apt-get update && apt-get install ${missing[*]}
MESSAGE
    exit 1
  fi
  as_root=(sudo)
fi
echo "deps: installing ${missing[*]}" >&2
"${as_root[@]}" apt-get update -q >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
