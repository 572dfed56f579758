"""Obtaining tokens: each grant against a fake's token endpoint, over a socket."""

from __future__ import annotations

import base64
import hmac
import itertools
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import attrs
import orjson
import pytest

from bbasync import (
    AuthenticationError,
    AuthorizationExpiredError,
    BadRequestError,
    BitbucketError,
    CloudSession,
    DataCenterSession,
    DecodeError,
    OAuthClient,
    OAuthToken,
    RateTracker,
    ServerError,
    TransportError,
)
from bbasync.oauth import new_code_verifier
from bbasync.request import RawResponse, Request
from bbasync.testing import FakeCloud, FakeDataCenter, Fault, Faults
from bbasync.testing.recording import RecordingTransport, answer
from bbasync.transport import AiohttpTransport
from tests.granting import REDIRECT, agreed, asked, cloud_client, datacenter_client, due, visit
from tests.virtual import passing, virtual

GRANT = orjson.dumps({"access_token": "a", "expires_in": 3600, "refresh_token": "r"})


def replayed(*answers: RawResponse) -> tuple[OAuthClient, RecordingTransport]:
    transport = RecordingTransport(answers)
    return OAuthClient.cloud("id", "secret", transport=transport), transport


def form(request: Request) -> dict[str, str]:
    assert isinstance(request.body, bytes)
    return {name: value for name, (value,) in parse_qs(request.body.decode(), strict_parsing=True).items()}


# -- Cloud ------------------------------------------------------------------------------------------------------------


async def test_client_credentials_stand_for_the_application(fake: FakeCloud) -> None:
    credential = cloud_client(fake).client_credentials()
    async with CloudSession(credential, base_url=fake.url) as bb:
        response = await bb._send(bb._build("GET /user"))
        await bb.request("GET", "/user")
    assert response.headers["x-credential-type"] == "oauth2"
    assert [request.principal for request in fake.requests][1:] == ["app_user of fake-client"] * 2
    assert asked(fake) == 1


async def test_client_credentials_are_asked_for_again_where_others_are_refreshed(fake: FakeCloud) -> None:
    credential = cloud_client(fake).client_credentials()
    async with CloudSession(credential, base_url=fake.url) as bb:
        await bb.request("GET", "/user")
        fake.oauth.access_tokens.clear()
        await bb.request("GET", "/user")
    assert asked(fake) == 2


async def test_a_user_agrees_in_the_browser(fake: FakeCloud) -> None:
    client = cloud_client(fake)
    back = await visit(client.authorization_url(state="mine", redirect_uri=REDIRECT))
    assert back["state"] == "mine"
    token = await client.exchange(back["code"], redirect_uri=REDIRECT)
    assert token.scope == "account repository pullrequest"
    assert token.lifetime == 3600
    assert 3590 < token.expires_at - time.time() <= 3600
    async with CloudSession(client.credential(token), base_url=fake.url) as bb:
        assert await bb.request("GET", "/user")
    assert fake.requests[-1].principal == fake.email


async def test_the_code_of_another_redirect_is_refused(fake: FakeCloud) -> None:
    client = cloud_client(fake)
    back = await visit(client.authorization_url(state="mine", redirect_uri=REDIRECT))
    with pytest.raises(AuthorizationExpiredError):
        await client.exchange(back["code"], redirect_uri="http://127.0.0.1:1/elsewhere")


async def test_a_code_is_good_for_one_use(fake: FakeCloud) -> None:
    client, code = cloud_client(fake), fake.oauth.authorize()
    await client.exchange(code)
    with pytest.raises(AuthorizationExpiredError, match="authorise again") as caught:
        await client.exchange(code)
    assert caught.value.status == 400
    assert code not in str(caught.value)


async def test_refresh_tokens_rotate_and_each_pair_is_stored(fake: FakeCloud) -> None:
    stored: list[OAuthToken] = []

    async def store(token: OAuthToken) -> None:
        stored.append(token)

    first = await agreed(fake)
    credential = cloud_client(fake).credential(first, on_renew=store)
    for _ in range(3):
        await credential.renew(await credential.authorization())
    pairs = [first, *stored]
    assert len({pair.refresh_token for pair in pairs}) == len({pair.access_token for pair in pairs}) == 4
    assert fake.oauth.refresh_tokens == {stored[-1].refresh_token}, "the others are used up"


