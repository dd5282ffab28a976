"""The addresses of the pages."""

from django.urls import include, path

from vedette.server.dashboard import (
    add_camera,
    camera,
    connection,
    events,
    live,
    profiles,
    recordings,
    retention,
    shared,
    system,
    zones,
)

urlpatterns = [
    path("", live.live, name="cameras"),
    path("live/<slug:camera_id>", live.watch, name="live"),
    path("add-camera", add_camera.add_camera, name="add-camera"),
    path("cameras/<slug:camera_id>", camera.overview, name="camera"),
    path("cameras/<slug:camera_id>/zones", zones.zones, name="camera-zones"),
    path("cameras/<slug:camera_id>/detection", profiles.detection, name="camera-detection"),
    path("cameras/<slug:camera_id>/profile", profiles.camera_profile, name="camera-profile"),
    path("cameras/<slug:camera_id>/recording", camera.recording, name="camera-recording"),
    path("cameras/<slug:camera_id>/connection", connection.connection, name="camera-connection"),
    path("cameras/<slug:camera_id>/undo", camera.undo, name="camera-undo"),
    path("cameras/<slug:camera_id>/change", camera.change, name="change-camera"),
    path("cameras/<slug:camera_id>/remove", camera.remove, name="remove-camera"),
    path("profiles", profiles.profiles, name="profiles"),
    path("profiles/<int:profile_id>", profiles.profile, name="profile-edit"),
    path("events", events.events, name="events"),
    path("events/<uuid:event_id>", events.event, name="event"),
    path("recordings", recordings.recordings, name="recordings"),
    path("recordings/retention", retention.retention, name="retention"),
    path("recordings/retention/change", retention.change_retention, name="change-retention"),
    path(
        "recordings/retention/<slug:camera_id>/change",
        retention.change_retention,
        name="change-camera-retention",
    ),
    path("recordings/<slug:camera_id>", recordings.recordings, name="recordings-of"),
    path("shared/<str:token>", shared.shared_event, name="shared"),
    path("shared/<str:token>/clip.mp4", shared.shared_clip, name="shared-clip"),
    path("shared/<str:token>/snapshot.jpg", shared.shared_snapshot, name="shared-snapshot"),
    path("system", system.system, name="system"),
    path("system/logs", system.logs, name="system-logs"),
    path("system/jobs/<slug:name>/run", system.run_job, name="run-job"),
    path("health", system.health, name="health"),
    path("", include("vedette.server.dashboard.alert_urls")),
    path("", include("vedette.server.dashboard.access_urls")),
]
