"""A look at the events in the admin; nothing can be changed here."""

from django.contrib import admin
from django.http import HttpRequest

from vedette.server.events.models import Event


@admin.register(Event)
class EventAdmin(admin.ModelAdmin):
    """What is stored, newest first."""

    list_display = (
        "id",
        "camera",
        "kind",
        "label",
        "score",
        "start",
        "end",
        "phase",
    )
    list_filter = (
        "camera",
        "label",
        "kind",
        "phase",
    )
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Workers write it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:  # noqa: ARG002
        """Workers write it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:  # noqa: ARG002
        """Retention removes it."""
        return False
