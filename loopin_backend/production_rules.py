"""What production refuses to boot with; each refusal names the variable and the fix.

Source: Django's deployment checklist, and `manage.py check --deploy`, whose warnings these rules
turn into refusals.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from loopin_backend.env import Env

MIN_SECRET_LENGTH = 50  # the length that Django's own startproject generates
MIN_DISTINCT_CHARACTERS = 5  # django.core.checks.security.base.SECRET_KEY_MIN_UNIQUE_CHARACTERS
#: Endings of names that no public DNS resolves: RFC 6762, RFC 8375, ICANN's .internal, and Kubernetes.
_HOUSE_SUFFIXES = (".internal", ".local", ".home.arpa", ".svc")
_KNOWN_SECRETS = ("django-insecure-", "changeme", "change-me", "your-", "secret", "example")


@dataclass(frozen=True)
class Problem:
    """One variable that cannot be used: its name, what is wrong, and what to do."""

    key: str
    wrong: str
    fix: str


def list_production_problems(env: Env) -> list[Problem]:
    """Every reason why this environment may not serve production; empty when it may."""
    problems = _secret_key_problems(env.secret_key.get_secret_value())
    if env.debug:
        problems.append(Problem("DEBUG", "is on, which shows source and settings to visitors", "unset it"))
    if not env.allowed_hosts:
        problems.append(
            Problem("ALLOWED_HOSTS", "is missing", "name the hosts: ALLOWED_HOSTS=stats.example.org")
        )
    elif any(host.strip() in {"*", "."} for host in env.allowed_hosts):
        problems.append(Problem("ALLOWED_HOSTS", "answers to every host name", "name the hosts, without '*'"))
    if env.uses_embedded_postgres:
        problems.append(
            Problem("DATABASE_URL", "is missing", "set postgresql://user:password@host:5432/loopin")
        )
    if env.uses_embedded_valkey:
        problems.append(Problem("REDIS_URL", "is missing", "set redis://host:6379/0"))
    if env.openai_api_key.get_secret_value() and _is_open_letter(env.openai_base_url.get_secret_value()):
        problems.append(
            Problem(
                "OPENAI_BASE_URL", "sends texts and the key unencrypted over the internet", "use https://"
            )
        )
    if env.posthog_api_key.get_secret_value() and _is_open_letter(env.posthog_host.get_secret_value()):
        problems.append(Problem("POSTHOG_HOST", "sends events unencrypted over the internet", "use https://"))
    if _is_open_letter(env.sentry_dsn.get_secret_value()):
        problems.append(
            Problem("SENTRY_DSN", "sends error reports unencrypted over the internet", "use https://")
        )
    if _is_open_letter(env.email_url.get_secret_value(), scheme="smtp"):
        problems.append(
            Problem("EMAIL_URL", "sends mail unencrypted over the internet", "use smtp+tls:// or smtps://")
        )
    return problems


def _is_open_letter(url: str, scheme: str = "http") -> bool:
    """True for a plain scheme to an address outside of the house."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    has_no_domain = "." not in host and ":" not in host
    if parts.scheme != scheme or has_no_domain:
        return False
    try:
        return ip_address(host).is_global
    except ValueError:
        return not host.endswith(_HOUSE_SUFFIXES)


def _secret_key_problems(secret: str) -> list[Problem]:
    fix = 'set the output of: python -c "import secrets; print(secrets.token_urlsafe(64))"'
    if not secret:
        return [Problem("SECRET_KEY", "is missing", fix)]
    if len(secret) < MIN_SECRET_LENGTH or len(set(secret)) < MIN_DISTINCT_CHARACTERS:
        return [Problem("SECRET_KEY", f"is guessable: under {MIN_SECRET_LENGTH} random characters", fix)]
    if secret.lower().startswith(_KNOWN_SECRETS):
        return [Problem("SECRET_KEY", "is a known default", fix)]
    return []
