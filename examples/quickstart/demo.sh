#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The quickstart, shown: starts `claviger dev` on a copy of this example and
# makes real HTTP calls over the sidecars' sockets and to the embedded Vault.
# Every answer is printed as it came and checked; a wrong one fails the demo.
#
#   demo.sh [path of claviger]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
claviger=${1:-claviger}
work=$(mktemp -d)
dev_pid=""

clean_up() {
  if [[ -n "$dev_pid" ]] && kill -TERM "$dev_pid" 2>/dev/null; then
    wait "$dev_pid" || true
  fi
  rm -rf "$work"
}
trap clean_up EXIT

bold() { if [[ -t 1 ]]; then printf '\033[1m%s\033[0m\n' "$1"; else echo "$1"; fi; }

step_number=0
step() {
  step_number=$((step_number + 1))
  echo
  bold "== $step_number. $1"
  shift
  local line
  for line in "$@"; do echo "   $line"; done
}

fail() {
  echo >&2
  echo "DEMO FAILED: $*" >&2
  if [[ -s "$work/dev.log" ]]; then
    echo "The end of what claviger dev said:" >&2
    tail -n 20 "$work/dev.log" >&2
  fi
  exit 1
}

# ask SOCKET PATH: one call to a sidecar. Prints it and its answer, and leaves
# the answer in $work/answer and its status in $status.
ask() {
  echo "   \$ curl --unix-socket $1 http://claviger$2"
  status=$(curl -sS --max-time 10 --unix-socket "$1" -o "$work/answer" \
    -w '%{http_code}' "http://claviger$2") || fail "the sidecar does not answer"
  echo "   HTTP $status"
  jq . "$work/answer" | sed 's/^/   /'
}

# expect WHAT JQ-CONDITION: checks the last answer.
expect() {
  jq -e "$2" "$work/answer" >/dev/null || fail "expected: $1"
  echo "   => $1"
}
expect_status() {
  [[ "$status" == "$1" ]] || fail "expected HTTP $1, got $status"
}

# read_vault PATH: reads Vault directly with the service account's own token,
# which never appears on a command line. Leaves $work/answer and $status.
read_vault() {
  echo "   \$ curl $vault/v1/$1   # with the service account's Vault token"
  status=$(curl -sS --max-time 10 -H @"$work/vault-header" -o "$work/answer" \
    -w '%{http_code}' "$vault/v1/$1") || fail "the embedded Vault does not answer"
  echo "   HTTP $status"
  jq -c . "$work/answer" | sed 's/^/   /'
}

# eventually SECONDS COMMAND...: repeats it until it succeeds.
eventually() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    kill -0 "$dev_pid" 2>/dev/null || return 1
    sleep 0.1
  done
}

start() {
  cp -r "$here/manifests" "$here/secrets.yaml" "$work/"
  "$claviger" dev "$work" --as sa/reports/nightly --as sa/finance/closer \
    --ready-file "$work/ready.json" >"$work/dev.log" 2>&1 &
  dev_pid=$!
  eventually 20 test -s "$work/ready.json" ||
    fail "claviger dev did not become ready"
  nightly=$(jq -r '.sidecars[] | select(.as == "sa/reports/nightly") | .socket' \
    "$work/ready.json")
  closer=$(jq -r '.sidecars[] | select(.as == "sa/finance/closer") | .socket' \
    "$work/ready.json")
  vault=$(jq -r .vault.address "$work/ready.json")
}

# Logs in to Vault as reports/nightly, as its sidecar does, so that the demo can
# show what Vault itself allows. Applications cannot: the token for it is
# mounted into the sidecar only (here: a private file of claviger dev).
log_in() {
  local token_file role mount
  token_file=$(jq -r '.sidecars[] | select(.as == "sa/reports/nightly") | .tokenFile' \
    "$work/ready.json")
  role=$(jq -r '.sidecars[] | select(.as == "sa/reports/nightly") | .role' \
    "$work/ready.json")
  mount=$(jq -r .vault.authMount "$work/ready.json")
  jq -n --arg role "$role" --rawfile jwt "$token_file" \
    '{role: $role, jwt: ($jwt | rtrimstr("\n"))}' |
    curl -sS --max-time 10 -o "$work/login" -H 'Content-Type: application/json' \
      -d @- "$vault/v1/auth/$mount/login"
  (umask 077 && jq -r '"X-Vault-Token: " + .auth.client_token' "$work/login" \
    >"$work/vault-header")
  rm -f "$work/login"
  grep -q '^X-Vault-Token: .\{8,\}$' "$work/vault-header" ||
    fail "the login to the embedded Vault was refused"
}

