#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The application: asks for orders where it was told to. It has no password, and
# psql is told of none (-w).
set -euo pipefail
export PGHOST=$CLAVIGER_SALES__ORDERS_HOST PGPORT=$CLAVIGER_SALES__ORDERS_PORT
exec psql -w -X -A -t -c \
  "SELECT count(*) || ' orders, read as ' || current_user FROM orders"