async def test_a_refresh_token_that_is_used_up_says_to_authorise_again(fake: FakeCloud) -> None:
    token = due(await agreed(fake))
    await cloud_client(fake).credential(token).authorization()
    async with CloudSession(cloud_client(fake).credential(token), base_url=fake.url) as bb:
        with pytest.raises(AuthorizationExpiredError, match="authorise again"):
            await bb.request("GET", "/user")
    assert asked(fake) == 3, "a refusal is final"


async def test_a_server_that_does_not_rotate_goes_on_with_the_same_refresh_token() -> None:
    client, transport = replayed(
        answer(orjson.dumps({"access_token": "b", "expires_in": 3600})),
        answer(orjson.dumps({"access_token": "c", "expires_in": 3600})),
    )
    credential = client.credential(OAuthToken(access_token="a", refresh_token="r", expires_at=0, lifetime=0))
    assert await credential.authorization() == "Bearer b"
    assert await credential.renew("Bearer b")
    assert await credential.authorization() == "Bearer c"
    assert [form(request) for request in transport.requests] == [
        {"grant_type": "refresh_token", "refresh_token": "r"}
    ] * 2


async def test_a_token_without_a_refresh_token_is_told_apart_before_anything_is_sent() -> None:
    client, transport = replayed()
    credential = client.credential(OAuthToken(access_token="a", expires_at=0, lifetime=0))
    with pytest.raises(
        AuthorizationExpiredError, match=r"^the token has expired and has no refresh_token: authorise again$"
    ) as caught:
        await credential.authorization()
    assert caught.value.status == 401
    assert transport.requests == []


def test_a_credential_spends_the_budget_of_its_principal_by_default_the_application() -> None:
    client, _ = replayed()

    async def make_jwt() -> str:
        raise AssertionError("nothing is sent")

    token = OAuthToken(access_token="a", expires_at=0, lifetime=0)
    for principal, expected in ((None, "id"), ("", "id"), ("ada", "ada")):
        assert client.credential(token, principal=principal).principal == expected
        assert client.client_credentials(principal=principal).principal == expected
        assert client.jwt_bearer(make_jwt, principal=principal).principal == expected


def signed(secret: str, **claims: object) -> str:
    """Return a JWT as a Connect app signs it."""
    parts = [{"alg": "HS256", "typ": "JWT"}, claims]
    packed = b".".join(base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(secret.encode(), packed, "sha256")).rstrip(b"=")
    return f"{packed.decode()}.{signature.decode()}"


async def test_a_jwt_is_made_anew_for_each_grant(fake: FakeCloud) -> None:
    made: list[str] = []

    async def make_jwt() -> str:
        made.append(signed(fake.oauth.client_secret, iss=fake.oauth.client_id, sub="{uuid}", exp=time.time() + 60))
        return made[-1]

    async with CloudSession(cloud_client(fake).jwt_bearer(make_jwt), base_url=fake.url) as bb:
        await bb.request("GET", "/user")
        fake.oauth.access_tokens.clear()
        await bb.request("GET", "/user")
    assert len(made) == asked(fake) == 2
    assert fake.requests[-1].principal == "{uuid}"


async def test_a_jwt_that_is_signed_with_another_secret_is_an_authentication_error(fake: FakeCloud) -> None:
    jwt = signed("another", iss=fake.oauth.client_id, sub="{uuid}", exp=time.time() + 60)

    async def make_jwt() -> str:
        return jwt

    with pytest.raises(AuthenticationError, match="not signed with the shared secret"):
        await cloud_client(fake).jwt_bearer(make_jwt).authorization()
    assert asked(fake) == 1, "the same JWT is not sent twice"


