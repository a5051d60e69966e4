#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# PostgreSQL in its container: make the database at the first start.
set -eu
export PGDATA=/var/lib/postgresql/data
as_postgres() {
	setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
}
if [ ! -s $PGDATA/PG_VERSION ]; then
	chown postgres:postgres /var/lib/postgresql
	as_postgres initdb --auth=trust --no-sync --wal-segsize=1 >/dev/null
	echo 'host all all all trust' >>$PGDATA/pg_hba.conf
	echo "create database $DATABASE;" | as_postgres postgres --single -j postgres >/dev/null
fi
chown postgres:postgres /var/run/postgresql
exec setpriv --reuid=postgres --regid=postgres --clear-groups postgres \
	-c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql \
	-c shared_buffers=16MB -c max_wal_size=8MB -c min_wal_size=2MB -c log_timezone=UTC
