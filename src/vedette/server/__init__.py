"""The Django project: REST, admin, pages, event store, scheduler."""
