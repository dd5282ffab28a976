"""The ASGI application (`vedette.server.setup.setup_django` first)."""

from django.core.asgi import get_asgi_application

application = get_asgi_application()
