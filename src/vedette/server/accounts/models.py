"""Sites, users, API tokens, share links, and who did what."""

import uuid
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

    def create_user(
        self,
        username: str,
        password: str | None = None,
        role: str = Role.VIEWER,
        site: Site | None = None,
        *,
        must_change_password: bool = False,
    ) -> "User":
        """Store a user (of the default site) with a hashed password (None: nobody can log in with one)."""
        user = self.model(
            username=username,
            role=role,
            site=site or Site.default(),
            must_change_password=must_change_password,
        )
        user.set_password(password)
        user.save(using=self._db)
        return user


class Limits(models.Model):
    """Which cameras somebody may see: all of the site, or only those that were chosen.

    That there is a choice is stored apart from the choice: when the last chosen camera is removed, nothing is
    left to see, rather than everything.
    """

    limited = models.BooleanField(default=False, help_text="May see the chosen cameras only.")
    cameras = models.ManyToManyField("cameras.Camera", blank=True, related_name="+")

    class Meta:
        abstract = True

    def camera_ids(self) -> frozenset[str] | None:
        """The ids of the chosen cameras; None when all may be seen."""
        return frozenset(self.cameras.values_list("id", flat=True)) if self.limited else None


class User(AbstractBaseUser, Limits):
    """Somebody who logs in. Rights come from the role by the policy, never from the row."""

    username = models.CharField(
        max_length=64,
        unique=True,
        validators=[RegexValidator(r"^[\w.@+-]+\Z", "Letters, digits and @.+-_ only.")],
    )
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="users")
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(
        default=False, help_text="Asks for a password of their own at the next login."
    )
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


class ApiToken(Limits):
    """A bearer token: only the SHA-256 of its 256 random bits is stored.

    A token of a user ends with them and never may more than they may.
    """

    name = models.CharField(max_length=120)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    scopes = models.JSONField(default=list, blank=True, help_text="Only these permissions of the role.")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="tokens")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=16, editable=False, help_text="First characters, to recognise it.")
    created = models.DateTimeField(default=timezone.now, editable=False)
    last_used = models.DateTimeField(null=True, editable=False)
    expires = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Share(models.Model):
    """A link that opens one thing for whoever holds it, until it expires or is withdrawn."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=32)
    subject = models.CharField(max_length=200)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    made_by = models.CharField(max_length=120)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="shares")
    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, null=True, related_name="+")
    created = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField()
    withdrawn = models.DateTimeField(null=True)
    last_opened = models.DateTimeField(null=True)
    opened = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @property
    def state(self) -> str:
        """`open`, `expired` or `withdrawn`."""
        if self.withdrawn is not None:
            return "withdrawn"
        return "open" if self.expires > timezone.now() else "expired"


class RemovedCamera(models.Model):
    """Of which site a camera was that is gone: what it left behind is still that site's."""

    id = models.CharField(primary_key=True, max_length=64)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    removed = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.id


class By(models.TextChoices):
    """What kind of somebody did something."""

    USER = "user"
    TOKEN = "token"  # noqa: S105  a word, not a password
    SHARE = "share"
    SYSTEM = "system"


class AuditEntry(models.Model):
    """Who did what, when, from where. Rows are only ever added, and go when they are old."""

    utc = models.DateTimeField(default=timezone.now)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="+")
    who = models.CharField(max_length=120, blank=True)
    by = models.CharField(max_length=8, choices=By.choices)
    action = models.CharField(max_length=64)
    camera = models.CharField(max_length=64, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)
    address = models.CharField(max_length=45, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("site", "-id"), name="audit_by_site"),
            models.Index(fields=("utc",), name="audit_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.who} {self.action} {self.subject}"
