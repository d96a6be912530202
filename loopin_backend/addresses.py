"""Turn the addresses of the environment into what Django, its cache and Celery each expect."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

# One Redis, three numbered databases: emptying the cache must not empty the queue.
BROKER_DATABASE, RESULTS_DATABASE, CACHE_DATABASE = 0, 1, 2


def parse_database_url(url: str) -> dict[str, Any]:
    """The entry of Django's `DATABASES` for a URL.

    Example:
        >>> parsed = parse_database_url("postgresql://me:p%40ss@db.example:5433/loopin?sslmode=require")
        >>> parsed["HOST"], parsed["PORT"], parsed["NAME"], parsed["PASSWORD"], parsed["OPTIONS"]
        ('db.example', '5433', 'loopin', 'p@ss', {'sslmode': 'require'})
        >>> parse_database_url("postgresql://loopin@/loopin?host=%2Fsrv%2Frun")["HOST"]
        '/srv/run'
        >>> parse_database_url("sqlite:///data/db.sqlite3")["NAME"]
        'data/db.sqlite3'
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": unquote(parts.path.removeprefix("/"))}
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


def parse_mail_url(url: str) -> dict[str, Any]:
    """Django's `EMAIL_*` settings for a URL; without one, mail goes nowhere, and says so.

    Example:
        >>> parsed = parse_mail_url("smtp+tls://me:p%40ss@mail.example")
        >>> [parsed[f"EMAIL_{name}"] for name in ("HOST", "PORT", "HOST_PASSWORD", "USE_TLS", "USE_SSL")]
        ['mail.example', 587, 'p@ss', True, False]
    """
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    parts = urlsplit(url)
    ports = {"smtp": 25, "smtps": 465, "smtp+tls": 587}
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "",
        "EMAIL_PORT": parts.port or ports[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }


def find_redis_database(redis_url: str, offset: int) -> str:
    """The same Redis, `offset` numbered databases further on, as redis-py reads it.

    Example:
        >>> find_redis_database("redis://:pw@cache.example:6379/0", 2)
        'redis://:pw@cache.example:6379/2'
        >>> find_redis_database("unix:///srv/run/valkey.sock?db=0", 1)
        'unix:///srv/run/valkey.sock?db=1'
    """
    parts = urlsplit(redis_url)
    query = dict(parse_qsl(parts.query))
    if parts.scheme == "unix":
        query["db"] = str(int(query.get("db", "0")) + offset)
        return f"unix://{parts.path}?db={query['db']}"
    in_path = parts.path.strip("/")
    database = int(in_path or query.get("db", "0")) + offset
    return urlunsplit(parts._replace(path=f"/{database}"))


def find_celery_url(redis_url: str, offset: int) -> str:
    """The same as Celery spells it, for a broker or a result store.

    Example:
        >>> find_celery_url("unix:///srv/run/valkey.sock?db=0", 1)
        'redis+socket:///srv/run/valkey.sock?virtual_host=1'
    """
    url = find_redis_database(redis_url, offset)
    if not url.startswith("unix://"):
        return url
    parts = urlsplit(url)
    return f"redis+socket://{parts.path}?virtual_host={dict(parse_qsl(parts.query))['db']}"
