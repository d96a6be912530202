#!/bin/sh
# Everything that CI checks apart from the tests. Every step runs; the exit status tells whether all passed.
set -u
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=""

step() {
    name=$1
    shift
    printf '%s\n' "== $name"
    "$@" || failed="$failed $name"
}

# As a production deployment would start: nothing here is reached, only checked.
deployment_check() {
    env -u DEBUG -u DJANGO_SETTINGS_MODULE LOOPIN_ENV=production LOOPIN_HTTPS=true \
        SECRET_KEY="$("$bin/python" -c 'import secrets; print(secrets.token_urlsafe(64))')" \
        ALLOWED_HOSTS=stats.example.org DATABASE_URL=postgresql://loopin@db.example.org/loopin \
        REDIS_URL=redis://cache.example.org:6379/0 \
        "$bin/python" manage.py check --deploy --fail-level WARNING
}

step lint "$bin/ruff" check .
step format "$bin/ruff" format --check .
step types "$bin/mypy"
step layers "$bin/lint-imports" --no-cache
step migrations env DJANGO_SETTINGS_MODULE=loopin_backend.settings.test "$bin/python" -W error manage.py makemigrations --check --dry-run
step deployment deployment_check
step docs sh tools/docs.sh "$(mktemp -d)"
step examples "$bin/python" -m pytest -q --doctest-modules --ignore-glob='*/tests/*' --ignore-glob='*/migrations/*' \
    --ignore-glob='*/settings/*' --ignore=loopin_backend/asgi.py --ignore=loopin_backend/wsgi.py \
    --ignore=bench loopin_backend events analytics eventlake

if [ -n "$failed" ]; then
    echo "failed:$failed"
    exit 1
fi
echo "all checks passed"
