"""Users, sites and tokens in the admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from vedette.server.accounts.models import ApiToken, Site, User

admin.site.unregister(Group)  # rights come from the role


@admin.register(Site)
class SiteAdmin(admin.ModelAdmin):
    """Sites."""

    list_display = ("name", "slug")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Users; the password is only ever set."""

    list_display = ("username", "role", "site", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username",)
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("last_login",)
    fieldsets = ((None, {"fields": ("username", "password", "role", "site", "is_active", "last_login")}),)
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "role", "site", "usable_password", "password1", "password2"),
            },
        ),
    )


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    """Tokens can be looked at and withdrawn; `vedette token create` makes them and shows them once."""

    list_display = ("name", "prefix", "role", "site", "created", "last_used", "expires")
    list_filter = ("role",)
    readonly_fields = ("prefix", "created", "last_used")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Not here: nobody would see the token."""
        return False
