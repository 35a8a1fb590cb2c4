"""Every setting of Plusdesk, flat and typed, read from the environment (or from a file named by ENV_FILE)."""

from datetime import time
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from config import embedded
from config.connections import POOLS, database_options, redis_options
from config.flags import flag
from config.logs import FORMATS, logging_config
from config.secrets import is_sealing_key, is_webhook_secret
from config.unfold import UNFOLD as UNFOLD
from operations.quiet_hours import read_hours

env = environ.Env()
if env_file := env.str("ENV_FILE", default=""):
    environ.Env.read_env(env_file)

BASE_DIR: Path = Path(__file__).resolve().parent.parent
DEMO_SECRET_KEY = "demo-only-secret-key-that-production-refuses-0123456789abcdefghij"  # nosec B105
DEMO_SECRETS_KEY = "ZGVtby1vbmx5IHNlYWxpbmcga2V5LCBwcm9kdWN0aW9uIHJlZnVzZXMgaXQ="

# --- which house this is -----------------------------------------------------------------------------
IS_PRODUCTION: bool = flag("PLUSDESK_PRODUCTION")
DEBUG: bool = flag("DEBUG")
#: How much `load_demo` makes: "full", or "small" for who only wants to see that everything starts.
DEMO_SIZE: str = env.str("DEMO_SIZE", default="full")
SECRET_KEY: str = env.str("SECRET_KEY", default="" if IS_PRODUCTION else DEMO_SECRET_KEY)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[] if IS_PRODUCTION else ["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Secrets at rest (operations/crypto.py): the first key seals, all of them open; the hashes have a key that stays.
SECRETS_KEYS: list[str] = env.list("SECRETS_KEYS", default=[] if IS_PRODUCTION else [DEMO_SECRETS_KEY])
SECRETS_HASH_KEY: str = env.str("SECRETS_HASH_KEY", default="" if IS_PRODUCTION else DEMO_SECRETS_KEY)

if IS_PRODUCTION:
    faults = [
        *(f"{name} is missing" for name in ("SECRET_KEY", "SECRETS_KEYS", "SECRETS_HASH_KEY", "ALLOWED_HOSTS",
                                            "DATABASE_URL", "REDIS_URL")
          if not env.str(name, default="")),
        *(["SECRET_KEY is the demo's"] if SECRET_KEY == DEMO_SECRET_KEY else []),
        *(["SECRETS_KEYS holds the demo's"] if DEMO_SECRETS_KEY in SECRETS_KEYS else []),
        *(["SECRETS_HASH_KEY is the demo's"] if SECRETS_HASH_KEY == DEMO_SECRETS_KEY else []),
        *(["DEBUG is on"] if DEBUG else []),
    ]
    if faults:
        raise ImproperlyConfigured(f"Plusdesk does not start in production: {'; '.join(faults)}.")
if not SECRETS_KEYS or not all(map(is_sealing_key, [*SECRETS_KEYS, SECRETS_HASH_KEY])):
    raise ImproperlyConfigured("SECRETS_KEYS and SECRETS_HASH_KEY are base64 of 32 bytes (openssl rand -base64 32).")

# --- servers -----------------------------------------------------------------------------------------
DATABASE_URL: str = env.str("DATABASE_URL", default="") or embedded.database_url()
REDIS_URL: str = env.str("REDIS_URL", default="") or embedded.redis_url()
DATA_DIR: Path = embedded.data_dir()
# What DATABASE_URL leads to: "session", a session of one's own (PostgreSQL itself, or PgBouncer's pool of sessions), or
# "transaction", PgBouncer's pool of transactions: for web processes only, workers and commands hold locks of a session.
DATABASE_POOL: str = env.str("DATABASE_POOL", default="session")
if DATABASE_POOL not in POOLS:
    raise ImproperlyConfigured(f"DATABASE_POOL={DATABASE_POOL!r} is neither {' nor '.join(POOLS)}.")
# After so many seconds without a sign of life a connection to a server is given up, on both sides.
SERVER_SILENCE_SECONDS: int = env.int("SERVER_SILENCE_SECONDS", default=20)
# So long `migrate` waits for a table that is in use, and everybody else behind it; 0: for ever.
MIGRATION_LOCK_SECONDS: int = env.int("MIGRATION_LOCK_SECONDS", default=10)
DATABASES: dict[str, Any] = {
    "default": {
        **environ.Env.db_url_config(DATABASE_URL),
        **database_options(pool=DATABASE_POOL, silence=SERVER_SILENCE_SECONDS),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"TEMPLATE": "template0"},
    }
}
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": redis_options(silence=SERVER_SILENCE_SECONDS),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- apps, one line a floor ----------------------------------------------------------------------------
INSTALLED_APPS: list[str] = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "config.desk_site.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "import_export",
    "pgtrigger",
    "pghistory",
    "csp",
    "django_structlog",
    "memberships",
    "credit",
    "benefits",
    "partners",
    "operations",
    "config",
    # Tools of development that are Django apps, such as the migration linter of `make check`.
    *env.list("EXTRA_APPS", default=[]),
]
MIDDLEWARE: list[str] = [
    "config.health.HealthMiddleware",
    "operations.middleware.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "operations.middleware.RequestLogMiddleware",
    "operations.middleware.AuditMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "operations.security.sessions.SessionLimitMiddleware",
    "operations.security.second_factor.SecondFactorMiddleware",
    "operations.security.step_up.StepUpMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
AUTH_USER_MODEL = "operations.User"
AUTHENTICATION_BACKENDS: list[str] = ["operations.security.backend.DeskBackend"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator",
                 "CommonPasswordValidator", "NumericPasswordValidator")
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")

# --- language, time, money -------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES: list[tuple[str, Any]] = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS: list[Path] = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = ["config.formats"]
CURRENCY = "CNY"

# --- files -----------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT: Path = DATA_DIR / "static"
# Uploads are private: nothing serves MEDIA_ROOT, pages stream what a permission allows.
MEDIA_ROOT: Path = env.path("UPLOADS_DIR", default=str(DATA_DIR / "uploads"))()  # type: ignore[operator]
# Compressing is for networks: over loopback it would only add eight seconds of work to each `make run`.
_STATIC_STORAGE = (
    "whitenoise.storage.CompressedManifestStaticFilesStorage" if IS_PRODUCTION
    else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
)
# Web and worker hosts share it: a folder that all of them mount (UPLOADS_DIR), or any storage of Django's kind by its
# dotted path, such as storages.backends.s3.S3Storage, with its options as JSON. Private by its own settings then.
UPLOADS_STORAGE: str = env.str("UPLOADS_STORAGE", default="django.core.files.storage.FileSystemStorage")
UPLOADS_STORAGE_OPTIONS: dict[str, Any] = env.json("UPLOADS_STORAGE_OPTIONS", default={})
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": UPLOADS_STORAGE, "OPTIONS": UPLOADS_STORAGE_OPTIONS},
    "staticfiles": {"BACKEND": _STATIC_STORAGE},
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
FILE_UPLOAD_TEMP_DIR: str | None = env.str("FILE_UPLOAD_TEMP_DIR", default=None)
# While this file is there the host says that it is not ready (`/health/ready/`), so that a balancer sends it nobody.
DRAIN_FILE: Path = env.path("DRAIN_FILE", default=str(DATA_DIR / "draining"))()  # type: ignore[operator]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
IMPORT_FILE_MAX_BYTES: int = env.int("IMPORT_FILE_MAX_BYTES", default=1024 * 1024 * 1024)
# An uploaded list is erased so many days after it was uploaded; a preview that nobody confirmed is discarded before.
UPLOAD_DAYS: int = env.int("UPLOAD_DAYS", default=90)
PREVIEW_DAYS: int = env.int("PREVIEW_DAYS", default=30)
# Of each attachment of a case note.
CASE_FILE_MAX_BYTES: int = env.int("CASE_FILE_MAX_BYTES", default=10 * 1024 * 1024)

# --- jobs --------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT: int = env.int("CELERY_TASK_TIME_LIMIT", default=30 * 60)
# The time limit stays under the visibility timeout, or a long task would be handed out twice.
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    "visibility_timeout": CELERY_TASK_TIME_LIMIT + 5 * 60,
    "unacked_restore_interval": 5,
    # Who publishes does not wait for a broker that is gone: beat finds the run.
    "max_retries": 1,
    "interval_start": 0,
    **redis_options(silence=SERVER_SILENCE_SECONDS),
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    "dispatch-runs": {"task": "operations.tasks.dispatch_runs", "schedule": 5.0, "options": {"expires": 5}},
    "start-nights": {"task": "operations.tasks.start_nights", "schedule": 5.0, "options": {"expires": 5}},
    "tick-jobs": {"task": "operations.tasks.tick_jobs", "schedule": 5.0, "options": {"expires": 5}},
    "sweep-staging": {"task": "operations.tasks.sweep_staging", "schedule": 600.0, "options": {"expires": 600}},
    "sweep-uploads": {"task": "operations.tasks.sweep_uploads", "schedule": 3600.0, "options": {"expires": 3600}},
    "sweep-sessions": {"task": "operations.tasks.sweep_sessions", "schedule": 3600.0, "options": {"expires": 3600}},
    "sweep-dry-runs": {"task": "operations.tasks.sweep_dry_runs", "schedule": 600.0, "options": {"expires": 600}},
}
# When in the day of Shanghai the work of that day begins; just after midnight other clocks may still disagree.
NIGHT_BEGINS_AT: time = time.fromisoformat(env.str("NIGHT_BEGINS_AT", default="00:10"))
# What a dry run foresaw is kept so long, item by item; after that it cannot be executed any more.
DRY_RUN_DAYS: int = env.int("DRY_RUN_DAYS", default=30)
JOB_CHUNK_ATTEMPTS: int = env.int("JOB_CHUNK_ATTEMPTS", default=3)
# A run that has not been heard of for this long is handed to a worker again; harmless while one is at it.
JOB_SILENCE_SECONDS: int = env.int("JOB_SILENCE_SECONDS", default=20)
# A worker that has been at a run for so long lets other runs and ticks have their turn.
JOB_SHIFT_SECONDS: float = env.float("JOB_SHIFT_SECONDS", default=30.0)
JOB_PARALLEL_TASKS: int = env.int("JOB_PARALLEL_TASKS", default=2)
# Workers that may call a gateway at a time: its limits (GATEWAYS below) are divided among them.
JOB_LANES: dict[str, int] = {"gateway": env.int("GATEWAY_LANES", default=1)}
IMPORT_CHUNK_ROWS: int = env.int("IMPORT_CHUNK_ROWS", default=10_000)
CHARGE_CHUNK_CARDS: int = env.int("CHARGE_CHUNK_CARDS", default=1_000)
LAPSE_CHUNK_CARDS: int = env.int("LAPSE_CHUNK_CARDS", default=5_000)
EXPIRE_CHUNK_LOTS: int = env.int("EXPIRE_CHUNK_LOTS", default=10_000)
TIER_CHUNK_WALLETS: int = env.int("TIER_CHUNK_WALLETS", default=50_000)
POST_CHUNK_LOTS: int = env.int("POST_CHUNK_LOTS", default=10_000)
AUTHORISATION_CHUNK_LINES: int = env.int("AUTHORISATION_CHUNK_LINES", default=5_000)
AGE_CHUNK_LINES: int = env.int("AGE_CHUNK_LINES", default=20_000)
FOLLOW_CHUNK_LINES: int = env.int("FOLLOW_CHUNK_LINES", default=20_000)
LATE_FEE_CHUNK_LINES: int = env.int("LATE_FEE_CHUNK_LINES", default=5_000)

