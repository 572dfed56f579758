"""Users: the credential's own, and others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.account import Account
from bbasync.cloud.models.email import Email
from bbasync.cloud.query import page_fields
from bbasync.service import Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bbasync.paging import Paging

__all__ = ["Users"]


class Users(Service):
    """The credential's own user, and others: `bb.users`."""

    async def get_current(self, *, fields: str | None = None) -> Account:
        """Return the credential's own user; of an access token, the app user it stands for.

        Scope: account (OAuth), read:user:bitbucket (API token).
        """
        return await self._fetch(Account, self._build("GET", "/user", query={"fields": fields}))

    async def get(self, selected_user: str, *, fields: str | None = None) -> Account:
        """Return a user by UUID, in braces, or by Atlassian account id; user names are not found.

        Scope: none (OAuth), read:user:bitbucket (API token).
        """
        request = self._build("GET", "/users/{selected_user}", (selected_user,), query={"fields": fields})
        return await self._fetch(Account, request)

    async def list_emails(self, *, fields: str | None = None, paging: Paging | None = None) -> AsyncIterator[Email]:
        """List the e-mail addresses of the credential's own user, unconfirmed ones too.

        Scope: email (OAuth), read:user:bitbucket (API token).
        """
        request = self._build("GET", "/user/emails", query={"fields": page_fields(fields)})
        async with self._pages(Email, request, paging) as pages:
            async for page in pages:
                for email in page:
                    yield email

    async def get_email(self, email: str, *, fields: str | None = None) -> Email:
        """Return one e-mail address of the credential's own user.

        Scope: email (OAuth), read:user:bitbucket (API token).
        """
        request = self._build("GET", "/user/emails/{email}", (email,), query={"fields": fields})
        return await self._fetch(Email, request)
