"""The environment, read once, typed and checked; no other module looks at `os.environ`.

A variable that makes no sense stops the boot with one `ImproperlyConfigured` that lists every bad
key, what is wrong with it and the fix. Values of secrets are never shown. In development and
production a `.env` file in the project root is read as well; the real environment wins.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from loopin_backend.data_dir import make_data_dir
from loopin_backend.production_rules import Problem, list_production_problems

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SETTINGS_PACKAGE = "loopin_backend.settings"
Environment = Literal["development", "production", "test"]

_TextOrSecret = TypeVar("_TextOrSecret", str, SecretStr)


def _split_commas(value: Any) -> Any:
    return (
        tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name or "UTC")  # empty: the default is somebody else's to fill in
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is not a time zone that this machine knows") from error
    return name


def _no_placeholder(value: _TextOrSecret) -> _TextOrSecret:
    plain = value.get_secret_value() if isinstance(value, SecretStr) else value
    if plain.startswith("your-"):
        raise ValueError("is still the placeholder of the example")
    return value


def _url_with_scheme(*schemes: str) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        plain = value.get_secret_value()
        if not plain:
            return value
        try:
            parts = urlsplit(plain)
            has_place = bool(parts.netloc or parts.path.strip("/"))
            _ = parts.port
        except ValueError as error:
            raise ValueError("is not a URL") from error
        if parts.scheme not in schemes or not has_place:
            raise ValueError(f"is not a URL that starts with {' or '.join(f'{s}://' for s in schemes)}")
        return value

    return AfterValidator(check)


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Key = Annotated[SecretStr, AfterValidator(_no_placeholder)]
DatabaseUrl = Annotated[SecretStr, _url_with_scheme("postgresql", "postgres", "sqlite")]
RedisUrl = Annotated[SecretStr, _url_with_scheme("redis", "rediss", "unix")]
BrokerUrl = Annotated[SecretStr, _url_with_scheme("redis", "rediss", "redis+socket", "memory")]
ResultUrl = Annotated[SecretStr, _url_with_scheme("redis", "rediss", "redis+socket", "cache+memory")]
HttpUrl = Annotated[SecretStr, _url_with_scheme("https", "http")]
MailUrl = Annotated[SecretStr, _url_with_scheme("smtp+tls", "smtps", "smtp")]
NO_SECRET = SecretStr("")
PROMETHEUS_DIR = "PROMETHEUS_MULTIPROC_DIR"


class Env(BaseSettings):
    """Every variable that the deployable reads; a field is its variable in lower case.

    Errors: `pydantic.ValidationError`; `load` turns it into the message that a person reads.
    """

    model_config = SettingsConfigDict(
        extra="ignore", env_ignore_empty=True, hide_input_in_errors=True, frozen=True, populate_by_name=True
    )

    # Which deployment this is
    loopin_env: Environment = Field("development", description="development, production or test")
    debug: bool | None = Field(None, description="true or false; only development may say true")
    secret_key: SecretStr = Field(
        NO_SECRET, description="at least 50 random characters; signs sessions and JWTs"
    )
    allowed_hosts: Names = Field(
        (), description="host names, comma-separated, that this deployment answers to"
    )
    csrf_trusted_origins: Names = Field(
        (), description="origins with scheme, comma-separated: https://a.example"
    )
    time_zone: Zone = Field("UTC", description="an IANA time zone such as Europe/Berlin")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", description="DEBUG, INFO, WARNING, ERROR or CRITICAL"
    )
    sentry_dsn: HttpUrl = Field(NO_SECRET, description="an https URL, or unset for no error reports")
    sentry_traces_sample_rate: float = Field(
        0.01, ge=0, le=1, allow_inf_nan=False, description="the share of requests to time, from 0 to 1"
    )

    # Servers behind it
    database_url: DatabaseUrl = Field(
        NO_SECRET,
        description="postgresql://user:password@host:5432/name, or unset for the embedded PostgreSQL",
    )
    redis_url: RedisUrl = Field(
        NO_SECRET, description="redis://host:6379/0, or unset for the embedded Valkey"
    )
    celery_broker_url: BrokerUrl = Field(NO_SECRET, description="redis://host:6379/0; default from REDIS_URL")
    celery_result_backend: ResultUrl = Field(
        NO_SECRET, description="redis://host:6379/1; default from REDIS_URL"
    )

    # Analytics
    analytics_enabled: bool = Field(True, description="true or false; false captures nothing inside Django")
    analytics_retention_days: int = Field(
        365, ge=1, le=36_500, description="a number of days from 1 to 36500"
    )
    analytics_batch_size: int = Field(
        1000, ge=1, le=100_000, description="a number of events from 1 to 100000"
    )
    analytics_hot_days: int = Field(30, ge=1, le=3650, description="a number of days from 1 to 3650")
    analytics_lake_uri: str = Field(
        "", description="a directory or an s3:// URI; default LOOPIN_DATA_DIR/lake"
    )
    analytics_time_zone: Zone = Field("", description="an IANA time zone; default TIME_ZONE")
    analytics_host: str = Field(
        "events.adapter.MeetupHost",
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$",
        description="the dotted path of the host adapter class, such as events.adapter.MeetupHost",
    )
    analytics_metrics: Names = Field(
        (), description="dotted paths, comma-separated, of modules with metrics of yours"
    )
    analytics_mcp_writes: bool = Field(
        False, description="true or false; true lets MCP tools of staff judge insights and merge persons"
    )
    analytics_public_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/]+/?)?$",
        description="the address under which people open this deployment, such as https://loopin.example.org",
    )
    analytics_trusted_proxies: int = Field(
        0, ge=0, le=16, description="how many proxies of yours stand in front, 0 to 16"
    )
    analytics_ip_mode: Literal["cut", "full", "hash", "none"] = Field(
        "cut", description="cut, full, hash or none"
    )
    analytics_respect_do_not_track: bool = Field(
        True, description="true or false; true keeps nothing of browsers that say DNT or Sec-GPC"
    )
    analytics_consent: str = Field(
        "",
        pattern=r"^([A-Za-z_]\w*(\.[A-Za-z_]\w*)+)?$",
        description="the dotted path of a function that is given a request and says whether it may be tracked",
    )
    analytics_allowed_properties: Names = Field(
        (), description="names of properties, comma-separated, that may be stored; unset for all"
    )
    analytics_denied_properties: Names = Field(
        (), description="names of properties, comma-separated, that are never stored"
    )
    analytics_import_dir: str = Field("", description="a directory; default LOOPIN_DATA_DIR/imports")
    analytics_postgres_programs: str = Field(
        "", description="the folder of pg_dump and psql; default those that come with the product"
    )
    analytics_max_pending_events: int = Field(
        20_000, ge=1, le=10_000_000, description="a number of events from 1 to 10000000"
    )
    analytics_metrics_token: Key = Field(
        NO_SECRET, description="a token for GET /metrics, or unset to let only this machine read it"
    )
    analytics_cors_allowed_origins: Names = Field(
        (), description="origins with scheme, comma-separated, whose pages may read the API"
    )
    analytics_rate_limit_per_minute: int = Field(
        600, ge=0, le=1_000_000, description="API requests of one user or key a minute, 0 for no limit"
    )
    analytics_login_limit_per_minute: int = Field(
        30, ge=0, le=1_000_000, description="logins and renewals from one address a minute, 0 for no limit"
    )

    # Services outside; each stays silent until its key is set
    ai_services_enabled: bool = Field(True, description="true or false")
    openai_api_key: Key = Field(NO_SECRET, description="a real key, or unset to use no outside model")
    openai_base_url: HttpUrl = Field(
        SecretStr("https://api.openai.com/v1"),
        description="the http or https URL of an endpoint for chat completions, up to its /v1",
    )
    openai_model: str = Field("gpt-5.4-mini", description="the name of a model that the endpoint has")
    openai_timeout_s: float = Field(
        10.0, ge=0.1, le=120, allow_inf_nan=False, description="seconds from 0.1 to 120 for a whole answer"
    )
    analytics_ai_daily_budget: int = Field(
        1000, ge=0, le=10_000_000, description="requests to the outside model a day, from 0 to 10000000"
    )
    analytics_ai_cache_days: int = Field(
        30, ge=0, le=365, description="days for which the outside model's answers are kept, 0 to 365"
    )
    posthog_api_key: Key = Field(NO_SECRET, description="a real project key, or unset to forward nothing")
    posthog_host: HttpUrl = Field(SecretStr("https://us.i.posthog.com"), description="an http or https URL")
    analytics_forward_properties: Names = Field(
        (), description="names of properties, comma-separated, that may leave for PostHog and other sinks"
    )
    email_url: MailUrl = Field(
        NO_SECRET, description="smtp+tls://user:password@host:587 or smtps://..., or unset to send no mail"
    )
    email_from: str = Field("analytics@localhost", description="the address that mail comes from")
    analytics_outbound_private_hosts: Names = Field(
        (),
        description="hosts of yours, comma-separated (name or name:port), that deliveries may reach inside",
    )

    # `make run`
    port: int = Field(8000, ge=1, le=65_535, description="a TCP port from 1 to 65535")
    uvicorn_port: int = Field(
        8000, ge=1, le=65_535, description="the TCP port of uvicorn in a container, from 1 to 65535"
    )
    loopin_data_dir: Path = Field(
        PROJECT_ROOT / ".loopin", description="a directory that this account may write, on a local disk"
    )
    loopin_static_dir: Path | None = Field(
        None, description="a directory for collected static files; default LOOPIN_DATA_DIR/static"
    )
    loopin_alive_dir: Path | None = Field(
        None, description="a directory where worker and beat leave signs of life, or unset for none"
    )
    loopin_admin_password: SecretStr = Field(
        NO_SECRET, description="any text; the first administrator's password"
    )
    loopin_ingest_key: SecretStr = Field(
        NO_SECRET, description="a token starting with lk_; the first ingest key"
    )
    loopin_demo: bool = Field(True, description="1 for demo data at the first start, 0 for none")
    loopin_https: bool = Field(
        True,
        description="true where browsers reach production over HTTPS; false inside a private network only",
    )
    loopin_require_all: bool = Field(
        False, description="1 turns tests that would be skipped for a missing tool into failures"
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper_level(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _resolve_data_dir(self) -> Env:
        """Make the data directory absolute; tests get their own beside it, never the running one.

        Tests that run side by side get one each: sealing waits for every open transaction of a cluster, and
        so must not see those of another test.
        """
        path = Path(os.path.abspath(PROJECT_ROOT / self.loopin_data_dir.expanduser()))
        if self.loopin_env == "test":
            worker = os.environ.get("PYTEST_XDIST_WORKER", "")
            path = path.with_name("-".join(filter(None, (path.name, "test", worker))))
        object.__setattr__(self, "loopin_data_dir", path)
        return self

    @property
    def uses_embedded_postgres(self) -> bool:
        """True when no `DATABASE_URL` is given."""
        return not self.database_url.get_secret_value()

    @property
    def uses_embedded_valkey(self) -> bool:
        """True when no `REDIS_URL` is given."""
        return not self.redis_url.get_secret_value()


def use_settings(module: str = SETTINGS_PACKAGE) -> None:
    """Name the settings module for this process unless the environment already does, and where its counters go."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", module)
    directory = prometheus_dir()
    if directory is not None and not os.environ.get(PROMETHEUS_DIR):
        # prometheus-client looks here when it is imported, and for nothing else.
        os.environ[PROMETHEUS_DIR] = str(directory)


