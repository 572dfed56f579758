"""A credential that renews itself: once for everybody, and stored before it is used."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import attrs
import pytest

from bbasync import (
    AuthenticationError,
    AuthorizationExpiredError,
    CloudSession,
    ConcurrencyLimiter,
    DataCenterSession,
    OAuthCredential,
    OAuthToken,
    PermissionDeniedError,
    RateLimitError,
    RateTracker,
    Rolling,
)
from bbasync.auth import CredentialLike
from bbasync.testing import FakeCloud, FakeDataCenter
from tests.granting import (
    REDIRECT,
    Doorkeeper,
    Issuer,
    agreed,
    asked,
    cloud_client,
    datacenter_client,
    due,
    issue,
    quiet,
)
from tests.virtual import settle, virtual
from tests.waiting import PATIENCE

TASKS = 1000
SESSIONS = 4


async def call_at_once(credential: CredentialLike, **options: Any) -> list[object]:
    """Let 1,000 tasks of four sessions, each with a budget of its own, call at once."""
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(CloudSession(credential, **options)) for _ in range(SESSIONS)]
        return await asyncio.gather(*(sessions[n % SESSIONS].request("GET", "/user") for n in range(TASKS)))


def session(credential: CredentialLike, transport: Any, **options: Any) -> CloudSession:
    return CloudSession(credential, transport=transport, **options)


class Stored:
    """Where `on_renew` stores pairs; it fails as often as it is told to, and waits for its gate."""

    def __init__(self, failures: int = 0) -> None:
        self.pairs: list[OAuthToken] = []
        self.tried: list[OAuthToken] = []
        self.failures = failures
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, token: OAuthToken) -> None:
        self.tried.append(token)
        await self.gate.wait()
        if len(self.tried) <= self.failures:
            raise OSError("disk full")
        self.pairs.append(token)


# -- one renewal for everybody ----------------------------------------------------------------------------------------


async def test_a_thousand_tasks_meet_a_token_that_is_due_and_one_refresh_serves_them(fake: FakeCloud) -> None:
    stored, token = Stored(), due(await agreed(fake))
    fake.oauth.access_tokens.clear()
    fake.requests.clear()
    answers = await call_at_once(cloud_client(fake).credential(token, on_renew=stored), base_url=fake.url)
    assert len(answers) == TASKS
    assert asked(fake) == 1
    assert [request.status for request in fake.requests] == [200] * (TASKS + 1), "the old token was never sent"
    (pair,) = stored.pairs
    assert pair.refresh_token not in {None, token.refresh_token}
    assert fake.oauth.refresh_tokens == {pair.refresh_token}


async def test_a_thousand_tasks_meet_a_token_that_was_revoked_and_one_refresh_serves_them(fake: FakeCloud) -> None:
    stored, token = Stored(), await agreed(fake)
    fake.oauth.access_tokens.clear()
    fake.requests.clear()
    answers = await call_at_once(cloud_client(fake).credential(token, on_renew=stored), base_url=fake.url)
    assert len(answers) == TASKS
    assert asked(fake) == len(stored.pairs) == 1
    refused = sum(request.status == 401 for request in fake.requests)
    assert 1 <= refused <= 2 * 16 * SESSIONS, "whoever has not been sent waits for the renewal"
    assert sum(request.status == 200 for request in fake.requests) == TASKS + 1


@virtual
async def test_a_thousand_refusals_are_one_renewal() -> None:
    door, issuer = Doorkeeper("access-2", crowd=TASKS), Issuer()
    issuer.gate.set()
    credential = OAuthCredential(issuer, principal="bot", token=issue(1))
    answers = await call_at_once(credential, transport=door, limiter=ConcurrencyLimiter(TASKS))
    assert len(answers) == TASKS
    assert door.sent == ["access-1"] * TASKS + ["access-2"] * TASKS
    assert issuer.asked == [issue(1)]


@virtual
async def test_a_refusal_that_comes_late_finds_the_new_token() -> None:
    issuer = Issuer()
    issuer.gate.set()
    credential = OAuthCredential(issuer, principal="bot", token=issue(1))
    refused = await credential.authorization()
    assert await credential.renew(refused)
    assert await credential.renew(refused), "there is another value by now"
    assert await credential.authorization() == "Bearer access-2"
    assert len(issuer.asked) == 1
    assert await credential.renew("Bearer access-2")
    assert await credential.authorization() == "Bearer access-3"
    assert issuer.asked == [issue(1), issue(2)], "each is asked for with the one before"


@virtual
async def test_a_renewal_is_over_for_all_when_it_fails_and_a_second_later_a_call_begins_another() -> None:
    door, failures = Doorkeeper("access-2"), [AuthenticationError("the client is unknown", status=401)]

    async def obtain(_last: OAuthToken | None) -> OAuthToken:
        await asyncio.sleep(1)
        if failures:
            raise failures.pop()
        return issue(2)

    wall = asyncio.get_running_loop().time
    bb = session(OAuthCredential(obtain, principal="bot", token=due(issue(1)), wall=wall), door)
    async with bb, quiet():
        outcomes = await asyncio.gather(*(bb.request("GET", "/user") for _ in range(10)), return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {AuthenticationError}
        with pytest.raises(AuthenticationError):
            await bb.request("GET", "/user")
        assert door.sent == []
        assert not failures, "it was asked for once"
        await asyncio.sleep(1)
        assert await bb.request("GET", "/user") == {"type": "user"}


# -- cancellation and closing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [due(issue(1)), issue(1)], ids=["due", "refused"])
def test_the_task_that_began_the_renewal_is_cancelled_and_the_others_get_its_token(token: OAuthToken) -> None:
    @virtual
    async def check() -> None:
        door, issuer, stored = Doorkeeper("access-2"), Issuer(), Stored()
        bb = session(OAuthCredential(issuer, principal="bot", token=token, on_renew=stored), door)
        async with bb, quiet():
            first, *others = [asyncio.create_task(bb.request("GET", "/user")) for _ in range(5)]
            await settle()
            assert len(issuer.asked) == 1
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            issuer.gate.set()
            assert await asyncio.gather(*others) == [{"type": "user"}] * 4
        assert len(issuer.asked) == len(stored.pairs) == 1
        assert bb.limiter.in_flight == 0

    check()


@virtual
async def test_all_tasks_are_cancelled_and_the_pair_is_stored_all_the_same() -> None:
    door, issuer, stored = Doorkeeper("access-2"), Issuer(), Stored()
    bb = session(OAuthCredential(issuer, principal="bot", token=due(issue(1)), on_renew=stored), door)
    async with bb, quiet():
        tasks = [asyncio.create_task(bb.request("GET", "/user")) for _ in range(20)]
        await settle()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert bb.limiter.in_flight == bb.limiter.waiting == 0
        assert bb.rates.snapshot()[0].spent == 0
        issuer.gate.set()
        await settle()
        assert stored.pairs == [issue(2)]
        assert await bb.request("GET", "/user") == {"type": "user"}
    assert len(issuer.asked) == 1


@virtual
async def test_a_session_that_is_closed_waits_until_the_pair_is_stored() -> None:
    door, issuer, stored = Doorkeeper("access-2"), Issuer(), Stored()
    stored.gate.clear()
    bb = session(OAuthCredential(issuer, principal="bot", token=due(issue(1)), on_renew=stored), door)
    async with quiet():
        task = asyncio.create_task(bb.request("GET", "/user"))
        await settle()
        task.cancel()
        closing = asyncio.create_task(bb.close())
        await settle()
        issuer.gate.set()
        await settle()
        assert stored.tried == [issue(2)]
        assert not closing.done()
        stored.gate.set()
        await closing
        assert stored.pairs == [issue(2)]
    assert door.sent == []


@virtual
async def test_a_session_that_is_closed_leaves_the_credential_to_the_others() -> None:
    door, issuer = Doorkeeper("access-2"), Issuer()
    issuer.gate.set()
    credential = OAuthCredential(issuer, principal="bot", token=due(issue(1)))
    async with session(credential, door) as other:
        async with session(credential, door) as bb:
            await bb.request("GET", "/user")
        await other.request("GET", "/user")
    assert len(issuer.asked) == 1


# -- stored before it is used -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [due(issue(1)), issue(1)], ids=["due", "refused"])
def test_nothing_is_sent_with_a_pair_that_is_not_stored(token: OAuthToken) -> None:
    @virtual
    async def check() -> None:
        door, issuer, stored = Doorkeeper("access-2"), Issuer(), Stored()
        stored.gate.clear()
        issuer.gate.set()
        bb = session(OAuthCredential(issuer, principal="bot", token=token, on_renew=stored), door)
        async with bb:
            tasks = [asyncio.create_task(bb.request("GET", "/user")) for _ in range(5)]
            await settle()
            assert stored.tried == [issue(2)]
            assert "access-2" not in door.sent
            stored.gate.set()
            await asyncio.gather(*tasks)
        assert door.sent.count("access-2") == 5

    check()


@pytest.mark.parametrize("token", [due(issue(1)), issue(1)], ids=["due", "refused"])
def test_a_pair_that_could_not_be_stored_is_stored_at_the_next_call(token: OAuthToken) -> None:
    @virtual
    async def check() -> None:
        door, issuer, stored = Doorkeeper("access-2"), Issuer(), Stored(failures=2)
        issuer.gate.set()
        bb = session(OAuthCredential(issuer, principal="bot", token=token, on_renew=stored), door)
        async with bb, quiet():
            for _ in range(2):
                with pytest.raises(OSError, match="disk full"):
                    await bb.request("GET", "/user")
            assert "access-2" not in door.sent
            await bb.request("GET", "/user")
        assert stored.tried == [issue(2)] * 3
        assert stored.pairs == [issue(2)]
        assert issuer.asked == [token], "there is no second refresh"
        assert bb.limiter.in_flight == 0

    check()


CRASHING = """
import asyncio, json, os, signal, sys
import attrs
from bbasync import CloudSession, OAuthClient, OAuthToken