async def test_an_unknown_client_is_no_reason_to_authorise_again(fake: FakeCloud) -> None:
    client = OAuthClient.cloud(fake.oauth.client_id, "wrong", base_url=fake.origin)
    token = due(await agreed(fake))
    for credential in (client.client_credentials(), client.credential(token)):
        with pytest.raises(AuthenticationError, match="check the client ID and secret") as caught:
            await credential.authorization()
        assert not isinstance(caught.value, AuthorizationExpiredError)
    assert asked(fake) == 3
    assert token.refresh_token in fake.oauth.refresh_tokens, "it is still good"


# -- Data Center ------------------------------------------------------------------------------------------------------


async def test_data_center_binds_the_code_to_a_verifier(datacenter: FakeDataCenter) -> None:
    client, verifier = datacenter_client(datacenter), new_code_verifier()

    async def code() -> str:
        url = client.authorization_url(
            state="mine", redirect_uri=REDIRECT, scopes=["REPO_READ", "ACCOUNT_WRITE"], code_verifier=verifier
        )
        assert verifier not in url
        return (await visit(url))["code"]

    for wrong in (None, new_code_verifier()):
        with pytest.raises(AuthorizationExpiredError):
            await client.exchange(await code(), redirect_uri=REDIRECT, code_verifier=wrong)
    token = await client.exchange(await code(), redirect_uri=REDIRECT, code_verifier=verifier)
    assert token.scope == "REPO_READ ACCOUNT_WRITE"
    async with DataCenterSession(client.credential(token), base_url=datacenter.url) as bb:
        assert [project.key async for project in bb.projects.list()] == ["PRJ", "OPS"]
    assert (datacenter.requests[-1].credential, datacenter.requests[-1].principal) == ("oauth2", datacenter.username)


async def test_data_center_gets_the_secret_in_the_form_and_rotates_refresh_tokens(datacenter: FakeDataCenter) -> None:
    client = datacenter_client(datacenter)
    code = datacenter.oauth.authorize({"redirect_uri": REDIRECT})
    token = await client.exchange(code, redirect_uri=REDIRECT)
    async with DataCenterSession(client.credential(due(token)), base_url=datacenter.url) as bb:
        await bb.request("GET", "/api/latest/users")
        datacenter.oauth.access_tokens.clear()
        await bb.request("GET", "/api/latest/users")
    assert asked(datacenter) == 3
    assert datacenter.oauth.issued == 3
    assert token.refresh_token not in datacenter.oauth.refresh_tokens

    transport = RecordingTransport([answer(GRANT)])
    await OAuthClient.data_center("https://host/bitbucket/", "id", "secret", transport=transport).exchange("x")
    (sent,) = transport.requests
    assert sent.url == "https://host/bitbucket/rest/oauth2/latest/token"
    assert "Authorization" not in sent.headers
    expected = {"grant_type": "authorization_code", "code": "x", "client_id": "id", "client_secret": "secret"}
    assert form(sent) == expected


async def test_data_center_revokes_a_token_and_its_refresh_token(datacenter: FakeDataCenter) -> None:
    client = datacenter_client(datacenter)
    token, other = [
        await client.exchange(datacenter.oauth.authorize({"redirect_uri": REDIRECT}), redirect_uri=REDIRECT)
        for _ in range(2)
    ]
    for _ in range(2):  # a token that is invalid already is no error
        await client.revoke(token)
    assert set(datacenter.oauth.access_tokens) == {other.access_token}
    assert datacenter.oauth.refresh_tokens == {other.refresh_token}
    with pytest.raises(AuthorizationExpiredError):
        await client.refresh(token)
    stranger = OAuthClient.data_center(datacenter.url, "fake-client", "wrong")
    with pytest.raises(AuthenticationError, match="check the client ID and secret"):
        await stranger.revoke(other)
    assert datacenter.oauth.refresh_tokens == {other.refresh_token}


async def test_a_revocation_is_that_of_rfc_7009() -> None:
    transport = RecordingTransport([answer(b"")] * 3)
    client = OAuthClient.data_center("https://host/bitbucket/", "id", "secret", transport=transport)
    both = OAuthToken(access_token="a", refresh_token="r", expires_at=0, lifetime=0)
    await client.revoke(both)
    await client.revoke(attrs.evolve(both, refresh_token=None))
    assert {request.url for request in transport.requests} == {"https://host/bitbucket/rest/oauth2/latest/revoke"}
    secret = {"client_id": "id", "client_secret": "secret"}
    refresh = {"token": "r", "token_type_hint": "refresh_token"}
    access = {"token": "a", "token_type_hint": "access_token"}
    assert [form(request) for request in transport.requests] == [refresh | secret, access | secret, access | secret]


