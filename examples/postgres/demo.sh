#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A PostgreSQL server, `claviger dev`, and an application that uses the one
# through the other. Every answer is printed as it came and checked. Needs
# PostgreSQL's programs (Debian: the package postgresql).
#
#   demo.sh [path of claviger]
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../demo.bash"
secret=orders-password-51c8

# Debian keeps them off PATH.
find_programs() {
  local found
  found=$(command -v initdb) && dirname "$(readlink -f "$found")" && return
  found=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
  [[ -n "$found" ]] && echo "$found"
}

# The server refuses to run as root.
as_server=()
if [[ $EUID -eq 0 ]]; then
  as_server=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi

ready() {
  "$programs/pg_isready" -q -h 127.0.0.1 -p "$port" ||
    ! kill -0 "${started[0]}" 2>/dev/null
}

# A free port is found by trying.
start_server() {
  local data=$work/server attempt
  mkdir "$data"
  if [[ $EUID -eq 0 ]]; then
    chmod 711 "$work"
    chown postgres "$data"
  fi
  (cd "$data" && "${as_server[@]}" "$programs/initdb" -D "$data/data" -A trust \
    -U postgres --no-sync) >"$work/server.log" || fail "no server"
  for attempt in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 10000))
    (cd "$data" && exec "${as_server[@]}" "$programs/postgres" -D "$data/data" -p "$port" \
      -c listen_addresses=127.0.0.1 \
      -c "unix_socket_directories=$data") >>"$work/server.log" 2>&1 &
    started=($!)
    eventually ready
    kill -0 "${started[0]}" 2>/dev/null && return
  done
  fail "the server did not start"
}

# administer SQL: as the database's owner, by the server's own socket.
administer() {
  PGHOST=$work/server PGPORT=$port "${as_server[@]}" psql -U postgres -X -q \
    -v ON_ERROR_STOP=1 -c "$1" postgres
}

# What comes by TCP, and that is what applications and the sidecar do, has to
# show a password.
set_up() {
  administer "CREATE ROLE orders_app LOGIN PASSWORD '$secret'"
  administer "CREATE TABLE orders AS SELECT generate_series(1, 42) AS id"
  administer "GRANT SELECT ON orders TO orders_app"
  echo "local all postgres trust
host all all 127.0.0.1/32 scram-sha-256" >"$work/server/data/pg_hba.conf"
  administer "SELECT pg_reload_conf()" >/dev/null
}

# query EXIT-CODE PSQL-ARGUMENTS...: prints the query and its answer.
query() {
  local wanted=$1 code=0
  shift
  echo "   \$ psql $*" | sed "s|$work|…|g"
  PGCONNECT_TIMEOUT=20 psql -X -A -t "$@" >"$work/answer" 2>&1 || code=$?
  sed "s/^/   /; s|$work|…|g" "$work/answer"
  [[ "$code" == "$wanted" ]] || fail "expected exit code $wanted, got $code"
  if grep -q "$secret" "$work/answer"; then fail "the secret was shown"; fi
}

programs=$(find_programs) || {
  echo "examples/postgres: no PostgreSQL here (Debian: package postgresql)"
  exit 77
}
echo "PostgreSQL without a password (examples/postgres)."
start_server
set_up
mkdir "$work/objects"
cp -r "$here/manifests" "$here/secrets.yaml" "$work/objects/"
sed -i "s|port: 15432|port: $port|" "$work/objects/manifests/orders.yaml"
start_dev "${1:-claviger}"
api=$(place .socket)
# In a pod the injector sets these.
CLAVIGER_SALES__ORDERS_HOST=$(dirname "$(place .listeners[0].socket)")
CLAVIGER_SALES__ORDERS_PORT=5432
export CLAVIGER_SALES__ORDERS_HOST CLAVIGER_SALES__ORDERS_PORT

step "The server wants a password"
query 2 -w -h 127.0.0.1 -p "$port" -U orders_app -c "SELECT 1" postgres
step "The connection is server-side-only: nobody is given that password"
ask 403 --unix-socket "$api" \
  http://claviger/v1/connections/sales/orders/credential
step "But the application reads its orders, with no password at all"
echo "   \$ application.sh"
"$here/application.sh" | tee "$work/answer" | sed 's/^/   /'
grep -q "42 orders, read as orders_app" "$work/answer" ||
  fail "the application got no orders"
step "As the credential's user, whoever it says it is"
query 0 -w -h "$CLAVIGER_SALES__ORDERS_HOST" -U postgres \
  -c "SELECT current_user" postgres
grep -qx orders_app "$work/answer" || fail "it was somebody else"
step "The port on 127.0.0.1 asks for the pod's secret"
port=$(place .listeners[0].port)
query 2 -w -h 127.0.0.1 -p "$port" -c "SELECT 1" postgres
echo "   and takes it from the password file that lies beside the socket:"
export PGPASSFILE=$CLAVIGER_SALES__ORDERS_HOST/pgpass
query 0 -w -h 127.0.0.1 -p "$port" -c "SELECT current_user" postgres

echo
echo "Done. Every answer was as it should be."
