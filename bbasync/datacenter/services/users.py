"""Users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.auth import Secret
from bbasync.datacenter.models.users import Avatar, User
from bbasync.request import Part
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from bbasync.datacenter.models.permissions import PermissionFilter
    from bbasync.paging import Paging
    from bbasync.request import Content, QueryValue

__all__ = ["Users"]


class Users(Service):
    """Users: `bb.users`.

    Administrators create and delete users with `bb.user_directory`. Methods that change the own account do not accept
    HTTP access tokens; use `BasicAuth`.
    """

    @lists
    def list(
        self,
        *,
        filter_text: str | None = None,
        group: str | None = None,
        permissions: Sequence[PermissionFilter] = (),
        paging: Paging | None = None,
    ) -> AsyncGenerator[User]:
        """List the users.

        `filter_text` searches login names, display names and email addresses. Users must be in `group` and have all of
        `permissions`.

        Permission: LICENSED_USER.
        """
        return self._list(
            User,
            "GET /api/latest/users",
            query={"filter": filter_text, "group": group, **_permission_query(permissions)},
            paging=paging,
        )

    async def get(self, user_slug: str) -> User:
        """Return a user by slug, which can differ from the login name.

        Permission: LICENSED_USER.
        """
        return await self._call(User, "GET /api/latest/users/{userSlug}", (user_slug,))

    async def update_current(
        self, *, display_name: str | None = None, email: str | None = None, password: str | None = None
    ) -> User:
        """Update the authenticated user; the server may require the current `password` to change the email address.

        Permission: none.
        """
        return await self._call(
            User,
            "PUT /api/latest/users",
            json={"displayName": display_name, "email": email, "password": password and Secret(password)},
        )

    async def update_password(self, *, old_password: str, password: str) -> None:
        """Set the password of the authenticated user; BadRequestError if the old one is wrong.

        Permission: none.
        """
        old_password, password = Secret(old_password), Secret(password)
        await self._run(
            "PUT /api/latest/users/credentials",
            json={"oldPassword": old_password, "password": password, "passwordConfirm": password},
            repeatable=False,  # the old password is wrong the second time
        )

    async def upload_avatar(self, user_slug: str, *, avatar: Content, content_type: str = "image/png") -> None:
        """Set the picture of a user, by default of at most 1 MB and 1024 by 1024 pixels.

        `avatar` is the image: bytes, a `Path` to read, or a function that opens a file in binary mode.

        Permission: none for oneself, ADMIN for others.
        """
        await self._run(
            "POST /api/latest/users/{userSlug}/avatar.png",
            (user_slug,),
            parts=(Part(name="avatar", content=avatar, filename="avatar", content_type=content_type),),
            repeatable=True,  # the second upload replaces the first
        )

    async def delete_avatar(self, user_slug: str) -> Avatar:
        """Delete the picture of a user and return the one shown in its place.

        Permission: none for oneself, ADMIN for others.
        """
        return await self._call(Avatar, "DELETE /api/latest/users/{userSlug}/avatar.png", (user_slug,))

    async def get_settings(self, user_slug: str) -> dict[str, object]:
        """Return the settings of a user, whose keys depend on the plugins of the server.

        Permission: none for oneself, ADMIN for others.
        """
        return await self._call(dict[str, object], "GET /api/latest/users/{userSlug}/settings", (user_slug,))

    async def update_settings(self, user_slug: str, *, settings: Mapping[str, str | int | bool]) -> None:
        """Set the given settings of a user; others remain.

        Permission: none for oneself, ADMIN for others.
        """
        await self._run(
            "POST /api/latest/users/{userSlug}/settings", (user_slug,), json=dict(settings), repeatable=True
        )


def _permission_query(filters: Sequence[PermissionFilter]) -> dict[str, QueryValue]:
    query: dict[str, QueryValue] = {}
    for number, one in enumerate(filters, 1):
        query[f"permission.{number}"] = one.permission
        query[f"permission.{number}.projectKey"] = one.project_key
        query[f"permission.{number}.repositorySlug"] = one.repository_slug
    return query
