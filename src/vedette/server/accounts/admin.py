"""Users, sites and tokens can be looked at in the admin; `/access` changes them."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from vedette.server.accounts.models import ApiToken, Site, User

for model in (Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    admin.site.unregister(model)  # rights come from the role; the rest is secrets or of no use here


class ReadOnly(admin.ModelAdmin):
    """Rows that are changed elsewhere, by rules that the admin does not know."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Not here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Not here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Not here."""
        return False


@admin.register(Site)
class SiteAdmin(ReadOnly):
    """Sites."""

    list_display = ("name", "slug")


@admin.register(User)
class UserAdmin(ReadOnly):
    """Users."""

    list_display = ("username", "role", "site", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username",)
    ordering = ("username",)
    fields = ("username", "role", "site", "limited", "cameras", "is_active", "last_login")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly):
    """Tokens."""

    list_display = ("name", "prefix", "role", "site", "created", "last_used", "expires")
    list_filter = ("role",)
    fields = ("name", "prefix", "role", "scopes", "site", "user", "created", "last_used", "expires")
