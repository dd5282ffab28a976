"""Forms of django-allauth that differ here."""

from typing import Any

from allauth.account import forms as account
from django.core.validators import MaxLengthValidator

MAX_PASSWORD = 1024


class LoginForm(account.LoginForm):  # type: ignore[misc]
    """The field of the name is called as browsers and password managers know it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].validators.append(MaxLengthValidator(MAX_PASSWORD))

    def add_prefix(self, field_name: str) -> str:
        """The name of a field in the page."""
        return "username" if field_name == "login" else field_name
