"""Where django-allauth asks us: who may log in, how tries are counted, how secrets are kept."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.ratelimit import get_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.audit import audit_system, client_address
from vedette.server.accounts.models import User
from vedette.server.accounts.provider import Admission, admit
from vedette.server.secrets import home_vault


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Logins by name and password."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": "The user name or the password is wrong.",
        "too_many_login_attempts": "Too many tries. Wait ten minutes, then try again.",
        "enter_current_password": "This is not your password of now.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Nobody makes a user of their own."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that tries are counted by."""
        return client_address(request) or "0.0.0.0"  # noqa: S104  a name for none, nothing listens

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Per account and address: a stranger's tries lock out nobody but the stranger."""
        return f"{get_ip(request)} {str(credentials.get('username', '')).lower()}"

    def add_message(self, *_: Any, **__: Any) -> None:
        """Our pages say what happened in their own words."""

    def send_notification_mail(self, *_: Any, **__: Any) -> None:
        """Users have no mail address here."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second factors are encrypted like the passwords of cameras."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code is not right. A new one comes every 30 seconds."
    }

    def encrypt(self, text: str) -> str:
        """Before it is stored."""
        return home_vault().encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """When a code is checked."""
        return home_vault().decrypt(encrypted_text)

    def send_notification_mail(self, *_: Any, **__: Any) -> None:
        """Users have no mail address here."""


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Logins by OpenID Connect: the provider says who it is, our settings what they may."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Let them in, or send them back to the login page with the reason."""
        sociallogin.email_addresses = []  # we keep none
        connecting = sociallogin.state.get("process") == "connect" and request.user.is_authenticated
        try:
            admission = admit(_claims(sociallogin), settings.VEDETTE.oidc)
            user = sociallogin.user if sociallogin.is_existing else admission.match()
            if user is not None and not connecting:
                _join(request, sociallogin, user, admission)
            elif not connecting:
                admission.fill(sociallogin.user)
        except ConfigurationError as error:
            audit_system("login.refused", subject=request.get_host(), detail={"reason": str(error.args[0])})
            raise ImmediateHttpResponse(_back(request, str(error.args[0]))) from None

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:  # noqa: ARG002
        """What there is to refuse has been refused before."""
        return bool(settings.VEDETTE.oidc.admit_unknown)

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:  # noqa: ARG002
        """Store somebody new."""
        user: User = sociallogin.user
        user.set_unusable_password()
        sociallogin.save(request)
        audit_system(
            "user.added", who=settings.VEDETTE.oidc.name, subject=user.username, site_id=user.site_id
        )
        return user

    def on_authentication_error(self, request: HttpRequest, *_: Any, **details: Any) -> None:
        """Say it on the login page."""
        reason = str(details.get("error") or "unknown")
        audit_system("login.refused", detail={"reason": f"The provider answered: {reason[:200]}"})
        words = f"{settings.VEDETTE.oidc.name} did not let you in, or did not answer. Try again."
        raise ImmediateHttpResponse(_back(request, words))

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:  # noqa: ARG002
        """Back to where it was asked for."""
        return "/profile"


def _claims(sociallogin: Any) -> dict[str, Any]:
    extra = sociallogin.account.extra_data
    return {**(extra.get("id_token") or {}), **(extra.get("userinfo") or {})}


def _join(request: HttpRequest, sociallogin: Any, user: User, admission: Admission) -> None:
    if not user.is_active:
        raise ConfigurationError("This user is disabled.")
    admission.refresh(user)
    if not sociallogin.is_existing:
        sociallogin.connect(request, user)


def _back(request: HttpRequest, words: str) -> HttpResponse:
    messages.error(request, words)
    return redirect("login")
