"""The ASGI application (`vedette.server.setup.setup_django` first)."""

from django.core.handlers.asgi import ASGIHandler

application = ASGIHandler()
