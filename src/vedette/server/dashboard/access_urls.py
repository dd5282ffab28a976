"""The addresses of access and of the profile."""

from django.urls import path

from vedette.server.dashboard import access, own

urlpatterns = [
    path("access", access.users, name="access"),
    path("access/users/<int:user_id>", access.user, name="access-user"),
    path("access/tokens", access.tokens, name="access-tokens"),
    path("access/tokens/<int:token_id>/withdraw", access.withdraw_token, name="withdraw-token"),
    path("access/shares", access.share_links, name="access-shares"),
    path("access/shares/<uuid:share_id>/withdraw", access.withdraw_share, name="withdraw-share"),
    path("access/sessions/<int:session_id>/end", access.end_session, name="end-session"),
    path("access/audit", access.audit_log, name="access-audit"),
    path("profile", own.profile, name="profile"),
    path("profile", own.profile, name="mfa_index"),
    path("profile", own.profile, name="socialaccount_connections"),
    path("profile/log-out-elsewhere", own.log_out_elsewhere, name="log-out-elsewhere"),
    path("profile/disconnect", own.disconnect, name="disconnect"),
]
