#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The house rules that a compiler does not check (CONTRIBUTING.md): formatting,
# licence lines, who may include whom, where time may be read. Prints every
# finding; exit 1 if there is one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mapfile -t sources < <(git ls-files '*.h' '*.cc')
found=0
finding() {
  echo "lint: $*" >&2
  found=1
}

# includes FOLDER FORBIDDEN...: no file of FOLDER includes from a forbidden one.
includes() {
  local folder=$1 forbidden
  shift
  for forbidden in "$@"; do
    while IFS= read -r line; do
      finding "$line: $folder must not depend on $forbidden"
    done < <(git grep -nE "^#include \"$forbidden/" -- "$folder/*" || true)
  done
}

for file in "${sources[@]}"; do
  head -n1 "$file" | grep -q '^// SPDX-License-Identifier: Apache-2.0$' ||
    finding "$file:1: the licence line is missing"
done
includes lib/base model providers access http vault operator sidecar cli dev
includes lib/model providers access http vault operator sidecar cli dev
includes lib/providers access http vault operator sidecar cli dev
includes lib/access http vault operator sidecar cli dev
includes lib/http model providers access vault operator sidecar cli dev
includes lib/postgres model providers access http vault kube operator sidecar cli dev
includes lib/kube providers access vault operator sidecar cli dev
includes lib/vault access kube operator sidecar cli dev
includes operator sidecar cli dev
includes sidecar operator cli dev
# The server is the adapter to the machine's own time, as its clock is.
own_time=(':!lib/base/clock.cc' ':!lib/http/server_*' ':!tests')
while IFS= read -r line; do
  finding "$line: time comes from base/clock.h"
done < <(git grep -nE '(system|steady)_clock::now\(\)' -- '*.cc' '*.h' \
  "${own_time[@]}" || true)
while IFS= read -r line; do
  finding "$line: code and tests wait for something, never for a time"
done < <(git grep -nE 'sleep_for\(|usleep\(' -- '*.cc' '*.h' \
  ':!lib/http/server_*' ':!tests/bench' || true)  # benches measure times

clang-format-14 --dry-run -Werror "${sources[@]}" || found=1
exit "$found"
