"""Logging in and out, passwords and second factors: django-allauth's views with our pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import requests
import structlog
from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.socialaccount.providers.openid_connect import views as oidc
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from vedette.server.accounts.audit import audit
from vedette.server.accounts.configuration import PROVIDER
from vedette.server.accounts.policy import own, public
from vedette.server.accounts.sessions import end_all

_log = structlog.get_logger(__name__)

RETRY_AFTER_S = {"login": 600, "code": 300}


class Login(account.LoginView):  # type: ignore[misc]
    """The login page."""

    template_name = "accounts/login.html"

    def form_invalid(self, form: Any) -> HttpResponse:
        """Too many tries have a status of their own."""
        return _slow_down(super().form_invalid(form), form, RETRY_AFTER_S["login"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the button of the provider, when there is one."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        oidc_settings = settings.VEDETTE.oidc
        provider = oidc_settings if oidc_settings.on else None
        return context | {"provider": provider, "provider_id": PROVIDER}


class Code(mfa.AuthenticateView):  # type: ignore[misc]
    """The second step of a login."""

    template_name = "accounts/code.html"

    def form_invalid(self, form: Any) -> HttpResponse:
        """Too many tries have a status of their own."""
        return _slow_down(super().form_invalid(form), form, RETRY_AFTER_S["code"])


class Again(account.ReauthenticateView):  # type: ignore[misc]
    """Asks for the password once more before something that matters."""

    template_name = "accounts/again.html"


class AgainByCode(mfa.ReauthenticateView):  # type: ignore[misc]
    """Likewise, for a code."""

    template_name = "accounts/again_code.html"


class Password(account.PasswordChangeView):  # type: ignore[misc]
    """Changes the password; all other sessions end."""

    template_name = "accounts/password.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Users who log in by the provider have no password here."""
        if not request.user.has_usable_password():  # type: ignore[union-attr]
            return redirect("profile")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """The new password counts from now on."""
        first = form.user.must_change_password
        form.user.must_change_password = False
        answer: HttpResponse = super().form_valid(form)
        form.user.save(update_fields=["must_change_password"])
        self.request.session.save()  # the new key and hash, before others are told from it
        end_all(form.user, but=self.request.session.session_key)
        audit(self.request, "user.password-changed", subject=form.user.username)
        return redirect("/") if first else answer

    def get_default_success_url(self) -> str:
        """Back to the profile."""
        return "/profile?done=password"


class AddSecondFactor(totp.ActivateTOTPView):  # type: ignore[misc]
    """Shows the code to scan, and asks for the first number."""

    template_name = "accounts/second_factor.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The secret in groups of four, for those who type it."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        secret = context["form"].secret
        groups = [secret[start : start + 4] for start in range(0, len(secret), 4)]
        return context | {"groups": groups}


class RemoveSecondFactor(totp.DeactivateTOTPView):  # type: ignore[misc]
    """Asks whether it shall really go."""

    template_name = "accounts/second_factor_remove.html"


class RecoveryCodes(recovery.ViewRecoveryCodesView):  # type: ignore[misc]
    """The codes for the day the phone is lost."""

    template_name = "accounts/recovery_codes.html"


class NewRecoveryCodes(recovery.GenerateRecoveryCodesView):  # type: ignore[misc]
    """Makes new ones; the old ones end."""

    template_name = "accounts/recovery_codes_new.html"


def _slow_down(answer: HttpResponse, form: Any, seconds: int) -> HttpResponse:
    if any(
        error.code == "too_many_login_attempts"
        for errors in form.errors.as_data().values()
        for error in errors
    ):
        answer.status_code = 429
        answer["Retry-After"] = str(seconds)
    return answer


def too_many(request: HttpRequest) -> HttpResponse:
    """When an address asks too often altogether."""
    answer = render(request, "accounts/too_many.html", status=429)
    answer["Retry-After"] = "60"
    return answer


def back_to_login(request: HttpRequest, **_: Any) -> HttpResponse:  # noqa: ARG001
    """Where a login that was given up leads."""
    return redirect("login")


def _answering(view: Callable[..., Any]) -> Callable[..., Any]:
    """A provider that is away is said to be so on the login page."""

    @wraps(view)
    def answers(request: HttpRequest, provider_id: str) -> Any:
        try:
            return view(request, provider_id)
        except requests.RequestException as error:
            _log.warning("The login provider does not answer", error=type(error).__name__)
            name = settings.VEDETTE.oidc.name
            messages.error(request, f"{name} did not let you in, or did not answer. Try again.")
            return redirect("login")

    return answers


login = public(Login.as_view())
code = public(Code.as_view())
provider_login = public(_answering(oidc.login))
provider_callback = public(_answering(oidc.callback))
given_up = public(back_to_login)
logout = own(LogoutView.as_view())
again = own(Again.as_view())
again_by_code = own(AgainByCode.as_view())
password = own(Password.as_view())
add_second_factor = own(AddSecondFactor.as_view())
remove_second_factor = own(RemoveSecondFactor.as_view())
recovery_codes = own(RecoveryCodes.as_view())
new_recovery_codes = own(NewRecoveryCodes.as_view())
