"""A look at the nodes in the admin; nothing can be changed here."""

from django.contrib import admin
from django.http import HttpRequest

from vedette.server.nodes.models import NodeStatus


@admin.register(NodeStatus)
class NodeStatusAdmin(admin.ModelAdmin):
    """What is stored, newest first."""

    list_display = (
        "node",
        "seen",
        "pid",
        "revision",
        "detector",
        "detector_message",
    )
    list_filter = ()
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Workers write it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: NodeStatus | None = None) -> bool:  # noqa: ARG002
        """Workers write it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: NodeStatus | None = None) -> bool:  # noqa: ARG002
        """Retention removes it."""
        return False
