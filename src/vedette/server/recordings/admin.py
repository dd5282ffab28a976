"""A look at the recordings in the admin; nothing can be changed here."""

from django.contrib import admin
from django.http import HttpRequest

from vedette.server.recordings.models import Segment


@admin.register(Segment)
class SegmentAdmin(admin.ModelAdmin):
    """What is stored, newest first."""

    list_display = (
        "path",
        "camera",
        "state",
        "start",
        "end",
        "size_bytes",
        "codec",
    )
    list_filter = (
        "camera",
        "state",
    )
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Workers write it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Segment | None = None) -> bool:  # noqa: ARG002
        """Workers write it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Segment | None = None) -> bool:  # noqa: ARG002
        """Retention removes it."""
        return False
