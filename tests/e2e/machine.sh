#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs a command on a machine of its own, as far as the node of the tests is
# concerned: own network, mounts and process ids. Whatever is started in it is
# gone when it ends, however it ends.
#
#   machine.sh COMMAND [ARGUMENT...]
#
# Where this machine cannot do that, it says what is missing and ends with 77,
# or with 1 where CLAVIGER_REQUIRE_NODE=1.
set -euo pipefail

missing=()
[[ $EUID -eq 0 ]] || missing+=("root rights")
for program in unshare ip iptables containerd ctr runc; do
  command -v "$program" >/dev/null || missing+=("$program")
done
for plugin in bridge host-local loopback; do
  [[ -x /usr/lib/cni/$plugin ]] || missing+=("the CNI plugin $plugin")
done
[[ -x /bin/busybox ]] || missing+=("busybox")
[[ -d /sys/fs/cgroup/cpuset || -f /sys/fs/cgroup/cgroup.controllers ]] ||
  missing+=("control groups")
if [[ ${#missing[@]} -eq 0 ]] &&
  ! unshare --net --mount --pid --fork true 2>/dev/null; then
  missing+=("the right to make namespaces")
fi
if [[ ${#missing[@]} -gt 0 ]]; then
  printf 'e2e: no node can run here, for want of: %s\n' \
    "$(IFS=,; echo "${missing[*]}" | sed 's/,/, /g')" >&2
  [[ "${CLAVIGER_REQUIRE_NODE:-}" != 1 ]] || exit 1
  exit 77
fi

# Kubelet makes its groups below this one, and mounts below that directory.
# Both can only be removed from here, when the mounts and processes are gone.
groups=claviger-e2e-$$
directory=$(mktemp -d -t claviger-e2e-XXXXXX)
at_end() {
  local hierarchy
  rm -rf "$directory"
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*/; do
    [[ -d $hierarchy/$groups ]] || continue
    find "$hierarchy/$groups" -depth -type d -exec rmdir {} + 2>/dev/null ||
      true
  done
}
trap at_end EXIT
status=0
TMPDIR=$directory CLAVIGER_E2E_CGROUP=$groups unshare --net --mount --pid --fork --kill-child \
  --mount-proc --propagation private "$@" || status=$?
exit "$status"
