# One image for web, worker, beat and flower: `docker compose up` says which of them a container is.
# Pin the base by its digest where builds must be the same for ever:
#   docker build --build-arg PYTHON_IMAGE=python:3.12-slim@sha256:... .
ARG PYTHON_IMAGE=python:3.12-slim

# Packages are installed in a stage of their own, so that pip's leavings stay behind.
FROM ${PYTHON_IMAGE} AS packages
WORKDIR /build
COPY requirements.txt ./
RUN python -m venv /opt/venv && \
    /opt/venv/bin/pip install --disable-pip-version-check --no-cache-dir --no-input --no-deps --require-hashes -r requirements.txt

FROM ${PYTHON_IMAGE}
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LOOPIN_ENV=production \
    LOOPIN_DATA_DIR=/data \
    LOOPIN_STATIC_DIR=/app/static \
    LOOPIN_ALIVE_DIR=/tmp \
    UVICORN_HOST=0.0.0.0 \
    UVICORN_PORT=8000
# Numbers, not names, so that an orchestrator can tell that it is not root. A new volume takes over /data's owner.
RUN groupadd --system --gid 10001 loopin && \
    useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin loopin && \
    install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
# Static files get their hashed names now, since nothing may be written later. Production wants to know its servers
# and a key before it does anything: these are made up, used for this one line, and kept nowhere.
RUN SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
    ALLOWED_HOSTS=build.invalid DATABASE_URL=postgresql://build.invalid/none REDIS_URL=redis://build.invalid:6379/0 \
    LOOPIN_DATA_DIR=/tmp/build python manage.py collectstatic --no-input --verbosity 0 && \
    rm -rf /tmp/build && \
    python -m compileall -q /app
USER 10001:10001
EXPOSE 8000
# The worker and beat containers have checks of their own in compose.yaml.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-m", "loopin_backend.health_check", "web"]
CMD ["uvicorn", "loopin_backend.asgi:application", "--loop", "uvloop", "--http", "httptools", "--ws", "none", "--log-config", "deploy/uvicorn.json", "--no-access-log", "--no-server-header", "--no-proxy-headers", "--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "10"]
