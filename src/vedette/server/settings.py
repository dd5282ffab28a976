"""Django's settings, made from `vedette.settings`.

Importable without a home (type checkers, tests): then everything lives in a temporary folder that is
removed at exit, and keys are not kept.
"""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

from vedette.server.accounts.configuration import APPS, login_settings
from vedette.server.database import database_config
from vedette.server.hosts import allowed_hosts
from vedette.server.secrets import django_key
from vedette.settings import Settings, active, load_settings


def _temporary() -> Settings:
    folder = tempfile.mkdtemp(prefix="vedette-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return load_settings(home=folder)


def _settings() -> Settings:
    if (given := active()) is not None:
        return given
    nobody_said_where = "VEDETTE_HOME" not in os.environ or "pytest" in sys.modules
    return _temporary() if nobody_said_where else load_settings()


VEDETTE = _settings()
HOME = VEDETTE.layout()

BASE = Path(__file__).parent
SECRET_KEY = django_key(HOME.secrets)
DEBUG = False
ALLOWED_HOSTS = allowed_hosts(VEDETTE.host, VEDETTE.allowed_hosts, VEDETTE.public_url)

ROOT_URLCONF = "vedette.server.urls"
ASGI_APPLICATION = "vedette.server.asgi.application"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "vedette.server.apps.VedetteAdminConfig",
    "ninja",
    *APPS,
    "vedette.server.accounts",
    "vedette.server.cameras",
    "vedette.server.events",
    "vedette.server.recordings",
    "vedette.server.nodes",
    "vedette.server.backup",
    "vedette.server.jobs",
    "vedette.server.alerts",
]
if (BASE / "dashboard" / "__init__.py").exists():
    INSTALLED_APPS.append("vedette.server.dashboard")

MIDDLEWARE = [
    "vedette.server.security.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "vedette.server.static.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "vedette.server.accounts.middleware.AccessMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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

DATABASES = {"default": database_config(VEDETTE.reveal("database_url"), HOME.database)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
globals().update(login_settings(VEDETTE.oidc))
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"

SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = VEDETTE.https if VEDETTE.secure_cookies is None else VEDETTE.secure_cookies
SESSION_COOKIE_NAME = "vedette_session"
SESSION_COOKIE_AGE = int(VEDETTE.sessions.idle_days * 86400)
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
CSRF_COOKIE_NAME = "vedette_csrf"
CSRF_FAILURE_VIEW = "vedette.server.accounts.refusals.old_form"
CSRF_TRUSTED_ORIGINS = [*VEDETTE.trusted_origins, *([VEDETTE.public_url] if VEDETTE.public_url else [])]
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = VEDETTE.hsts_s  # sent with answers by HTTPS only
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LANGUAGE_CODE = "en"
# Vedette configures logging itself (structlog); see `vedette.node.logging`.
LOGGING_CONFIG = None
