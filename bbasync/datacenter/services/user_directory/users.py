"""Users as administrators see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.auth import Secret
from bbasync.datacenter.models.user_directory import DetailedUser, ErasedUser, UserDirectory
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["DirectoryUsers"]


class DirectoryUsers(Service):
    """Users, a part of `bb.user_directory`."""

    @lists
    def list_users(
        self, *, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[DetailedUser]:
        """List the users, with what administrators see of them.

        `filter_text` searches login names, display names and email addresses.

        Permission: LICENSED_USER.
        """
        return self._list(DetailedUser, "GET /api/latest/admin/users", query={"filter": filter_text}, paging=paging)

    async def create_user(
        self,
        *,
        name: str,
        display_name: str,
        email_address: str,
        password: str | None = None,
        add_to_default_group: bool | None = None,
        notify: bool | None = None,
    ) -> None:
        """Create a user; ConflictError if the login name is taken.

        Without `password`, `notify` must be true: the server asks the user by email to set one. `password` goes in the
        query of the URL, as the vendor has it, where logs of proxies may keep it: have the user change it.

        Permission: ADMIN.
        """
        await self._run(
            "POST /api/latest/admin/users",
            query={
                "name": name,
                "displayName": display_name,
                "emailAddress": email_address,
                "password": password and Secret(password),
                "addToDefaultGroup": add_to_default_group,
                "notify": notify,
            },
        )

    async def update_user(
        self, *, name: str, display_name: str | None = None, email: str | None = None
    ) -> DetailedUser:
        """Update the given details of the user with a login name.

        Permission: ADMIN.
        """
        return await self._call(
            DetailedUser,
            "PUT /api/latest/admin/users",
            json={"name": name, "displayName": display_name, "email": email},
        )

    async def rename_user(self, *, name: str, new_name: str) -> DetailedUser:
        """Change the login name of a user, and with it the slug.

        Permission: ADMIN.
        """
        return await self._call(
            DetailedUser, "POST /api/latest/admin/users/rename", json={"name": name, "newName": new_name}
        )

    async def delete_user(self, *, name: str) -> DetailedUser:
        """Delete a user; the permissions are removed seven days later.

        ConflictError if it is the authenticated user.

        Permission: ADMIN, and SYS_ADMIN for a user who has it.
        """
        return await self._call(DetailedUser, "DELETE /api/latest/admin/users", query={"name": name})

    async def update_password(self, *, name: str, password: str) -> None:
        """Set the password of a user.

        Permission: ADMIN, and SYS_ADMIN for a user who has it.
        """
        password = Secret(password)
        await self._run(
            "PUT /api/latest/admin/users/credentials",
            json={"name": name, "password": password, "passwordConfirm": password},
        )

    async def clear_captcha(self, *, name: str) -> None:
        """Let a user log in again who must solve a CAPTCHA after failed logins, and reset the count of those.

        Permission: ADMIN, and SYS_ADMIN for a user who has it.
        """
        await self._run("DELETE /api/latest/admin/users/captcha", query={"name": name})

    async def validate_erasure(self, *, name: str) -> None:
        """Check that a deleted user can be erased; ConflictError if the user was not deleted.

        Permission: ADMIN.
        """
        await self._run("GET /api/latest/admin/users/erasure", query={"name": name})

    async def erase_user(self, *, name: str) -> ErasedUser:
        """Erase the personal data of a deleted user irreversibly; ConflictError if the user was not deleted.

        Permission: ADMIN.
        """
        return await self._call(
            ErasedUser, "POST /api/latest/admin/users/erasure", query={"name": name}, repeatable=False
        )

    async def get_directories(self, *, include_inactive: bool | None = None) -> list[UserDirectory]:
        """Return the directories that users and groups come from.

        Permission: ADMIN.
        """
        return await self._call_each(
            UserDirectory, "GET /api/latest/admin/user-directories", query={"includeInactive": include_inactive}
        )
