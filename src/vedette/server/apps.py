"""Django's admin as an app, with our site."""

from django.contrib.admin.apps import AdminConfig


class VedetteAdminConfig(AdminConfig):
    """Makes `VedetteAdminSite` the default site."""

    default_site = "vedette.server.site.VedetteAdminSite"
