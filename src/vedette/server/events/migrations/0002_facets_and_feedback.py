"""Indexes for every filter, what there is to filter by, and what people say of events."""

from django.db import migrations, models

_ENTRIES = """
UPDATE events_zoneentry SET
    camera = (SELECT e.camera FROM events_event e WHERE e.id = event_id),
    label = (SELECT e.label FROM events_event e WHERE e.id = event_id),
    score = (SELECT e.score FROM events_event e WHERE e.id = event_id)
"""
_FACETS = """
INSERT INTO events_facet (camera, kind, label, zone)
SELECT DISTINCT camera, kind, label, '' FROM events_event
UNION
SELECT DISTINCT e.camera, e.kind, e.label, z.zone FROM events_zoneentry z JOIN events_event e ON e.id = z.event_id
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Facet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("camera", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=16)),
                ("label", models.CharField(max_length=64)),
                ("zone", models.CharField(blank=True, default="", max_length=120)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("zone", "camera", "label", "kind"), name="facet_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Feedback",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event", models.UUIDField(unique=True)),
                (
                    "verdict",
                    models.CharField(
                        choices=[("right", "Right"), ("wrong", "Wrong"), ("other", "something else")],
                        max_length=8,
                    ),
                ),
                ("label", models.CharField(blank=True, default="", max_length=64)),
                ("by", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
                ("camera", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=16)),
                ("found_label", models.CharField(max_length=64)),
                ("score", models.FloatField()),
                ("start", models.DateTimeField()),
                ("model", models.CharField(blank=True, default="", max_length=120)),
                ("model_version", models.CharField(blank=True, default="", max_length=120)),
            ],
            options={
                "ordering": ("-start", "-event"),
                "indexes": [models.Index(fields=["-start", "-event"], name="feedback_newest")],
            },
        ),
        migrations.RemoveIndex(model_name="event", name="event_newest"),
        migrations.RemoveIndex(model_name="event", name="event_camera"),
        migrations.RemoveIndex(model_name="event", name="event_label"),
        migrations.RemoveIndex(model_name="event", name="event_kind"),
        migrations.RemoveIndex(model_name="event", name="event_camera_label"),
        migrations.RemoveIndex(model_name="zoneentry", name="zone_newest"),
        migrations.AddField("zoneentry", "camera", models.CharField(default="", max_length=64)),
        migrations.AddField("zoneentry", "label", models.CharField(default="", max_length=64)),
        migrations.AddField("zoneentry", "score", models.FloatField(default=0.0)),
        migrations.RunSQL([_ENTRIES, _FACETS], migrations.RunSQL.noop),
        migrations.AddIndex("event", models.Index(fields=["-start", "-id", "score"], name="event_by_time")),
        migrations.AddIndex(
            "event", models.Index(fields=["camera", "-start", "-id", "score"], name="event_by_camera")
        ),
        migrations.AddIndex(
            "event", models.Index(fields=["label", "-start", "-id", "score"], name="event_by_label")
        ),
        migrations.AddIndex(
            "event",
            models.Index(fields=["camera", "label", "-start", "-id", "score"], name="event_by_camera_label"),
        ),
        migrations.AddIndex(
            "zoneentry",
            models.Index(fields=["zone", "-start", "-event", "score"], name="entry_by_time"),
        ),
        migrations.AddIndex(
            "zoneentry",
            models.Index(fields=["zone", "label", "-start", "-event", "score"], name="entry_by_label"),
        ),
        migrations.AddIndex(
            "zoneentry",
            models.Index(
                fields=["zone", "camera", "label", "-start", "-event", "score"], name="entry_by_camera_label"
            ),
        ),
    ]