# --- partners ----------------------------------------------------------------------------------------------
# A command that nobody answers is asked about so often, after pauses that begin with so many seconds and double.
PARTNER_ATTEMPTS: int = env.int("PARTNER_ATTEMPTS", default=20)
PARTNER_PAUSE_SECONDS: float = env.float("PARTNER_PAUSE_SECONDS", default=2.0)
FULFIL_CHUNK_COMMANDS: int = env.int("FULFIL_CHUNK_COMMANDS", default=1_000)

# --- approvals ---------------------------------------------------------------------------------------------
# A request that nobody decided for so long cannot be approved any more.
APPROVAL_DAYS: int = env.int("APPROVAL_DAYS", default=7)
# Up to so much is done by one person, whatever the limits of their roles say (operations/approval_actions.py).
IMPORT_ALONE_ROWS: int = env.int("IMPORT_ALONE_ROWS", default=1_000)
DRY_RUN_ALONE_ITEMS: int = env.int("DRY_RUN_ALONE_ITEMS", default=1_000)

# --- credit ------------------------------------------------------------------------------------------------
# An authorisation holds for so many days unless it is told otherwise.
AUTHORISATION_DAYS: int = env.int("AUTHORISATION_DAYS", default=7)

# --- gateways ------------------------------------------------------------------------------------------------
# By name: the adapter, what it is made with, and the limits of the gateway: calls under way, calls begun in a second.
GATEWAYS: dict[str, dict[str, Any]] = {}
SANDBOX_GATEWAY_URL: str = env.str("SANDBOX_GATEWAY_URL", default="")
if SANDBOX_GATEWAY_URL and not env.str("SANDBOX_GATEWAY_SECRET", default=""):
    raise ImproperlyConfigured("SANDBOX_GATEWAY_URL is set, SANDBOX_GATEWAY_SECRET is missing.")