def prometheus_dir() -> Path | None:
    """Where the processes of this deployment keep their counters, so that one answers for all.

    None in tests, and where the directory cannot be made: each process counts for itself then.
    """
    given = os.environ.get(PROMETHEUS_DIR)
    if given:
        return Path(given)
    env = load()
    if env.loopin_env == "test":
        return None
    directory = env.loopin_data_dir / "prometheus"
    try:
        make_data_dir(env.loopin_data_dir)
        directory.mkdir(exist_ok=True)
    except OSError:
        return None
    return directory


def child_environment(**changes: str) -> dict[str, str]:
    """The environment for a child process: ours, with `changes` on top."""
    return {**os.environ, **changes}


def _environment_of_settings_module() -> dict[str, str]:
    """A settings module that names an environment (`...settings.test`) wins over `LOOPIN_ENV`."""
    package, _, name = os.environ.get("DJANGO_SETTINGS_MODULE", "").rpartition(".")
    is_named = package == SETTINGS_PACKAGE and name in get_args(Environment)
    return {"loopin_env": name} if is_named else {}


@cache
def load() -> Env:
    """The checked environment of this process.

    Errors: `ImproperlyConfigured` with one line for each bad variable.
    """
    named = _environment_of_settings_module()
    is_test = "test" in (named.get("loopin_env"), os.environ.get("LOOPIN_ENV"))
    # A developer's .env may hold live keys and addresses: tests never see it.
    env_file = None if is_test else PROJECT_ROOT / ".env"
    try:
        env = Env(_env_file=env_file, **named)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ImproperlyConfigured(_explain(_problems_of(error))) from None
    if env.loopin_env == "production":
        problems = list_production_problems(env)
        if problems:
            raise ImproperlyConfigured(_explain(problems))
    return env


def _problems_of(error: ValidationError) -> list[Problem]:
    problems = []
    for item in error.errors(include_input=False, include_url=False):
        name = str(item["loc"][0]) if item["loc"] else "loopin_env"
        wrong = item["msg"].removeprefix("Value error, ")
        field = Env.model_fields.get(name)
        problems.append(Problem(name.upper(), wrong, f"give {field.description}" if field else "unset it"))
    return problems


def _explain(problems: list[Problem]) -> str:
    lines = [f"  {problem.key}: {problem.wrong}. Fix: {problem.fix}." for problem in dict.fromkeys(problems)]
    return "\n".join(["The environment cannot be used:", *lines])
