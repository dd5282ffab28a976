"""Cameras, zones and profiles in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from vedette.server.cameras import service
from vedette.server.cameras.addresses import split_address
from vedette.server.cameras.models import Camera, Profile, Zone


class CameraForm(forms.ModelForm):
    """A camera; the password field is always empty and only written when filled in."""

    password = forms.CharField(
        required=False,
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Leave empty to keep the stored one.",
    )
    forget_password = forms.BooleanField(required=False)

    class Meta:
        model = Camera
        fields = ("id", "site", *service.CAMERA_FIELDS, "profile")

    def clean(self) -> dict[str, Any] | None:
        """Take the credentials out of the addresses."""
        cleaned = super().clean() or self.cleaned_data
        for field in ("sub_url", "main_url"):
            if not cleaned.get(field):
                continue
            try:
                address = split_address(cleaned[field])
            except ValidationError as error:
                self.add_error(field, error)
                continue
            cleaned[field] = address.url
            cleaned["username"] = address.username or cleaned.get("username", "")
            cleaned["password"] = cleaned.get("password") or address.password
        return cleaned

    def save(self, commit: bool = True) -> Camera:
        """Encrypt the password."""
        if self.cleaned_data.get("password"):
            service.set_password(self.instance, self.cleaned_data["password"])
        elif self.cleaned_data.get("forget_password"):
            service.set_password(self.instance, "")
        camera: Camera = super().save(commit)
        return camera


class ZoneInline(admin.TabularInline):
    """The zones of a camera."""

    model = Zone
    extra = 0


@admin.register(Camera)
class CameraAdmin(admin.ModelAdmin):
    """Cameras."""

    form = CameraForm
    inlines = (ZoneInline,)
    list_display = ("id", "name", "enabled", "main_url", "recording_mode", "profile", "worker", "revision")
    list_filter = ("enabled", "recording_mode", "profile", "site")
    search_fields = ("id", "name", "main_url")
    list_select_related = ("profile",)

    def get_readonly_fields(self, request: Any, obj: Camera | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """The id is also the folder of the recordings: it stays."""
        return ("id",) if obj else ()


@admin.register(Profile)
class ProfileAdmin(admin.ModelAdmin):
    """Profiles."""

    list_display = ("name", "model", "min_score", "rate_fps", "motion_events")


@admin.register(Zone)
class ZoneAdmin(admin.ModelAdmin):
    """Zones."""

    list_display = ("name", "camera", "kind", "min_dwell_s")
    list_filter = ("camera", "kind")
