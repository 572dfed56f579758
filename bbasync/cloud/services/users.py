"""The authenticated user and other users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.users import Account, Email
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["Users"]


class Users(Service):
    """The authenticated user and other users: `bb.users`."""

    async def get_current(self, *, fields: str | None = None) -> Account:
        """Return the authenticated user; for an access token, the app user that it acts as.

        Scope: account (OAuth), read:user:bitbucket (API token).
        """
        return await self._call(Account, "GET /user", query={"fields": fields})

    async def get(self, selected_user: str, *, fields: str | None = None) -> Account:
        """Return a user by UUID (in braces) or Atlassian account ID; NotFoundError for usernames.

        Scope: none (OAuth), read:user:bitbucket (API token).
        """
        return await self._call(Account, "GET /users/{selected_user}", (selected_user,), query={"fields": fields})

    @lists
    def list_emails(self, *, fields: str | None = None, paging: Paging | None = None) -> AsyncGenerator[Email]:
        """List the email addresses of the authenticated user, including unconfirmed ones.

        Scope: email (OAuth), read:user:bitbucket (API token).
        """
        return self._list(Email, "GET /user/emails", query={"fields": fields}, paging=paging)

    async def get_email(self, email: str, *, fields: str | None = None) -> Email:
        """Return an email address of the authenticated user.

        Scope: email (OAuth), read:user:bitbucket (API token).
        """
        return await self._call(Email, "GET /user/emails/{email}", (email,), query={"fields": fields})
