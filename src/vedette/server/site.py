"""The admin site: the same login and the same policy as everything else."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin, RelatedFieldListFilter
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse


class VedetteAdminSite(AdminSite):
    """Django's admin without a login page of its own, and without the rows of other sites."""

    site_header = "Vedette"
    site_title = "Vedette"
    index_title = "Administration"
    enable_nav_sidebar = False

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:  # noqa: ARG002
        """Send to the one login page."""
        return redirect_to_login(request.get_full_path())

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register models; whatever their admin class does, it does so with the rows of the site alone."""
        base = admin_class or ModelAdmin
        super().register(model_or_iterable, type(base.__name__, (_SiteRows, base), {}), **options)


def _own(request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
    from vedette.server.accounts.policy import rows_of_site  # noqa: PLC0415  apps come before models

    return rows_of_site(request.principal, rows)  # type: ignore[attr-defined]


class _SiteFilter(RelatedFieldListFilter):
    """A filter that offers rows of the site alone."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """What can be chosen."""
        del model_admin
        rows = _own(request, field.remote_field.model._default_manager.all())  # noqa: SLF001  Django's own way
        return [(row.pk, str(row)) for row in rows]


class _SiteRows(ModelAdmin):  # type: ignore[type-arg]  # generic for the type checker only
    """Mixed into every admin class: the policy decides about rows, and changes are noted."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows of the site."""
        return _own(request, super().get_queryset(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Nothing of another site can be chosen."""
        kwargs["queryset"] = _own(request, db_field.remote_field.model._default_manager.all())  # noqa: SLF001
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Likewise."""
        kwargs["queryset"] = _own(request, db_field.remote_field.model._default_manager.all())  # noqa: SLF001
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Filters by other rows offer those of the site."""
        return [self._guarded(entry) for entry in super().get_list_filter(request)]

    def _guarded(self, entry: Any) -> Any:
        names = {field.name for field in self.opts.get_fields() if field.is_relation}
        return (entry, _SiteFilter) if isinstance(entry, str) and entry in names else entry

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Note it."""
        self._note(request, [obj], "added")
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Note it."""
        self._note(request, [obj], "changed")
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Note it."""
        self._note(request, queryset, "removed")
        return super().log_deletions(request, queryset)

    def _note(self, request: HttpRequest, rows: Iterable[Model], verb: str) -> None:
        from vedette.server.accounts.audit import audit  # noqa: PLC0415  apps come before models

        for row in rows:
            camera = row.pk if self.opts.model_name == "camera" else getattr(row, "camera_id", "")
            audit(request, f"{self.opts.model_name}.{verb}", camera=str(camera or ""), subject=str(row))
