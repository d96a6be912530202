"""What all environments share; every value that a deployment may change comes from `env`."""

from datetime import timedelta
from pathlib import Path

# Every Django process must know the queue, or its shared tasks would look for a broker of their own.
import loopin_backend.celery as celery_module
from analytics import __version__
from analytics.schedule import SCHEDULE
from loopin_backend import embedded, env
from loopin_backend.addresses import (
    BROKER_DATABASE,
    CACHE_DATABASE,
    RESULTS_DATABASE,
    find_celery_url,
    find_redis_database,
    parse_database_url,
    parse_mail_url,
)
from loopin_backend.logs import build_logging
from loopin_backend.settings.unfold import UNFOLD as UNFOLD

_env = env.load()
_data_dir = _env.loopin_data_dir
_database_url = _env.database_url.get_secret_value() or embedded.places().postgres_url
_redis_url = _env.redis_url.get_secret_value() or embedded.places().valkey_url

BASE_DIR = env.PROJECT_ROOT
DEBUG = False
ALLOWED_HOSTS = list(_env.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(_env.csrf_trusted_origins)

INSTALLED_APPS = [
    "unfold",  # before the admin, whose templates it dresses
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "axes",
    "drf_spectacular_sidecar",  # nothing but the files of Swagger UI and ReDoc
    "analytics",
    "events",
]

MIDDLEWARE = [
    "analytics.monitoring.middleware.PrometheusMiddleware",  # before the others, so that it sees what they answer
    "analytics.monitoring.middleware.ResponseTimeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "analytics.middleware.AnalyticsMiddleware",  # after the others, so that it sees the user and the route
    "axes.middleware.AxesMiddleware",  # last, so that everybody sees the answer to a locked login
]

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# Five failures lock a name from one address, known or not; the same name elsewhere is not locked, or anybody could
# lock anybody out. A try while locked changes nothing, so that rows do not grow with an attack.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "analytics.api.auth.client_address"
AXES_DISABLE_ACCESS_LOG = True  # it would keep everybody's addresses for ever
AXES_VERBOSE = False

ROOT_URLCONF = "loopin_backend.urls"
WSGI_APPLICATION = "loopin_backend.wsgi.application"
ASGI_APPLICATION = "loopin_backend.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Under ASGI each request has its own thread, so a connection kept open would be one leaked.
DATABASES = {"default": {**parse_database_url(_database_url), "CONN_MAX_AGE": 0}}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": find_redis_database(_redis_url, CACHE_DATABASE),
        # Nothing waits long for what only saves time.
        "OPTIONS": {
            "serializer": "loopin_backend.cache.JSONSerializer",
            "socket_connect_timeout": 0.25,
            "socket_timeout": 0.5,
        },
    }
}

USE_TZ = True
TIME_ZONE = _env.time_zone
USE_I18N = True
LANGUAGE_CODE = "en"

STATIC_URL = "/static/"
STATIC_ROOT: Path | None = _env.loopin_static_dir or _data_dir / "static"
WHITENOISE_MANIFEST_STRICT = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if _env.analytics_trusted_proxies:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "ALGORITHM": "HS256",  # signed with SECRET_KEY, the library's default
    "UPDATE_LAST_LOGIN": False,
}

CELERY_BROKER_URL = _env.celery_broker_url.get_secret_value() or find_celery_url(_redis_url, BROKER_DATABASE)
CELERY_RESULT_BACKEND = _env.celery_result_backend.get_secret_value() or find_celery_url(
    _redis_url, RESULTS_DATABASE
)
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True
CELERY_BEAT_SCHEDULE = SCHEDULE

ANALYTICS_ENABLED = _env.analytics_enabled
ANALYTICS_RETENTION_DAYS = _env.analytics_retention_days
ANALYTICS_BATCH_SIZE = _env.analytics_batch_size
ANALYTICS_HOT_DAYS = _env.analytics_hot_days
ANALYTICS_LAKE_URI = _env.analytics_lake_uri or str(_data_dir / "lake")
ANALYTICS_TIME_ZONE = _env.analytics_time_zone or TIME_ZONE
ANALYTICS_HOST = _env.analytics_host
ANALYTICS_METRICS = _env.analytics_metrics
ANALYTICS_MCP_WRITES = _env.analytics_mcp_writes
ANALYTICS_PUBLIC_URL = _env.analytics_public_url
ANALYTICS_TRUSTED_PROXIES = _env.analytics_trusted_proxies
ANALYTICS_IP_MODE = _env.analytics_ip_mode
ANALYTICS_RESPECT_DO_NOT_TRACK = _env.analytics_respect_do_not_track
ANALYTICS_CONSENT = _env.analytics_consent
ANALYTICS_ALLOWED_PROPERTIES = _env.analytics_allowed_properties
ANALYTICS_DENIED_PROPERTIES = _env.analytics_denied_properties
ANALYTICS_IMPORT_DIR = _env.analytics_import_dir or str(_data_dir / "imports")
ANALYTICS_POSTGRES_PROGRAMS = _env.analytics_postgres_programs or embedded.find_programs()
ANALYTICS_MAX_PENDING_EVENTS = _env.analytics_max_pending_events
ANALYTICS_METRICS_TOKEN = _env.analytics_metrics_token.get_secret_value()
ANALYTICS_PROMETHEUS_DIR = str(env.prometheus_dir() or "")
ANALYTICS_CORS_ALLOWED_ORIGINS = _env.analytics_cors_allowed_origins
ANALYTICS_RATE_LIMIT_PER_MINUTE = _env.analytics_rate_limit_per_minute
ANALYTICS_LOGIN_LIMIT_PER_MINUTE = _env.analytics_login_limit_per_minute
AI_SERVICES_ENABLED = _env.ai_services_enabled
OPENAI_API_KEY = _env.openai_api_key.get_secret_value()
OPENAI_BASE_URL = _env.openai_base_url.get_secret_value()
OPENAI_MODEL = _env.openai_model
OPENAI_TIMEOUT_S = _env.openai_timeout_s
ANALYTICS_AI_DAILY_BUDGET = _env.analytics_ai_daily_budget
ANALYTICS_AI_CACHE_DAYS = _env.analytics_ai_cache_days
POSTHOG_API_KEY = _env.posthog_api_key.get_secret_value()
POSTHOG_HOST = _env.posthog_host.get_secret_value()
ANALYTICS_FORWARD_PROPERTIES = _env.analytics_forward_properties
ANALYTICS_OUTBOUND_PRIVATE_HOSTS = _env.analytics_outbound_private_hosts

globals().update(parse_mail_url(_env.email_url.get_secret_value()))
EMAIL_TIMEOUT = 10  # seconds; a mail server that is slower is tried again
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _env.email_from

LOGGING = build_logging(level=_env.log_level, is_json=_env.loopin_env == "production")
# Celery writes through the same handlers instead of adding its own.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

CELERY_APP = celery_module.app

if _env.sentry_dsn.get_secret_value() and _env.loopin_env != "test":
    from loopin_backend import sentry  # nobody without a DSN should wait for it

    sentry.start(_env, release=f"loopin-analytics@{__version__}")