is_gone() {
  [[ "$(curl -sS --max-time 10 --unix-socket "$nightly" -o /dev/null \
    -w '%{http_code}' \
    http://claviger/v1/connections/sales/invoices/credential)" == 404 ]]
}

echo "Claviger: the quickstart (examples/quickstart), with real HTTP calls."
echo "One process: the operator's reconciliation, an embedded Vault, and two"
echo "sidecars, for the service accounts reports/nightly and finance/closer."
start

step "The credential is chosen by nearness" \
  "sales/warehouse has three credentials. reports/nightly is in the group" \
  "reporting, which is in analysts: the nearer group's credential is used."
ask "$nightly" /v1/connections/sales/warehouse/credential
expect_status 200
expect "reporting's credential" \
  '.slot == "grant/reporting-read" and .data.username == "sales_reporting"'
echo "   finance/closer is in analysts only, and asks the same:"
ask "$closer" /v1/connections/sales/warehouse/credential
expect_status 200
expect "analysts' credential" \
  '.slot == "grant/analysts-read" and .data.username == "sales_analysts"'

step "A server-side-only connection: to be used, never to be seen" \
  "Everybody may use sales/payments, but its token stays in the sidecar."
ask "$nightly" /v1/connections/sales/payments/credential
expect_status 403
expect "refused, and why" '.reason == "ServerSideOnly" and (.fix | length > 0)'
if grep -q not-a-real "$work/answer"; then fail "the secret was shown"; fi

step "Every decision can be explained" \
  "The same question, answered step by step by the code that decides."
ask "$nightly" /v1/connections/sales/payments/explain
expect "allowed to be used, by the default slot" \
  '.outcome == "Allow" and .slot == "default" and (.steps | length >= 2)'
echo "   And from the manifests alone, before anything is deployed:"
echo "   \$ claviger explain -f manifests --as sa/reports/nightly \\"
echo "       --deliver disclose sales/payments"
if "$claviger" explain -f "$work/manifests" --as sa/reports/nightly \
  --deliver disclose sales/payments >"$work/explained"; then
  fail "explain said yes"
fi
sed 's/^/   /' "$work/explained"
grep -q ServerSideOnly "$work/explained" || fail "explain gave another reason"

step "An ambiguous choice is refused, not guessed" \
  "reports/nightly is in two groups, equally near, that bring different" \
  "credentials for sales/crm."
ask "$nightly" /v1/connections/sales/crm/credential
expect_status 409
expect "both names" \
  '.reason == "AmbiguousCredential" and .slots == ["grant/crm-eu", "grant/crm-reporting"]'

step "A Grant is deleted, and the access is gone, in Vault too" \
  "Before: reports/nightly may use sales/invoices, by a Grant."
ask "$nightly" /v1/connections/sales/invoices/credential
expect_status 200
log_in
read_vault secret/data/sales/invoices
expect_status 200
echo "   => Vault lets this token read the secret itself"
echo
echo "   \$ rm manifests/invoices-nightly.yaml"
rm "$work/manifests/invoices-nightly.yaml"
eventually 15 is_gone || fail "the sidecar still hands out the credential"
ask "$nightly" /v1/connections/sales/invoices/credential
expect_status 404
expect "the connection is not visible any more" '.reason == "NotVisible"'
read_vault secret/data/sales/invoices
expect_status 403
echo "   => Vault refuses the same, still valid token: the policy was rewritten"

echo
bold "Done in $SECONDS s. Every answer was as it should be."
echo "Next: change examples/quickstart, or write your own manifest:"
echo "docs/guides/first-connection.md"
