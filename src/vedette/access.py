"""Settings of access: how long a login lasts, and whose word for who somebody is we take."""

import ipaddress
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

ROLES = ("viewer", "operator", "administrator")
"""From the least to the most that somebody may do."""


class SessionSettings(BaseModel):
    """How long somebody stays logged in.

    Attributes:
        idle_days: without a request; an open page asks by itself.
        max_days: after the login, whatever happens.
        audit_days: how long it is kept who did what.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    idle_days: float = Field(default=14.0, ge=0.01, le=365)
    max_days: float = Field(default=60.0, ge=0.01, le=3650)
    audit_days: float = Field(default=400.0, ge=1, le=36500)


class OidcSettings(BaseModel):
    """Login by an OpenID Connect provider; off without an issuer.

    Attributes:
        issuer: address of the provider (HTTPS, except on loopback).
        client_id: how the provider knows us.
        client_secret: may be a reference (see `vedette.secrets.references`).
        name: what stands on the button.
        scopes: what is asked for.
        username_claim: the claim that names a user.
        match_usernames: a user of ours with that name is taken for the same person. Only where people cannot
            choose their names at the provider.
        admit_unknown: people whom we do not know get a user of their own at their first login.
        groups_claim: the claim that lists somebody's groups.
        roles: role by group; the strongest counts. When given, groups decide at every login.
        sites: site (its slug) by group; the first that fits counts.
        default_role: role of people whom no group fits; empty keeps them out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(default="", max_length=500)
    client_id: str = Field(default="", max_length=200)
    client_secret: SecretStr = SecretStr("")
    name: str = Field(default="single sign-on", min_length=1, max_length=40)
    scopes: tuple[str, ...] = ("openid", "profile")
    username_claim: str = "preferred_username"
    match_usernames: bool = False
    admit_unknown: bool = False
    groups_claim: str = "groups"
    roles: dict[str, str] = Field(default_factory=dict)
    sites: dict[str, str] = Field(default_factory=dict)
    default_role: str = ""

    @property
    def on(self) -> bool:
        """Whether there is a provider."""
        return bool(self.issuer)

    @field_validator("issuer", mode="after")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        parts = urlsplit(value)
        if not value or parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname)):
            return value.rstrip("/")
        raise ValueError("It must begin with https://")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.issuer and not self.client_id:
            raise ValueError("client_id is missing")
        for role in (*self.roles.values(), *filter(None, [self.default_role])):
            if role not in ROLES:
                raise ValueError(f"there is no role {role!r}, only {', '.join(ROLES)}")
        return self


def _loopback(host: str | None) -> bool:
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"
