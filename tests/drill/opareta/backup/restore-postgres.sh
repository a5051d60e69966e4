#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: restore-postgres.sh FILE.sql.gz SERVICE
set -eu
gzip --test "$1"
gzip -dc "$1" | docker exec -i "opareta-postgres-$2" \
	psql -U postgres -d "$2" -q -v ON_ERROR_STOP=1 --single-transaction -f -
echo "restored $2 from $1"
