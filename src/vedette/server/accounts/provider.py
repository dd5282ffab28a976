"""What the claims of an OpenID Connect provider mean here: which user, role and site."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vedette.access import OidcSettings
from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.audit import audit_system
from vedette.server.accounts.models import Role, Site, User

_UNFIT = re.compile(r"[^\w.@+-]")
_MOST_GROUPS = 500


@dataclass(frozen=True, slots=True)
class Admission:
    """Somebody whom the provider knows and whom our settings let in.

    Attributes:
        username: the name they have there, as far as names here may look like it.
        role: by their groups; empty when our settings leave roles to the administrators.
        site: by their groups.
    """

    username: str
    role: str
    site: Site | None
    match_usernames: bool
    admit_unknown: bool
    default_role: str

    def match(self) -> User | None:
        """The user of ours with that name, where names are to be trusted."""
        if not self.match_usernames:
            return None
        return User.objects.filter(username=self.username).first()

    def fill(self, user: User) -> None:
        """Make a user of somebody unknown.

        Raises:
            ConfigurationError: unknown people stay out, or the name is another one's.
        """
        role = self.role or self.default_role
        if not self.admit_unknown or not role:
            raise ConfigurationError("You are not known here. Ask an administrator to let you in.")
        if not self.username or User.objects.filter(username=self.username).exists():
            raise ConfigurationError("There is another user of your name here. Ask an administrator.")
        user.username, user.role, user.site = self.username, role, self.site or Site.default()

    def refresh(self, user: User) -> None:
        """Give a known user the role and site that their groups have now."""
        role, site = self.role or user.role, self.site or user.site
        if (role, site.pk) == (user.role, user.site_id):
            return
        detail = {"role": role, "site": site.slug}
        user.role, user.site = role, site
        user.save(update_fields=["role", "site"])
        audit_system("user.changed", subject=user.username, detail=detail, site_id=site.pk, who="groups")


def admit(claims: Mapping[str, Any], wanted: OidcSettings) -> Admission:
    """Decide about somebody by what the provider says.

    Raises:
        ConfigurationError: their groups give them no role, and there is none for everybody.
    """
    groups = _groups(claims.get(wanted.groups_claim))
    role = strongest([wanted.roles[group] for group in groups if group in wanted.roles])
    if wanted.roles and not (role := role or wanted.default_role):
        raise ConfigurationError("None of your groups may log in here. Ask an administrator.")
    slug = next((slug for group, slug in wanted.sites.items() if group in groups), "")
    site = Site.objects.filter(slug=slug).first() if slug else None
    if slug and site is None:
        raise ConfigurationError(f"There is no site {slug!r} for your group. Ask an administrator.")
    name = _UNFIT.sub("", str(claims.get(wanted.username_claim) or ""))[:64]
    return Admission(name, role, site, wanted.match_usernames, wanted.admit_unknown, wanted.default_role)


def strongest(roles: list[str]) -> str:
    """The role that may most; empty for none."""
    return max(roles, key=Role.values.index, default="")


def _groups(claim: object) -> set[str]:
    if isinstance(claim, str):
        return set(claim.split())
    return {str(group) for group in claim[:_MOST_GROUPS]} if isinstance(claim, list) else set()
