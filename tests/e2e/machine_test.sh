#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# That a machine for the node's tests leaves nothing behind, however it ends,
# and says in one message why there can be none.
set -euo pipefail

machine=$(dirname "${BASH_SOURCE[0]}")/machine.sh
scratch=$(mktemp -d -t claviger-machine-test-XXXXXX)
run=""
trap '[[ -z "$run" ]] || kill -9 "$run" 2>/dev/null || true; rm -rf "$scratch"' EXIT
export TMPDIR=$scratch

fail() {
  echo "machine_test: $*" >&2
  exit 1
}

# Waits up to 20 s until a command succeeds.
await() {
  local i
  for ((i = 0; i < 400; i++)); do
    ! "$@" || return 0
    sleep 0.05
  done
  fail "in vain: $*"
}

# A program with this argument.
runs() { grep -qszx -e "$1" /proc/[0-9]*/cmdline; }
does_not_run() { ! runs "$1"; }

# On a machine that lacks nearly everything. bash's own directory would have it.
mkdir "$scratch/bin"
for program in bash dirname env grep mkdir mktemp rm rmdir; do
  ln -s "$(command -v "$program")" "$scratch/bin/"
done
status=0
said=$(PATH=$scratch/bin CLAVIGER_REQUIRE_NODE=1 "$machine" true 2>&1) ||
  status=$?
[[ $status -eq 1 ]] || fail "a required node that is missing ends with $status"
for lack in unshare setpriv flock ip iptables conntrack containerd ctr runc; do
  [[ "$said" == *"want of: "*"$lack"* ]] || fail "$lack is not in: $said"
done
status=0
PATH=$scratch/bin CLAVIGER_REQUIRE_NODE="" "$machine" true 2>/dev/null ||
  status=$?
[[ $status -eq 77 ]] || fail "a missing node is skipped with $status"

status=0
"$machine" true || status=$?
if [[ $status -eq 77 ]]; then exit 77; fi
[[ $status -eq 0 ]] || fail "there is no machine"
status=0
"$machine" bash -c 'exit 5' || status=$?
[[ $status -eq 5 ]] || fail "the command's own end is $status"

# Killed where nothing can be put back any more.
setting=/proc/sys/kernel/panic
before=$(<"$setting")
# shellcheck disable=SC2016  # expanded there
"$machine" bash -c 'mkdir /sys/fs/cgroup/{memory/,}$CLAVIGER_E2E_CGROUP
  echo 7 > /proc/sys/kernel/panic
  exec sleep 98765' 2>/dev/null &
run=$!
await runs 98765
kill -9 "$run"
await does_not_run 98765
wait "$run" 2>/dev/null || true
compgen -G "$scratch/claviger-e2e-$run-*" >/dev/null ||
  fail "the killed run had no directory"
"$machine" true
! compgen -G "$scratch/claviger-e2e-$run-*" >/dev/null ||
  fail "the killed run's directory is left"
! compgen -G "/sys/fs/cgroup/*/claviger-e2e-$run" >/dev/null ||
  fail "the killed run's control groups are left"
[[ $(<"$setting") == "$before" ]] || fail "$setting is not put back"
