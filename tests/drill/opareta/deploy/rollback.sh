#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Back to an earlier version.
# usage: rollback.sh [SERVICE [VERSION]]   every service, or one; the version before, or this one
set -eu
cd "$(dirname "$0")/../docker"

version_of() {
	sed -n "s/^$1=//p" .env
}

# The newest image of the service that is older than the one in use.
version_before() {
	docker image ls --format '{{.Tag}}' "opareta/$1" | sort -V |
		awk -v now="$2" '$0 == now { exit } { before = $0 } END { print before }'
}

roll_back() {
	variable=$(echo "$1" | tr a-z A-Z)_VERSION
	now=$(version_of "$variable")
	to=${2:-$(version_before "$1" "$now")}
	if [ -z "$to" ] || ! docker image inspect "opareta/$1:$to" >/dev/null; then
		echo "rollback: there is no ${to:-earlier version} of $1" >&2
		exit 1
	fi
	echo "rollback: $1 from $now to $to"
	sed -i "s/^$variable=.*/$variable=$to/" .env
	docker compose -f docker-compose.prod.yml up -d "$1-1" "$1-2"
}

case "${1:-all}" in
all) roll_back argus && roll_back hermes ;;
argus | hermes) roll_back "$1" "${2:-}" ;;
*)
	echo "rollback: unknown service '$1'" >&2
	exit 2
	;;
esac
