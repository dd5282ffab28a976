"""Login and logout."""

from django.contrib.auth.views import LoginView, LogoutView

from vedette.server.accounts.policy import Permission, needs, public

login = public(LoginView.as_view(template_name="accounts/login.html", redirect_authenticated_user=True))
logout = needs(Permission.VIEW)(LogoutView.as_view())