async def test_cloud_has_no_way_to_revoke_a_token() -> None:
    client, transport = replayed()
    with pytest.raises(ValueError, match=r"^Bitbucket Cloud has no endpoint that revokes tokens$"):
        await client.revoke(OAuthToken(access_token="a", expires_at=0, lifetime=0))
    assert transport.requests == []


# -- the page on which a user agrees ----------------------------------------------------------------------------------


def test_the_page_is_asked_with_what_the_product_wants() -> None:
    cloud = urlsplit(OAuthClient.cloud("id", "secret").authorization_url(state="a&b"))
    assert (cloud.scheme, cloud.netloc, cloud.path) == ("https", "bitbucket.org", "/site/oauth2/authorize")
    assert parse_qs(cloud.query, keep_blank_values=True) == {
        "response_type": ["code"],
        "client_id": ["id"],
        "state": ["a&b"],
    }
    client = OAuthClient.data_center("https://host/bitbucket/", "id", "secret")
    page = urlsplit(client.authorization_url(state="s", redirect_uri=REDIRECT, scopes=["REPO_READ", "REPO_WRITE"]))
    assert page.path == "/bitbucket/rest/oauth2/latest/authorize"
    assert parse_qs(page.query)["scope"] == ["REPO_READ REPO_WRITE"]
    assert parse_qs(page.query)["redirect_uri"] == [REDIRECT]


