#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Compiles what the integration tests start and Debian does not package (real
# servers, and Helm), once per machine, into ${XDG_CACHE_HOME:-$HOME/.cache}/claviger/servers. See README.md.
#
#   build.sh [--print] [SERVER...]    (which there are: the last lines)
#
# Prints "<name> <path>" to stdout for each server, and what it does to stderr.
# With --print it builds nothing. Exit codes: 0 all there, 1 failed, 2 usage,
# 77 not available here (1 instead when CLAVIGER_REQUIRE_REAL=1).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/claviger/servers"

vault_version=v1.21.4
sdk_module=github.com/hashicorp/vault/sdk@v0.21.0
sdk_sum='h1:3gDqdKLhHY2ekmCEE9EeesoNpgsReq2bo/SpMqvBYdw='
kube_version=v1.34.4
helm_version=v3.19.5
pgx_version=v5.7.5
oldest_go=1.24

say() { printf 'servers: %s\n' "$*" >&2; }

# unavailable says why a server cannot be had here, and ends the script.
unavailable() {
  if [[ "${CLAVIGER_REQUIRE_REAL:-}" == 1 ]]; then
    say "FAILED: $* (CLAVIGER_REQUIRE_REAL=1)"
    exit 1
  fi
  say "SKIPPED: $*; tests that need this server will be skipped"
  exit 77
}

# on_machine prints the path of a server that is already installed.
on_machine() {
  local found=""
  case "$1" in
    vault)
      found="${CLAVIGER_TEST_VAULT:-}"
      [[ -n "$found" ]] || found=$(command -v vault || command -v bao || true)
      ;;
    kube*)
      [[ "$1" != kube-apiserver ]] || found="${CLAVIGER_TEST_KUBE_APISERVER:-}"
      if [[ -z "$found" && -x "${KUBEBUILDER_ASSETS:-/nonexistent}/$1" ]]; then
        found="$KUBEBUILDER_ASSETS/$1"
      fi
      [[ -n "$found" ]] || found=$(command -v "$1" || true)
      ;;
    helm)
      found="${CLAVIGER_TEST_HELM:-}"
      [[ -n "$found" ]] || found=$(command -v helm || true)
      ;;
  esac
  [[ -n "$found" ]] && printf '%s\n' "$found"
}

source_dir() { if [[ "$1" == kube* ]]; then echo kube; else echo "$1"; fi; }
version_of() {
  case "$1" in
    vault) echo "$vault_version" ;;
    helm) echo "$helm_version" ;;
    pgclient) echo "$pgx_version" ;;
    *) echo "$kube_version" ;;
  esac
}
# The slim Vault has its own name: it is started differently from `vault`.
binary_of() { if [[ "$1" == vault ]]; then echo vault-slim; else echo "$1"; fi; }
duration_of() {
  case "$1" in
    vault) echo "7 to 12" ;;
    helm) echo "2 to 5" ;;
    pgclient) echo "1" ;;
    kube-apiserver) echo "7 to 9" ;;
    *) echo "1 to 4" ;;
  esac
}
# What builds it, by function names: a change to them builds it anew.
builders_of() {
  case "$1" in
    helm | pgclient) echo "compile_$1" ;;
    *) echo adjusted_sdk compile ;;
  esac
}

# target_dir prints where this version of the inputs is, or will be, built.
target_dir() {
  local hash
  hash=$(
    cd "$here/$(source_dir "$1")"
    {
      cat -- *.go go.mod go.sum
      # shellcheck disable=SC2046  # words are meant
      declare -f $(builders_of "$1")
      echo "$sdk_sum"
    } | sha256sum | cut -c1-12
  )
  printf '%s/%s-%s-%s\n' "$cache" "$1" "$(version_of "$1")" "$hash"
}

check_go() {
  command -v go >/dev/null || unavailable "$1: Go $oldest_go or newer is missing"
  local have
  have=$(GOTOOLCHAIN=local GOWORK=off go env GOVERSION | sed 's/^go//')
  if [[ "$(printf '%s\n' "$oldest_go" "$have" | sort -V | head -n1)" != "$oldest_go" ]]
  then
    unavailable "$1: Go $oldest_go or newer is needed, this is $have"
  fi
}

# adjusted_sdk copies Vault's sdk module to ./sdk. Vault is built against its
# own sdk folder, which equals no published module: the nearest one differs in
# the two signatures that are adjusted here.
adjusted_sdk() {
  local json dir policy=sdk/helper/keysutil/lock_manager.go
  json=$(cd / && go mod download -json "$sdk_module") || {
    say "$json"
    return 1
  }
  [[ "$json" == *"\"Sum\": \"$sdk_sum\""* ]] || {
    say "$sdk_module has not the expected checksum"
    return 1
  }
  dir=$(sed -n 's/^.*"Dir": "\(.*\)",*$/\1/p' <<<"$json")
  cp -R "$dir" sdk && chmod -R u+w sdk || return 1
  sed -i 's/\(\tActivationFunc func(context.Context, \*logical.Request\), string)/\1)/' \
    sdk/framework/backend.go || return 1
  awk '/^func \(lm \*LockManager\) RestorePolicy\(/ {
         inside = 1; sub(/bool\) error \{/, "bool) (string, error) {")
       }
       inside && /return nil$/ { sub(/nil$/, "name, nil"); print; next }
       inside { sub(/\treturn /, "\treturn \"\", ") }
       /^}/ { inside = 0 }
       { print }' "$policy" >"$policy.new" && mv "$policy.new" "$policy"
}