if SANDBOX_GATEWAY_URL or not IS_PRODUCTION:
    GATEWAYS["sandbox"] = {
        "adapter": "memberships.gateways.sandbox.client.SandboxGateway",
        "in_flight": env.int("GATEWAY_IN_FLIGHT", default=64),
        "per_second": env.float("GATEWAY_PER_SECOND", default=0),
        "options": {
            "url": SANDBOX_GATEWAY_URL,
            "secret": env.str("SANDBOX_GATEWAY_SECRET", default=""),
            # Where no URL is given: the gateway of `make run` leaves its address here, read when it is called.
            "address_file": DATA_DIR / "gateway.json",
            "timeout": env.float("SANDBOX_GATEWAY_TIMEOUT", default=10),
        },
    }

# --- outbox --------------------------------------------------------------------------------------------------
# Who hears what happens: signed webhooks after the Standard Webhooks specification. Blank: nobody, outside production
# the listener of the sandbox gateway, which leaves its address where the gateway's is.
EVENTS_URL: str = env.str("EVENTS_URL", default="")
EVENTS_SECRET: str = env.str("EVENTS_SECRET", default="")
if EVENTS_URL and not is_webhook_secret(EVENTS_SECRET):
    raise ImproperlyConfigured("EVENTS_URL is set, and EVENTS_SECRET is not whsec_ and base64.")
