"""Sites, users and API tokens."""

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone


class Role(models.TextChoices):
    """What somebody may do; each includes what the one before it may (see `policy`)."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


class Site(models.Model):
    """A customer or a house: every camera, user and token belongs to one."""

    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    created = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def default(cls) -> "Site":
        """The site of an installation that has only one."""
        return cls.objects.get_or_create(slug="default", defaults={"name": "Home"})[0]


class UserManager(BaseUserManager["User"]):
    """Makes users."""

    def create_user(self, username: str, password: str | None = None, role: str = Role.VIEWER) -> "User":
        """Store a user of the default site with a hashed password (None: nobody can log in as them)."""
        user = self.model(username=username, role=role, site=Site.default())
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """Somebody who logs in. Rights come from the role by the policy, never from the row."""

    username = models.CharField(
        max_length=64,
        unique=True,
        validators=[RegexValidator(r"^[\w.@+-]+\Z", "Letters, digits and @.+-_ only.")],
    )
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="users")
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"

    @property
    def is_staff(self) -> bool:
        """Whether the admin opens for them."""
        return self.is_active and self.role == Role.ADMINISTRATOR

    def has_perm(self, perm: str, obj: object = None) -> bool:  # noqa: ARG002
        """Django's admin asks this; everything it shows is for administrators."""
        return self.is_staff

    def has_perms(self, perm_list: object, obj: object = None) -> bool:  # noqa: ARG002
        """Likewise."""
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:  # noqa: ARG002
        """Likewise."""
        return self.is_staff


class ApiToken(models.Model):
    """A bearer token: only the SHA-256 of its 256 random bits is stored."""

    name = models.CharField(max_length=120)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=16, editable=False, help_text="First characters, to recognise it.")
    created = models.DateTimeField(default=timezone.now, editable=False)
    last_used = models.DateTimeField(null=True, editable=False)
    expires = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
