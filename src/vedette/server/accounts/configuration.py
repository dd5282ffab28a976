"""Django's settings for logging in: django-allauth does the work (see `docs/decisions/0015`)."""

from typing import Any

from vedette.access import OidcSettings
from vedette.secrets.references import reveal

APPS = [
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
]
"""They come before `accounts`, which takes some of their admin pages away."""

PROVIDER = "oidc"

COMMON: dict[str, Any] = {
    "ACCOUNT_FORMS": {"login": "vedette.server.accounts.forms.LoginForm"},
    "ACCOUNT_ADAPTER": "vedette.server.accounts.adapters.AccountAdapter",
    "ACCOUNT_USER_MODEL_EMAIL_FIELD": None,
    "ACCOUNT_LOGIN_METHODS": {"username"},
    "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*"],
    "ACCOUNT_EMAIL_VERIFICATION": "none",
    "ACCOUNT_PRESERVE_USERNAME_CASING": True,
    "ACCOUNT_SESSION_REMEMBER": True,
    "ACCOUNT_LOGOUT_REDIRECT_URL": "/login",
    "ACCOUNT_REAUTHENTICATION_TIMEOUT": 600,
    # Per address, and per account from one address (see `AccountAdapter`): nobody locks another one out.
    "ACCOUNT_RATE_LIMITS": {"login_failed": "20/10m/ip,5/5m/key", "login": "120/m/ip"},
    "MFA_ADAPTER": "vedette.server.accounts.adapters.SecondFactorAdapter",
    "MFA_SUPPORTED_TYPES": ["totp", "recovery_codes"],
    "MFA_TOTP_ISSUER": "Vedette",
    "MFA_TOTP_TOLERANCE": 1,
    "USERSESSIONS_TRACK_ACTIVITY": False,  # `sessions` does, less often
    "SOCIALACCOUNT_ADAPTER": "vedette.server.accounts.adapters.ProviderAdapter",
    "SOCIALACCOUNT_LOGIN_ON_GET": True,
    "SOCIALACCOUNT_STORE_TOKENS": False,
    "SOCIALACCOUNT_REQUESTS_TIMEOUT": 10,
    "SOCIALACCOUNT_AUTO_SIGNUP": True,
    # What was tried outlives a restart and is known to every process.
    "CACHES": {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "accounts_cache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    },
}


def login_settings(oidc: OidcSettings) -> dict[str, Any]:
    """Everything that allauth wants to know.

    Raises:
        ConfigurationError: the secret cannot be read from where it lies.
    """
    if not oidc.on:
        return COMMON
    app = {
        "provider_id": PROVIDER,
        "name": oidc.name,
        "client_id": oidc.client_id,
        "secret": reveal(oidc.client_secret.get_secret_value()),
        "settings": {"server_url": oidc.issuer, "oauth_pkce_enabled": True, "scope": list(oidc.scopes)},
    }
    provider = {"APPS": [app], "OAUTH_PKCE_ENABLED": True, "SCOPE": list(oidc.scopes)}
    return COMMON | {"SOCIALACCOUNT_PROVIDERS": {"openid_connect": provider}}