EVENTS_ADDRESS_FILE: Path | None = None if IS_PRODUCTION else DATA_DIR / "gateway.json"
EVENTS_IN_FLIGHT: int = env.int("EVENTS_IN_FLIGHT", default=32)
EVENTS_PER_SECOND: float = env.float("EVENTS_PER_SECOND", default=0)
# Attempts before a message is parked. The pause doubles from 5 seconds to an hour: 24 are about half a day.
OUTBOX_ATTEMPTS: int = env.int("OUTBOX_ATTEMPTS", default=24)

# --- notices -----------------------------------------------------------------------------------------------

# E-mails go where EMAIL_URL says (smtp://user:password@host:25, submission+tls: smtp+tls://...). Without one they are
# files beside the data, outside production; in production nobody is written to.
_MAIL: dict[str, Any] = env.email_url("EMAIL_URL", default=f"filemail:///{DATA_DIR / 'mail'}")
EMAIL_IS_ON: bool = bool(env.str("EMAIL_URL", default="")) or not IS_PRODUCTION
EMAIL_BACKEND, EMAIL_FILE_PATH = _MAIL["EMAIL_BACKEND"], _MAIL["EMAIL_FILE_PATH"]
EMAIL_HOST, EMAIL_PORT = _MAIL["EMAIL_HOST"], _MAIL["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL["EMAIL_HOST_USER"], _MAIL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL.get("EMAIL_USE_TLS", False), _MAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT: int = env.int("EMAIL_TIMEOUT", default=20)
EMAIL_IN_FLIGHT: int = env.int("EMAIL_IN_FLIGHT", default=4)
EMAIL_PER_SECOND: float = env.float("EMAIL_PER_SECOND", default=0)
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default="plusdesk@localhost")
# Text messages go by the signed webhook (EVENTS_URL): whoever hears it sends them. The number stands in its body.
SMS_IS_ON: bool = flag("SMS_IS_ON", default=not IS_PRODUCTION)
# When people are not disturbed, in Shanghai's time, by channel; blank: at no time. Urgent kinds go all the same.
NOTICE_QUIET_HOURS: dict[str, str] = {
    "sms": env.str("SMS_QUIET_HOURS", default="21:00-08:00"), "email": env.str("EMAIL_QUIET_HOURS", default=""),
}
for _hours in NOTICE_QUIET_HOURS.values():
    try:
        read_hours(_hours)
    except ValueError as error:
        raise ImproperlyConfigured(f"Quiet hours: {error}.") from error
