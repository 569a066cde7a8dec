#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A service, `claviger dev`, and an application that uses the one through the
# other. Every answer is printed as it came and checked.
#
#   demo.sh [path of claviger]
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../demo.bash"
secret=rates-token-7d1f

echo "Using an HTTP service without seeing its credential (examples/http)."
python3 "$here/service.py" "$work/port" "$secret" &
started+=($!)
eventually test -s "$work/port" || fail "the service did not start"
service="http://127.0.0.1:$(cat "$work/port")"

mkdir "$work/objects"
cp -r "$here/manifests" "$here/secrets.yaml" "$work/objects/"
sed -i "s|http://127.0.0.1:18080|$service|" "$work/objects/manifests/rates.yaml"
start_dev "${1:-claviger}"
api=$(place .socket)
# In a pod the injector sets these.
CLAVIGER_SALES__RATES_SOCKET=$(place .listeners[0].socket)
CLAVIGER_SALES__RATES_URL=http://127.0.0.1:$(place .listeners[0].port)
CLAVIGER_TCP_SECRET_FILE=$(place .secretFile)
export CLAVIGER_SALES__RATES_URL CLAVIGER_TCP_SECRET_FILE

step "The service wants a token"
ask 401 "$service/v2/today"
step "The connection is server-side-only: nobody is given that token"
ask 403 --unix-socket "$api" \
  http://claviger/v1/connections/sales/rates/credential
step "But through the sidecar's socket the service answers"
ask 200 --unix-socket "$CLAVIGER_SALES__RATES_SOCKET" http://rates/v2/today
step "Paths and methods that the connection does not name stay closed"
ask 403 --unix-socket "$CLAVIGER_SALES__RATES_SOCKET" http://rates/admin
ask 403 --unix-socket "$CLAVIGER_SALES__RATES_SOCKET" -X DELETE \
  http://rates/v2/today
step "The port on 127.0.0.1 asks for the pod's secret"
ask 401 "$CLAVIGER_SALES__RATES_URL/v2/today"
step "An application with a base URL and that secret"
echo "   \$ application.py"
python3 "$here/application.py" | tee "$work/answer" | sed 's/^/   /'
grep -q CHF "$work/answer" || fail "the application got no prices"

echo
echo "Done. Every answer was as it should be."
