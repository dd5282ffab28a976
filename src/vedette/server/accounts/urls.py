"""The addresses of logging in, and of one's own password and second factor.

Some have two names: ours, and the one that django-allauth asks for.
"""

from django.urls import path

from vedette.server.accounts import views

urlpatterns = [
    path("login", views.login, name="account_login"),
    path("login", views.login, name="login"),
    path("login/code", views.code, name="mfa_authenticate"),
    path("login/again", views.again, name="account_reauthenticate"),
    path("login/again/code", views.again_by_code, name="mfa_reauthenticate"),
    path("login/given-up", views.given_up, name="account_inactive"),
    path("login/given-up", views.given_up, name="account_signup"),
    path("login/given-up", views.given_up, name="socialaccount_login_cancelled"),
    path("login/given-up", views.given_up, name="socialaccount_login_error"),
    path("login/given-up", views.given_up, name="socialaccount_signup"),
    path("login/<slug:provider_id>", views.provider_login, name="openid_connect_login"),
    path("login/<slug:provider_id>/callback", views.provider_callback, name="openid_connect_callback"),
    path("logout", views.logout, name="logout"),
    path("profile/password", views.password, name="account_change_password"),
    path("profile/second-factor", views.add_second_factor, name="mfa_activate_totp"),
    path("profile/second-factor/remove", views.remove_second_factor, name="mfa_deactivate_totp"),
    path("profile/recovery-codes", views.recovery_codes, name="mfa_view_recovery_codes"),
    path("profile/recovery-codes/new", views.new_recovery_codes, name="mfa_generate_recovery_codes"),
]