# The language in which members are written to whose own is not known.
NOTICE_LANGUAGE: str = env.str("NOTICE_LANGUAGE", default="zh-hans")
NOTICE_CHUNK_ROWS: int = env.int("NOTICE_CHUNK_ROWS", default=5_000)

# --- books -------------------------------------------------------------------------------------------------
# The nightly audit compares the money of so many last days with the gateways' own lists.
AUDIT_DAYS: int = env.int("AUDIT_DAYS", default=7)

# --- the HTTP API ------------------------------------------------------------------------------------------
# Of a larger body nothing is read.
API_MAX_BODY_BYTES: int = env.int("API_MAX_BODY_BYTES", default=256 * 1024)
# Requests of one client in a minute; 0: any number.
API_PER_MINUTE: int = env.int("API_PER_MINUTE", default=600)

# --- audit trail -------------------------------------------------------------------------------------------
PGHISTORY_APPEND_ONLY = True
# The instant of the change, not of the transaction's begin: a later change is then later in the trail too.
PGHISTORY_CREATED_AT_FUNCTION = "clock_timestamp()"
PGHISTORY_BASE_MODEL = "operations.models.audit.AuditEvent"
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")

# --- signing in --------------------------------------------------------------------------------------------
# "required": whoever has no second factor is led to enrol one, and nowhere else; "optional": who has one uses it.
SECOND_FACTOR: str = env.str("SECOND_FACTOR", default="required" if IS_PRODUCTION else "optional")
if SECOND_FACTOR not in ("required", "optional"):
    raise ImproperlyConfigured(f"SECOND_FACTOR={SECOND_FACTOR!r} is neither required nor optional.")
# After so many failures of a name, or from an address, within so many minutes it is locked for as long.
LOCKOUT_FAILURES: int = env.int("LOCKOUT_FAILURES", default=5)
LOCKOUT_ADDRESS_FAILURES: int = env.int("LOCKOUT_ADDRESS_FAILURES", default=50)
LOCKOUT_MINUTES: int = env.int("LOCKOUT_MINUTES", default=15)
# A session ends when nobody did anything for so many minutes, and so many hours after it began.
SESSION_IDLE_MINUTES: int = env.int("SESSION_IDLE_MINUTES", default=30)
SESSION_HOURS: float = env.float("SESSION_HOURS", default=12)
SESSION_COOKIE_AGE: int = int(SESSION_HOURS * 60 * 60)
# Before money and personal data who proved longer ago who they are is asked again; 0: nobody is.
STEP_UP_MINUTES: int = env.int("STEP_UP_MINUTES", default=10 if IS_PRODUCTION else 0)

# --- security ----------------------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_PRODUCTION
SECURE_SSL_REDIRECT: bool = flag("SECURE_SSL_REDIRECT", default=IS_PRODUCTION)
SECURE_HSTS_SECONDS: int = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if IS_PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_PRODUCTION
# Where TLS ends before us; what the proxy says of protocol and client is believed then, and nowhere else.
BEHIND_PROXY: bool = flag("BEHIND_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# No script stands in a page: all are files of ours. 'unsafe-eval' is what Unfold's Alpine reads its attributes with;
# inline styles are Unfold's (the colours of the theme, widths of bars) and htmx's.
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
    }
}

# --- metrics -----------------------------------------------------------------------------------------------
# The folder of backups (deploy/backup.py --store), where this host sees it; blank: the age of copies is not known here.
# What processes count is summed up over a host where PROMETHEUS_MULTIPROC_DIR names a folder.
BACKUP_STORE: str = env.str("BACKUP_STORE", default="")

# --- logs --------------------------------------------------------------------------------------------------
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# Our own proxy names each request (X-Request-ID), so that its log and ours can be read together; nobody else may.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = BEHIND_PROXY
LOG_LEVEL: str = env.str("LOG_LEVEL", default="INFO")
# "json": each line is one JSON object, for programs; "text": key=value, for people.
LOG_FORMAT: str = env.str("LOG_FORMAT", default="json" if IS_PRODUCTION else "text")
if LOG_FORMAT not in FORMATS:
    raise ImproperlyConfigured(f"LOG_FORMAT={LOG_FORMAT!r} is neither {' nor '.join(FORMATS)}.")
LOGGING: dict[str, Any] = logging_config(LOG_LEVEL, LOG_FORMAT)
