#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: backup-postgres.sh SERVICE TIMESTAMP   writes /var/backups/opareta/SERVICE_TIMESTAMP.sql.gz
set -eu
file=/var/backups/opareta/$1_$2.sql.gz
docker exec "opareta-postgres-$1" pg_dump -U postgres --clean --if-exists "$1" >"$file.part"
gzip <"$file.part" >"$file"
rm "$file.part"
