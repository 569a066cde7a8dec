#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Asks a peer.go for everything with curl, and prints what came.
#
#   curl.sh <url> [<curl's further arguments>...]
set -euo pipefail

url=$1
shift
more=("$@")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
large=$folder/large
for ((i = 0; i < 15; ++i)); do printf 'up and up %.0s' {1..10000}; done >"$large"

# ask <name> <path> <arguments>...
ask() {
  local name=$1 path=$2
  shift 2
  curl --silent --noproxy '*' "${more[@]}" "$@" --output "$folder/body" \
    --dump-header "$folder/headers" \
    --write-out "$name %{http_code} %{size_download}\n" "$url$path"
  [[ "$name" == head || ! -e "$folder/body" ]] || sha256sum <"$folder/body"
  # Our answers are HTTP/1.1 to older clients, too.
  tr -d '\r' <"$folder/headers" | sed 's#^HTTP/1.[01]#HTTP#' |
    grep -iE '^(HTTP|etag|content-|location|x-sum)' | sort
  rm -f "$folder/body"
}

for ((i = 0; i < 3; ++i)); do ask get '/echo?a=b%20c'; done
ask post /echo --data-binary "@$large"
ask chunked /echo --upload-file - <"$large"
ask expect /echo --header 'Expect: 100-continue' --data-binary "@$large"
ask refused /refuse --header 'Expect: 100-continue' --data-binary "@$large"
ask head /large --head
for path in gzip empty cached redirect chunks large; do ask "$path" "/$path"; done
ask unzipped /gzip --compressed
ask unchanged /cached --header 'If-None-Match: "v1"'
ask old /echo --http1.0
ask offer /echo --http2
ask delete /echo --request DELETE
