"""Forms of django-allauth that differ here."""

from allauth.account import forms as account


class LoginForm(account.LoginForm):  # type: ignore[misc]
    """The field of the name is called as browsers and password managers know it."""

    def add_prefix(self, field_name: str) -> str:
        """The name of a field in the page."""
        return "username" if field_name == "login" else field_name
