#!/bin/sh
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# The documented interface of the image "postgres": makes the database in $PGDATA once, from POSTGRES_USER,
# POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_INITDB_ARGS (or *_FILE), POSTGRES_HOST_AUTH_METHOD and
# /docker-entrypoint-initdb.d/*.{sh,sql}, then runs the server. Not here: POSTGRES_INITDB_WALDIR, compressed SQL.
set -eu

case ${1:-} in -*) set -- postgres "$@" ;; esac
[ "${1:-}" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  find "$PGDATA" ! -user postgres -exec chown postgres: {} +
  exec gosu postgres "$0" "$@"
fi

mkdir -p "$PGDATA"
chmod 700 "$PGDATA" || true
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  for variable in POSTGRES_USER POSTGRES_PASSWORD POSTGRES_DB POSTGRES_INITDB_ARGS; do
    eval "file=\${${variable}_FILE:-}"
    [ -z "$file" ] || export "$variable=$(cat "$file")"
  done
  : "${POSTGRES_USER:=postgres}" "${POSTGRES_HOST_AUTH_METHOD:=scram-sha-256}"
  : "${POSTGRES_DB:=$POSTGRES_USER}"
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
    echo "The database is not made yet and has no superuser password: set POSTGRES_PASSWORD." >&2
    exit 1
  fi

  umask 077
  scratch=$(mktemp -d)
  if ! id -un >/dev/null 2>&1; then # initdb wants a name for its user
    echo "postgres:x:$(id -u):$(id -g)::$PGDATA:/bin/false" >"$scratch/passwd"
    echo "postgres:x:$(id -g):" >"$scratch/group"
    export NSS_WRAPPER_PASSWD="$scratch/passwd" NSS_WRAPPER_GROUP="$scratch/group" LD_PRELOAD=libnss_wrapper.so
  fi
  # shellcheck disable=SC2086  # words, as in the published image
  printf '%s\n' "${POSTGRES_PASSWORD:-}" | initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" \
    --pwfile=/dev/stdin --auth-local=trust --auth-host="$POSTGRES_HOST_AUTH_METHOD" ${POSTGRES_INITDB_ARGS:-}
  echo "host all all all $POSTGRES_HOST_AUTH_METHOD" >>"$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"

  # Only its socket: nobody may take it for the real one.
  pg_ctl --pgdata="$PGDATA" --wait --options="-c listen_addresses=''" start
  [ "$POSTGRES_DB" = postgres ] || createdb --username="$POSTGRES_USER" --maintenance-db=postgres "$POSTGRES_DB"
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      # shellcheck disable=SC1090
      *.sh) . "$file" ;;
      *.sql) psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --file="$file" ;;
    esac
  done
  pg_ctl --pgdata="$PGDATA" --wait --mode=fast stop
  rm -r "$scratch"
  unset LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP PGPASSWORD
fi

exec "$@"
