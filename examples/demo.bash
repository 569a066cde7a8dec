# SPDX-License-Identifier: Apache-2.0
#
# What the demos of http and postgres share: parts that are started and ended,
# and answers that are printed and checked. Sourced, not run.
set -euo pipefail

work=$(mktemp -d)
started=()

clean_up() {
  local i
  for ((i = ${#started[@]} - 1; i >= 0; --i)); do
    kill -TERM "${started[i]}" 2>/dev/null && wait "${started[i]}" || true
  done
  rm -rf "$work"
}
trap clean_up EXIT

fail() {
  echo "DEMO FAILED: $*" >&2
  if [[ -s "$work/dev.log" ]]; then tail -n 20 "$work/dev.log" >&2; fi
  exit 1
}

step() {
  echo
  echo "== $1"
}

eventually() {
  local end=$((SECONDS + 30))
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

# start_dev CLAVIGER: `claviger dev` on $work/objects with one sidecar, for
# reports/nightly. Leaves its places in $work/ready.json.
start_dev() {
  "$1" dev "$work/objects" --as sa/reports/nightly --socket-dir "$work/s" \
    --ready-file "$work/ready.json" >"$work/dev.log" 2>&1 &
  started+=($!)
  eventually test -s "$work/ready.json" ||
    fail "claviger dev did not become ready"
}

# place JQ-PATH: of that sidecar.
place() { jq -r ".sidecars[0]$1" "$work/ready.json"; }

# ask STATUS CURL-ARGUMENTS...: prints the call and its answer, checks it, and
# leaves it in $work/answer. $secret is to be nowhere in it.
ask() {
  local wanted=$1 status
  shift
  echo "   \$ curl $*" | sed "s|$work|…|g"
  status=$(curl -sS --max-time 20 -o "$work/answer" -w '%{http_code}' "$@") ||
    fail "no answer"
  echo "   HTTP $status"
  sed 's/^/   /' "$work/answer"
  echo
  [[ "$status" == "$wanted" ]] || fail "expected HTTP $wanted, got $status"
  if grep -q "$secret" "$work/answer"; then fail "the secret was shown"; fi
}