def test_the_challenge_is_that_of_rfc_7636() -> None:
    """Appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    url = OAuthClient.cloud("id", "secret").authorization_url(state="s", code_verifier=verifier)
    query = parse_qs(urlsplit(url).query)
    assert query["code_challenge"] == ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"]
    assert query["code_challenge_method"] == ["S256"]
    assert 43 <= len(new_code_verifier()) <= 128
    assert new_code_verifier() != new_code_verifier()


async def test_the_pages_of_the_fakes_refuse_what_the_vendor_would(fake: FakeCloud, datacenter: FakeDataCenter) -> None:
    stranger = OAuthClient.cloud("stranger", "secret", base_url=fake.origin)
    ours, theirs = cloud_client(fake), datacenter_client(datacenter)
    refused = {
        stranger.authorization_url(state="s", redirect_uri=REDIRECT): "Invalid client_id",
        ours.authorization_url(state="s"): "no callback URL",
        theirs.authorization_url(state="s", redirect_uri=REDIRECT): "Invalid scope",
        theirs.authorization_url(state="s", redirect_uri=REDIRECT, scopes=["ALL"]): "Invalid scope",
        theirs.authorization_url(state="s", redirect_uri=REDIRECT, scopes=["REPO_READ"])
        + "&code_challenge=x&code_challenge_method=plain": "Invalid code_challenge_method",
    }
    async with aiohttp.ClientSession() as http:
        for url, words in refused.items():
            async with http.get(url, allow_redirects=False) as response:
                assert response.status == 400
                assert words in await response.text()
    fake.oauth.agrees = False
    back = await visit(ours.authorization_url(state="s", redirect_uri=REDIRECT))
    assert back == {"error": "access_denied", "state": "s"}


# -- what goes wrong at the token endpoint ----------------------------------------------------------------------------


@virtual
async def test_a_token_endpoint_that_fails_is_asked_four_times() -> None:
    for failure in (answer(b"", 503), answer(b"<html>", 502, {"Content-Type": "text/html"}), answer(b'{"access_')):
        client, transport = replayed(failure, failure, failure, answer(GRANT))
        assert (await client.exchange("x")).access_token == "a"
        assert [form(request)["code"] for request in transport.requests] == ["x"] * 4
        client, transport = replayed(*[failure] * 5)
        with pytest.raises((ServerError, DecodeError)):
            await client.exchange("x")
        assert len(transport.requests) == 4


async def test_a_connection_that_is_dropped_before_the_answer_was_made_costs_nothing(fake: FakeCloud) -> None:
    token = due(await agreed(fake))
    fake.faults = Faults([Fault("disconnect", path="*/access_token")])
    async with CloudSession(cloud_client(fake).credential(token), base_url=fake.url) as bb:
        await passing(bb.request("GET", "/user"))
    assert fake.faults.struck == 1
    assert fake.oauth.issued == 2


async def test_an_answer_that_is_lost_takes_the_refresh_token_with_it(fake: FakeCloud) -> None:
    token = due(await agreed(fake))
    fake.faults = Faults([Fault("disconnect", path="*/access_token", handled=True)])
    async with CloudSession(cloud_client(fake).credential(token), base_url=fake.url) as bb:
        with pytest.raises(AuthorizationExpiredError, match="authorise again"):
            await passing(bb.request("GET", "/user"))
    assert asked(fake) == 3, "the second request for the same pair is the refused one"


@virtual
async def test_a_token_endpoint_that_cannot_be_reached_is_a_transport_error() -> None:
    def refuse(request: Request) -> RawResponse:
        raise TransportError("cannot connect", method=request.method, template=request.template, sent=False)

    transport = RecordingTransport(refuse)
    with pytest.raises(TransportError, match="POST /site/oauth2/access_token: cannot connect"):
        await OAuthClient.cloud("id", "secret", transport=transport).exchange("x")
    assert len(transport.requests) == 4


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"access_token": None},
        {"access_token": ""},
        {"access_token": "a\r\nX-Evil: 1"},
        {"access_token": "a b"},
        {"access_token": "a", "refresh_token": "r\n"},
        {"access_token": "a", "refresh_token": ""},
        {"access_token": "a", "token_type": "mac"},
    ],
)
async def test_a_token_that_cannot_be_sent_is_a_decode_error(told: dict[str, object]) -> None:
    client, _ = replayed(answer(orjson.dumps({"expires_in": 3600, **told})))
    with pytest.raises(DecodeError, match=r"^POST /site/oauth2/access_token: .* token that cannot be sent$") as caught:
        await client.exchange("x")
    assert caught.value.body == b""


async def test_the_scopes_are_read_under_their_former_name_too() -> None:
    client, _ = replayed(answer(orjson.dumps({"access_token": "a", "scopes": "account"})))
    assert (await client.exchange("x")).scope == "account"


async def test_the_body_of_a_response_that_is_not_json_is_dropped() -> None:
    client, _ = replayed(*[answer(b'{"access_token": "a"')] * 4)
    with pytest.raises(DecodeError) as caught:
        await passing(client.exchange("x"))
    assert caught.value.body == b""


@pytest.mark.parametrize(
    ("told", "lifetime"),
    [(None, 3600), ("7200", 7200), ("soon", 3600), ("nan", 3600), ([], 3600), (0, 10), (-5, 10), (7200, 7200)],
)
async def test_a_lifetime_that_is_missing_text_or_absurd_loses_no_token(told: object, lifetime: float) -> None:
    body = {"access_token": "a", "refresh_token": "r", "token_type": "Bearer"}
    client, _ = replayed(answer(orjson.dumps(body if told is None else {**body, "expires_in": told})))
    token = await client.exchange("x")
    assert (token.access_token, token.refresh_token, token.lifetime) == ("a", "r", lifetime)
    assert token.scope == ""


async def test_an_error_without_a_reason_says_so() -> None:
    for body in (b"{}", b'{"error_description": ""}', b"[]"):
        client, _ = replayed(answer(body, 400))
        with pytest.raises(BadRequestError, match=r"400: the server gave no reason$"):
            await client.exchange("x")


async def test_an_unknown_client_is_an_authentication_error_with_any_status() -> None:
    client, _ = replayed(answer(b'{"error": "invalid_client"}', 400))
    with pytest.raises(
        AuthenticationError, match=r"^POST .*: 400: invalid_client \(check the client ID and secret\)$"
    ) as caught:
        await client.exchange("x")
    assert caught.value.details.data == {"error": "invalid_client"}


async def test_the_token_endpoint_never_redirects() -> None:
    client, transport = replayed(answer(b"", 307, {"Location": "https://elsewhere.example/token"}))
    with pytest.raises(TransportError, match="not sent to another address"):
        await client.exchange("x")
    assert len(transport.requests) == 1


async def test_a_secret_does_not_go_over_plain_http() -> None:
    transport = RecordingTransport()
    client = OAuthClient.data_center("http://host/bitbucket", "id", "secret", transport=transport)
    with pytest.raises(ValueError, match="unencrypted"):
        await client.exchange("x")
    assert transport.requests == []


async def test_a_transport_that_was_passed_serves_every_renewal(fake: FakeCloud) -> None:
    transport = AiohttpTransport()
    client = cloud_client(fake, transport=transport)
    try:
        token = await client.exchange(fake.oauth.authorize())
        assert await client.credential(due(token)).authorization()
    finally:
        await transport.close()


# -- the token as a value ---------------------------------------------------------------------------------------------


def test_a_token_is_made_by_names_and_shows_no_secret() -> None:
    token = OAuthToken(access_token="a", refresh_token="r", expires_at=1.5, lifetime=3600)
    assert repr(token) == "OAuthToken(expires_at=1.5, lifetime=3600, scope='')"
    assert OAuthToken(access_token="a", expires_at=1.5, lifetime=3600).refresh_token is None
    make: Any = OAuthToken
    with pytest.raises(TypeError):
        make("a", 1.5, 3600)


async def test_a_token_without_a_refresh_token_cannot_be_refreshed() -> None:
    client, transport = replayed()
    with pytest.raises(ValueError, match=r"^the token has no refresh_token: authorise with a grant that issues one$"):
        await client.refresh(OAuthToken(access_token="a", expires_at=0, lifetime=0))
    assert transport.requests == []


@pytest.mark.parametrize("refresh_token", ["r", None])
def test_a_token_survives_being_stored(refresh_token: str | None) -> None:
    token = OAuthToken(access_token="a", refresh_token=refresh_token, expires_at=1.5, lifetime=3600, scope="x y")
    for dumps in (json.dumps, orjson.dumps):
        again = OAuthToken(**json.loads(dumps(attrs.asdict(token))))
        assert again == token
        assert type(again.access_token) is type(token.access_token)


@pytest.mark.parametrize(
    ("lifetime", "wall", "is_due"),
    [
        (3600, 10_000 - 61, False),
        (3600, 10_000 - 60, True),
        (3600, 10_001, True),
        (100, 10_000 - 11, False),
        (100, 10_000 - 10, True),
        (0, 9_999, False),
        (0, 10_000, True),
    ],
)
def test_a_token_is_due_a_minute_before_its_end_or_a_tenth_of_its_life(
    lifetime: float, wall: float, is_due: bool
) -> None:
    token = OAuthToken(access_token="a", expires_at=10_000, lifetime=lifetime)
    assert token.is_due(wall) is is_due


async def test_the_end_is_counted_from_before_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(1000.0, 1000.0)
    monkeypatch.setattr("bbasync.oauth.time.time", lambda: next(clock))
    client, _ = replayed(answer(GRANT))
    assert (await client.exchange("x")).expires_at == 4600.0


def test_errors_of_oauth_are_caught_with_the_others() -> None:
    assert issubclass(AuthorizationExpiredError, AuthenticationError)
    assert issubclass(AuthenticationError, BitbucketError)


async def test_each_user_of_one_application_has_a_budget_of_their_own() -> None:
    client, rates = OAuthClient.cloud("app", "secret"), RateTracker()
    for principal in ("ada", "grace", None):
        token = OAuthToken(access_token="a", expires_at=4e9, lifetime=3600)
        credential = client.credential(token, principal=principal)
        transport = RecordingTransport(lambda _: answer())
        async with CloudSession(credential, transport=transport, rates=rates) as bb:
            await bb.request("GET", "/user")
    assert [(state.principal, state.spent) for state in rates.snapshot()] == [("ada", 1), ("grace", 1), ("app", 1)]
