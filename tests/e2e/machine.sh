#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs a command on a machine of its own, as far as the node of the tests is
# concerned: own network, mounts and process ids. Whatever is started in it is
# gone when it ends, however it ends; what a killed run could not put back, the
# next one does. One at a time on each machine.
#
#   machine.sh COMMAND [ARGUMENT...]
#
# Where this machine cannot do that, it says all that is missing and ends with
# 77, or with 1 where CLAVIGER_REQUIRE_NODE=1.
set -euo pipefail
shopt -s inherit_errexit

prefix=claviger-e2e
groups_root=/sys/fs/cgroup
# Of cgroup v1; v2 has one hierarchy.
hierarchies=(cpu cpuacct cpuset memory devices freezer blkio pids systemd)
# What kubelet sets for the whole machine.
settings=(vm/overcommit_memory kernel/panic kernel/panic_on_oops
  kernel/keys/root_maxkeys kernel/keys/root_maxbytes)

# What this machine lacks, one a line.
missing_programs() {
  local name here=${BASH_SOURCE[0]%/*}
  for name in unshare setpriv flock ip iptables conntrack containerd ctr runc; do
    command -v "$name" >/dev/null || echo "$name"
  done
  [[ -x "${KUBEBUILDER_ASSETS:-/nonexistent}/etcd" ]] ||
    command -v etcd >/dev/null || echo etcd
  for name in bridge host-local loopback; do
    [[ -x /usr/lib/cni/$name ]] || echo "the CNI plugin $name"
  done
  # In the image that pods run, where there is no library.
  [[ -x /bin/busybox ]] || echo busybox-static
  [[ -x /usr/bin/curl ]] || echo curl
  for name in vault kube-apiserver helm kube-controller-manager kube-scheduler \
    kubelet kube-proxy; do
    "$here/../servers/build.sh" --print "$name" >/dev/null 2>&1 ||
      echo "$name (tests/servers/build.sh makes it)"
  done
}

missing_groups() {
  local name
  if [[ -f $groups_root/cgroup.controllers ]]; then
    for name in cpu cpuset memory pids; do
      grep -qw "$name" "$groups_root/cgroup.controllers" ||
        echo "the control group controller $name"
    done
  else
    for name in "${hierarchies[@]}"; do
      [[ -d $groups_root/$name ]] || echo "the control groups of $name"
    done
  fi
}

# What only trying tells. Runs in namespaces of its own, in directory $1.
missing_rights() {
  mkdir "$1"/{lower,upper,work,merged}
  mount -t overlay overlay "$1/merged" -o \
    "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" 2>/dev/null ||
    echo "overlay mounts in $(dirname "$1")"
  if command -v ip >/dev/null; then
    ip link add probe0 type bridge 2>/dev/null || echo "network bridges"
  fi
  if command -v iptables >/dev/null; then
    iptables -t nat -L >/dev/null 2>&1 || echo "iptables' table nat"
  fi
}

missing() {
  local probe hierarchy
  missing_programs
  missing_groups
  if [[ $EUID -ne 0 ]]; then
    echo "root rights"
    return
  fi
  for hierarchy in "$groups_root/memory" "$groups_root"; do
    [[ -d $hierarchy ]] || continue
    mkdir "$hierarchy/$prefix-$$" 2>/dev/null || echo "writable control groups"
    rmdir "$hierarchy/$prefix-$$" 2>/dev/null || true
    break
  done
  command -v unshare >/dev/null || return 0  # said already
  if ! unshare --net --mount --pid --fork true 2>/dev/null; then
    echo "the right to make namespaces"
    return
  fi
  probe=$(mktemp -d -t "$prefix-probe-XXXXXX")
  unshare --net --mount --propagation private bash -c \
    "$(declare -f missing_rights); missing_rights $probe"
  rm -rf "$probe"
}

# Puts back what run $1 changed, whose directory is $2.
clean_up() {
  local hierarchy name value
  while read -r name value; do
    echo "$value" 2>/dev/null >"/proc/sys/$name" || true
  done <"$2/settings" || true
  rm -rf "$2"
  for hierarchy in "$groups_root" "$groups_root"/*/; do
    [[ -d $hierarchy/$prefix-$1 ]] || continue
    find "$hierarchy/$prefix-$1" -depth -type d -exec rmdir {} + 2>/dev/null ||
      true
  done
}

# Runs that were killed. Their processes went with them.
clean_up_leftovers() {
  local directory run
  for directory in "${TMPDIR:-/tmp}/$prefix"-*-??????; do
    [[ -d $directory ]] || continue
    run=${directory##*/"$prefix"-}
    run=${run%-*}
    [[ ! -d /proc/$run ]] || continue
    clean_up "$run" "$directory"
  done
}

lacks=$(missing)
if [[ -n $lacks ]]; then
  printf '%s\n' "e2e: no node can run here, for want of: ${lacks//$'\n'/, }" \
    "e2e: \`make deps\` installs packages, \`make test\` the servers." >&2
  [[ "${CLAVIGER_REQUIRE_NODE:-}" != 1 ]] || exit 1
  exit 77
fi

exec 9>"${TMPDIR:-/tmp}/$prefix.lock"
flock --nonblock 9 || {
  echo "e2e: waiting for another node on this machine" >&2
  flock 9
}
clean_up_leftovers

directory=$(mktemp -d -t "$prefix-$$-XXXXXX")
trap 'clean_up $$ "$directory"' EXIT
for setting in "${settings[@]}"; do
  [[ ! -r /proc/sys/$setting ]] || echo "$setting $(<"/proc/sys/$setting")"
done >"$directory/settings"
# When this script is killed, so is unshare, and with it all that it started.
status=0
TMPDIR=$directory CLAVIGER_E2E_CGROUP=$prefix-$$ \
  setpriv --pdeathsig KILL unshare --net --mount --pid --fork --kill-child \
  --mount-proc --propagation private "$@" 9>&- || status=$?
exit "$status"