# compile builds server $1 in the current directory, a copy of its source.
compile() {
  local package=. flags="-s -w" kube=k8s.io/component-base/version
  if [[ "$1" == kube* ]]; then
    package=k8s.io/kubernetes/cmd/$1
    # Without these it takes itself for version 0.0, which clients check.
    flags+=" -X $kube.gitVersion=$kube_version -X $kube.gitMajor=1"
    flags+=" -X $kube.gitMinor=$(cut -d. -f2 <<<"$kube_version")"
  else
    adjusted_sdk || unavailable "$1: could not get $sdk_module"
  fi
  export CGO_ENABLED=0 GOWORK=off
  go list -deps "$package" >/dev/null ||
    unavailable "$1: could not get its Go modules"
  say "$1: modules are there after ${SECONDS} s, compiling"
  go build -trimpath -buildvcs=false -ldflags "$flags" \
    -o "$(binary_of "$1")" "$package"
}

# compile_helm builds Helm in the current directory, a copy of its source.
compile_helm() {
  export CGO_ENABLED=0 GOWORK=off
  go list -deps helm.sh/helm/v3/cmd/helm >/dev/null ||
    unavailable "helm: could not get its Go modules"
  say "helm: modules are there after ${SECONDS} s, compiling"
  # The Kubernetes version is what `helm template` shows to charts: without it
  # Helm says 1.20.
  local chart=helm.sh/helm/v3/pkg/chartutil
  go build -trimpath -buildvcs=false -o helm -ldflags "-s -w \
    -X helm.sh/helm/v3/internal/version.version=$helm_version \
    -X $chart.k8sVersionMajor=1 \
    -X $chart.k8sVersionMinor=$(cut -d. -f2 <<<"$kube_version")" \
    helm.sh/helm/v3/cmd/helm
}

# compile_pgclient builds what speaks PostgreSQL by pgx, see pgclient/main.go.
compile_pgclient() {
  export CGO_ENABLED=0 GOWORK=off
  go list -deps . >/dev/null ||
    unavailable "pgclient: could not get its Go modules"
  go build -trimpath -buildvcs=false -ldflags "-s -w" -o pgclient .
}

build() {
  local name=$1 target=$2 work
  check_go "$name"
  mkdir -p "$cache"
  exec 9>"$cache/.lock"
  flock -n 9 || { say "waiting for another build to end"; flock 9; }
  # Another build may have made it in between.
  if [[ ! -x "$target/$(binary_of "$name")" ]]; then
    say "building $name $(version_of "$name"), once per machine:" \
      "about $(duration_of "$name") minutes on two cores"
    SECONDS=0
    work=$(mktemp -d "$cache/.build-XXXXXX")
    # shellcheck disable=SC2064  # the path of now is meant
    trap "chmod -R u+w '$work' && rm -rf '$work'" EXIT
    cp "$here/$(source_dir "$name")"/{*.go,go.mod,go.sum} "$work"
    (
      cd "$work"
      case "$name" in
        helm | pgclient) "compile_$name" ;;
        *) compile "$name" ;;
      esac
    )
    mkdir "$work/out"
    mv "$work/$(binary_of "$name")" "$work/out"
    rm -rf "$target"
    mv "$work/out" "$target"
    say "$name built in ${SECONDS} s"
  fi
  exec 9>&-
}

# provide prints where server $1 is, after building it unless --print is given.
provide() {
  local name=$1 path target
  if path=$(on_machine "$name"); then
    say "$name: using the installed $path"
    printf '%s %s\n' "$name" "$path"
    return
  fi
  target=$(target_dir "$name")
  if [[ -z "$print_only" ]]; then
    if [[ ! -x "$target/$(binary_of "$name")" ]]; then
      (build "$name" "$target")
    fi
    mkdir -p "$cache/current"
    ln -sfn "$target/$(binary_of "$name")" "$cache/current/$(binary_of "$name")"
  elif [[ ! -x "$target/$(binary_of "$name")" ]]; then
    unavailable "$name: not built yet, run tests/servers/build.sh"
  fi
  printf '%s %s\n' "$name" "$target/$(binary_of "$name")"
}

print_only=""
# The API server first: the others of Kubernetes share most of its packages.
all=(vault pgclient kube-apiserver helm kube-controller-manager kube-scheduler kubelet
  kube-proxy)
servers=()
for argument in "$@"; do
  case "$argument" in
    --print) print_only=yes ;;
    *)
      [[ " ${all[*]} " != *" $argument "* ]] || {
        servers+=("$argument")
        continue
      }
      echo "usage: build.sh [--print] [${all[*]}]..." >&2
      exit 2
      ;;
  esac
done
[[ ${#servers[@]} -gt 0 ]] || servers=("${all[@]}")

# One that cannot be had must not keep the others from being built.
status=0
for server in "${servers[@]}"; do
  # Not `(provide) || …`, which would switch -e off inside.
  set +e
  (
    set -e
    provide "$server"
  )
  code=$?
  set -e
  [[ "$code" == 0 || "$status" == 1 ]] || status=$code
done
exit "$status"
