"""The addresses of the pages of alerts."""

from django.urls import path

from vedette.server.dashboard import alert_changes, alert_channels, alert_links, alert_rules, alerts

urlpatterns = [
    path("alerts", alerts.alerts, name="alerts"),
    path("alerts/history", alerts.history, name="alert-history"),
    path("alerts/arm", alerts.set_arming, name="alert-arm"),
    path("alerts/schedules/add", alert_changes.add_schedule, name="schedule-add"),
    path("alerts/schedules/<int:schedule_id>/remove", alert_changes.remove_schedule, name="schedule-remove"),
    path("alerts/absences/add", alert_changes.add_absence, name="absence-add"),
    path("alerts/absences/<int:absence_id>/remove", alert_changes.remove_absence, name="absence-remove"),
    path("alerts/time-zone", alert_changes.set_time_zone, name="alert-zone"),
    path("alerts/snooze", alert_changes.snooze, name="alert-snooze-now"),
    path("alerts/snoozes/<int:snooze_id>/end", alert_changes.end_snooze, name="alert-snooze-end"),
    path("alerts/rules/new", alert_rules.new_rule, name="alert-rule-new"),
    path("alerts/rules/<int:rule_id>", alert_rules.rule, name="alert-rule"),
    path("alerts/rules/<int:rule_id>/switch", alert_changes.switch_rule, name="alert-rule-switch"),
    path("alerts/rules/<int:rule_id>/remove", alert_rules.remove_rule, name="alert-rule-remove"),
    path("alerts/channels/new", alert_channels.new_channel, name="alert-channel-new"),
    path("alerts/channels/<int:channel_id>", alert_channels.channel, name="alert-channel"),
    path("alerts/channels/<int:channel_id>/test", alert_channels.test_channel, name="alert-channel-test"),
    path(
        "alerts/channels/<int:channel_id>/remove", alert_channels.remove_channel, name="alert-channel-remove"
    ),
    # Opened by signed links, without a login.
    path("alerts/picture/<str:token>", alert_links.picture, name="alert-picture"),
    path("alerts/snooze/<str:token>", alert_links.snooze_by_link, name="alert-snooze"),
    path("push-worker.js", alert_links.push_worker, name="push-worker"),
]
