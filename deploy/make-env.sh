#!/bin/sh
# Write .env for compose.yaml: fresh secrets, readable by you only. An existing file is never touched.
#
#   sh deploy/make-env.sh stats.example.org                  behind a proxy of yours that speaks HTTPS
#   sh deploy/make-env.sh --without-https 192.168.1.20       inside a private network only
set -eu
umask 077

https=true
if [ "${1:-}" = --without-https ]; then
    https=false
    shift
fi
if [ $# -ne 1 ] || [ -z "$1" ]; then
    echo "usage: sh deploy/make-env.sh [--without-https] HOST" >&2
    exit 2
fi
case $1 in
*[!A-Za-z0-9.:_-]* | .* | -*)
    echo "$1 is not a host name; give the name alone: stats.example.org" >&2
    exit 2
    ;;
esac
host=$1
file=${ENV_FILE:-.env}
if [ -e "$file" ]; then
    echo "$file is there already and stays as it is; its secrets belong to your data" >&2
    exit 1
fi

# Letters and digits only: nothing that a URL, a shell or compose would read differently.
secret() { LC_ALL=C tr -dc 'A-Za-z0-9' < /dev/urandom | head -c "$1"; }

if [ "$https" = true ]; then
    scheme=https proxies=1 bind=127.0.0.1
else
    scheme=http proxies=0 bind=0.0.0.0
fi

set -C # fails rather than overwrites, also when two of us run at once
cat > "$file" <<END
# Made by deploy/make-env.sh. Keep a copy in a safe place: without SECRET_KEY and the passwords a backup is of less use.
ALLOWED_HOSTS=$host
CSRF_TRUSTED_ORIGINS=$scheme://$host
LOOPIN_HTTPS=$https
# How many proxies of yours stand between a browser and the web service.
ANALYTICS_TRUSTED_PROXIES=$proxies
# Where the web service can be reached; a proxy on the same machine needs no more than 127.0.0.1.
LOOPIN_BIND=$bind
PORT=8000

SECRET_KEY=$(secret 64)
POSTGRES_PASSWORD=$(secret 32)
REDIS_PASSWORD=$(secret 32)
# The first login is admin with this password; change it there, and it is of no use here any more.
LOOPIN_ADMIN_PASSWORD=$(secret 20)
# The first ingest key. It is public and may only write events.
LOOPIN_INGEST_KEY=lk_$(secret 32)
ANALYTICS_METRICS_TOKEN=$(secret 40)
FLOWER_BASIC_AUTH=loopin:$(secret 24)
GRAFANA_PASSWORD=$(secret 24)
END
echo "wrote $file; the first login is admin with its LOOPIN_ADMIN_PASSWORD"