async def main(origin, client_id, client_secret, path, when):
    async def store(token):
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        with open(path, "w") as file:
            json.dump(attrs.asdict(token), file)
        os.kill(os.getpid(), signal.SIGKILL)

    client = OAuthClient.cloud(client_id, client_secret, base_url=origin)
    with open(path) as file:
        credential = client.credential(OAuthToken(**json.load(file)), on_renew=store)
    async with CloudSession(credential, base_url=origin + "/2.0") as bb:
        await bb.request("GET", "/user")

asyncio.run(main(*sys.argv[1:]))
"""


def save(token: OAuthToken, path: Path) -> None:
    path.write_text(json.dumps(attrs.asdict(token)), encoding="utf-8")


def load(path: Path) -> OAuthToken:
    return OAuthToken(**json.loads(path.read_text(encoding="utf-8")))


async def _crash(fake: FakeCloud, path: Path, when: str) -> OAuthToken:
    """Kill a process while it stores a pair; return the pair that another one then finds."""
    save(due(await agreed(fake)), path)
    fake.requests.clear()
    oauth = fake.oauth
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CRASHING, fake.origin, oauth.client_id, oauth.client_secret, str(path), when)
    )
    assert await process.wait() == -signal.SIGKILL
    assert (asked(fake), len(fake.requests)) == (1, 1), "the new pair was answered, and nothing sent with it"
    return load(path)


async def test_a_crash_before_the_pair_is_stored_says_to_authorise_again(fake: FakeCloud, tmp_path: Path) -> None:
    token = await _crash(fake, tmp_path / "token.json", "before")
    async with CloudSession(cloud_client(fake).credential(token), base_url=fake.url) as bb:
        with pytest.raises(AuthorizationExpiredError, match="authorise again"):
            await bb.request("GET", "/user")
    assert asked(fake) == len(fake.requests) == 2


async def test_a_crash_after_the_pair_is_stored_loses_nothing(fake: FakeCloud, tmp_path: Path) -> None:
    token = await _crash(fake, tmp_path / "token.json", "after")
    async with CloudSession(cloud_client(fake).credential(token), base_url=fake.url) as bb:
        await bb.request("GET", "/user")
        fake.oauth.access_tokens.clear()
        await bb.request("GET", "/user")
    assert asked(fake) == 2


# -- when it is renewed, and when not ---------------------------------------------------------------------------------


@virtual
async def test_it_is_renewed_shortly_before_its_end_by_the_clock_that_was_passed() -> None:
    now, door, issuer = [0.0], Doorkeeper("access-1"), Issuer()
    issuer.gate.set()
    token = issue(1, expires_at=3600.0)
    bb = session(OAuthCredential(issuer, principal="bot", token=token, wall=lambda: now[0]), door)
    async with bb:
        for now[0] in (0.0, 3539.9):
            await bb.request("GET", "/user")
        assert issuer.asked == []
        now[0] = 3540.0
        await bb.request("GET", "/user")  # renews it meanwhile
        await settle()
        door.accepted = "access-2"
        await bb.request("GET", "/user")
    assert door.sent == ["access-1", "access-1", "access-1", "access-2"]


@virtual
async def test_a_refusal_that_stays_is_an_authentication_error_after_one_renewal() -> None:
    door, issuer = Doorkeeper("nobody's"), Issuer()
    issuer.gate.set()
    bb = session(OAuthCredential(issuer, principal="bot", token=issue(1)), door)
    async with bb:
        with pytest.raises(AuthenticationError, match="Token is invalid or expired") as caught:
            await bb.request("GET", "/user")
    assert not isinstance(caught.value, AuthorizationExpiredError)
    assert door.sent == ["access-1", "access-2"]
    assert len(issuer.asked) == 1


async def test_a_missing_permission_on_data_center_renews_nothing() -> None:
    async with FakeDataCenter(repositories=1, commits=5, pull_requests=1) as fake:
        client = datacenter_client(fake)
        token = await client.exchange(fake.oauth.authorize({"redirect_uri": REDIRECT}), redirect_uri=REDIRECT)
        fake.oauth.access_tokens[token.access_token] = (fake.reader, 2.0**40)
        async with DataCenterSession(client.credential(token), base_url=fake.url) as bb:
            with pytest.raises(PermissionDeniedError):
                await bb.request("POST", "/api/latest/projects", json={"key": "NEW", "name": "new"})
    assert fake.requests[-1].status == 401
    assert (asked(fake), len(fake.requests)) == (1, 2)


# -- budgets and slots ------------------------------------------------------------------------------------------------


@virtual
async def test_the_budget_stays_the_same_over_renewals() -> None:
    door, issuer = Doorkeeper("access-1"), Issuer()
    issuer.gate.set()
    credential = OAuthCredential(issuer, principal="bot", token=issue(1))
    async with session(credential, door) as bb:
        for number in (1, 2, 3):
            door.accepted = f"access-{number}"
            await bb.request("GET", "/user")
        (bucket,) = bb.rates.snapshot()
    assert bucket.principal == "bot"
    assert bucket.spent == len(door.sent) == 5, "two were refused, and refusals are spent too"


@pytest.mark.parametrize("is_shared", [False, True])
async def test_a_renewal_takes_no_slot_and_no_budget(fake: FakeCloud, *, is_shared: bool) -> None:
    limiter, rates = ConcurrencyLimiter(1), RateTracker()
    options: dict[str, Any] = {"limiter": limiter, "rates": rates} if is_shared else {}
    credential = cloud_client(fake, **options).credential(due(await agreed(fake)))
    bb = CloudSession(credential, base_url=fake.url, limiter=limiter, rates=rates, max_wait=1)
    rates.bucket(bb._pipeline.origin_url, credential.principal, "api", Rolling(3, 3600))
    async with bb, asyncio.timeout(PATIENCE):
        await asyncio.gather(bb.request("GET", "/user"), bb.request("GET", "/user"))
        fake.oauth.access_tokens.clear()
        with pytest.raises(RateLimitError):  # the third was refused, and there is no fourth
            await bb.request("GET", "/user")
    assert asked(fake) == 3
    assert [one.spent for one in rates.snapshot()] == [3]
