"""Users against the fake of Bitbucket Cloud."""

from __future__ import annotations

import pytest

from bbasync import AccessToken, ApiToken, AuthenticationError, CloudSession, NotFoundError
from bbasync.cloud.models import AccountType
from bbasync.testing.cloud.server import FakeCloud
from bbasync.testing.recording import RecordingTransport, answer


async def test_the_current_user_is_found_by_either_id(fake: FakeCloud) -> None:
    async with CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url) as bb:
        me = await bb.users.get_current()
        assert me.type is AccountType.USER
        assert me.uuid is not None
        assert me.account_id is not None
        assert me.uuid == (await bb.users.get(me.uuid)).uuid == (await bb.users.get(me.account_id)).uuid
        assert me.nickname is not None
        with pytest.raises(NotFoundError):
            await bb.users.get(me.nickname)


async def test_an_access_token_stands_for_an_app_user(fake: FakeCloud) -> None:
    async with CloudSession(AccessToken(fake.access_tokens["acme"]), base_url=fake.url) as bb:
        assert (await bb.users.get_current()).type is AccountType.APP_USER


async def test_nobody_is_the_current_user_without_a_credential(fake: FakeCloud) -> None:
    async with CloudSession(base_url=fake.url) as bb:
        with pytest.raises(AuthenticationError):
            await bb.users.get_current()


async def test_emails_are_listed(fake: FakeCloud) -> None:
    async with CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url) as bb:
        emails = [email async for email in bb.users.list_emails()]
    assert [(email.email, email.is_primary, email.is_confirmed) for email in emails] == [(fake.email, True, True)]


async def test_an_address_is_one_segment_of_the_path() -> None:
    transport = RecordingTransport([answer('{"type": "email", "email": "me+a/b@example.org", "is_primary": false}')])
    async with CloudSession(ApiToken("me@example.org", "token"), transport=transport) as bb:
        email = await bb.users.get_email("me+a/b@example.org")
    assert transport.requests[0].url.endswith("/user/emails/me%2Ba%2Fb%40example.org")
    assert (email.is_primary, email.is_confirmed) == (False, None)
