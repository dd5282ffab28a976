"""The addresses of the pages."""

from django.urls import path

from vedette.server.dashboard import cameras, day, events, health, shared

urlpatterns = [
    path("", cameras.cameras, name="cameras"),
    path("add-camera", cameras.add_camera, name="add-camera"),
    path("cameras/<slug:camera_id>", day.camera, name="camera"),
    path("cameras/<slug:camera_id>/change", cameras.change_camera, name="change-camera"),
    path("cameras/<slug:camera_id>/remove", cameras.remove_camera, name="remove-camera"),
    path("events", events.events, name="events"),
    path("events/<uuid:event_id>", events.event, name="event"),
    path("shared/<str:token>", shared.shared_event, name="shared"),
    path("shared/<str:token>/clip.mp4", shared.shared_clip, name="shared-clip"),
    path("shared/<str:token>/snapshot.jpg", shared.shared_snapshot, name="shared-snapshot"),
    path("health", health.health, name="health"),
]
