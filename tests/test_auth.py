from __future__ import annotations

import base64
import traceback

import pytest

from bbasync import AccessToken, ApiToken, BasicAuth, CustomCredential
from bbasync.auth import Credential, Secret, credential_of

TOKEN = "ATATT3xSecretOfMine"


async def test_an_api_token_is_basic_with_the_email_address() -> None:
    credential = ApiToken("me@example.org", TOKEN)
    scheme, _, value = (await credential.authorization()).partition(" ")
    assert (scheme, base64.b64decode(value)) == ("Basic", f"me@example.org:{TOKEN}".encode())
    assert credential.principal == "me@example.org"


async def test_an_access_token_is_bearer_and_its_principal_is_a_hash() -> None:
    credential = AccessToken(TOKEN)
    assert await credential.authorization() == f"Bearer {TOKEN}"
    assert credential.principal == AccessToken(TOKEN).principal != AccessToken("other").principal
    assert TOKEN not in credential.principal


async def test_a_password_may_hold_anything() -> None:
    value = await BasicAuth("admin", " p:ä ").authorization()
    assert base64.b64decode(value.removeprefix("Basic ")).decode() == "admin: p:ä "


@pytest.mark.parametrize("token", ["", " x", "x\n", "a\r\nX-Evil: 1", "\x00"])
def test_a_token_that_cannot_be_right_is_refused_without_being_shown(token: str) -> None:
    for make in (lambda: ApiToken("me@example.org", token), lambda: AccessToken(token)):
        with pytest.raises(ValueError, match="the token is empty") as caught:
            make()
        assert not token.strip() or token.strip() not in str(caught.value)


@pytest.mark.parametrize("email", ["me", "me:x@example.org", "", "a@b\n"])
def test_an_api_token_wants_an_email_address(email: str) -> None:
    with pytest.raises(ValueError, match="email"):
        ApiToken(email, TOKEN)


@pytest.mark.parametrize("name", ["", "a:b", "a\n"])
def test_a_user_name_without_a_colon(name: str) -> None:
    with pytest.raises(ValueError, match="user name"):
        BasicAuth(name, "x")
    with pytest.raises(ValueError, match="password is empty"):
        BasicAuth("me", "")


async def test_a_callable_is_a_credential() -> None:
    async def source() -> str:
        return "Bearer fresh"

    credential = credential_of(source)
    assert await credential.authorization() == "Bearer fresh"
    assert credential.principal == "custom"
    assert credential_of(CustomCredential(source, "bot")).principal == "bot"
    with pytest.raises(TypeError, match="not int"):
        credential_of(5)  # type: ignore[arg-type]  # a wrong type is the test


async def test_no_credential_is_no_header() -> None:
    assert await credential_of(None).authorization() == ""


@pytest.mark.parametrize("credential", [ApiToken("me@example.org", TOKEN), AccessToken(TOKEN), BasicAuth("me", TOKEN)])
async def test_no_repr_shows_a_secret(credential: Credential) -> None:
    header = await credential.authorization()
    assert TOKEN not in repr(credential)
    assert repr(header) == "'***'"
    assert isinstance(header, Secret)

    def fail(header: str, token: str) -> None:
        raise RuntimeError

    try:
        fail(header, Secret(TOKEN))
    except RuntimeError as error:
        frames = traceback.TracebackException.from_exception(error, capture_locals=True)
        shown = "".join(line for frame in frames.stack for line in map(str, (frame.locals or {}).values()))
        assert header not in shown
