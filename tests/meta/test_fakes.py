"""Every operation of the client is simulated by the fake of its product, or refused by name with 501.

Operations of FakeCloud require the scopes that the vendor documents.
"""

from __future__ import annotations

import re
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest
from attrs import define, field

from bbasync.auth import AccessToken, ApiToken
from bbasync.cloud.session import CloudSession
from bbasync.datacenter.session import DataCenterSession
from bbasync.errors import ResponseError
from bbasync.testing import FakeCloud, FakeDataCenter
from bbasync.testing.cloud.operations import OPERATIONS
from bbasync.testing.cloud.scopes import api_token_scope
from tests.meta.arguments import OTHER_VERB
from tests.meta.calls import SESSIONS, arguments, finish, methods, start
from tests.meta.table import operations
from tests.meta.vendor import needs_data, rows_of_operations

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from bbasync.session import ResponseEvent
    from tests.meta.calls import Method

Session: TypeAlias = CloudSession | DataCenterSession

UNROUTED: Final = {"Not Found", "Method Not Allowed"}
"""Messages of responses to requests that no route takes."""
EXISTING: Final[Mapping[str, Mapping[str, object]]] = {
    "cloud": {"workspace": "acme", "repo_slug": "api", "pull_request_id": 1},
    "datacenter": {"project_key": "PRJ", "repository_slug": "ledger", "pull_request_id": 1},
}
"""Arguments for methods that first read what they change."""

NOT_SIMULATED: Final = r"/search/code$|/properties/|^\w+ /addon|/1\.0/"
"""Operations that FakeCloud refuses: the vendor ends its support of them."""


@define
class Met:
    """What operations met when their methods were called on a fake."""

    statuses: dict[str, int | None] = field(factory=dict[str, "int | None"])
    unrouted: set[str] = field(factory=set[str])
    last: str = ""

    def note(self, event: ResponseEvent) -> None:
        self.last = f"{event.method} {event.template}"
        self.statuses[self.last] = event.status

    async def call(self, session: Session, method: Method, values: Mapping[str, object]) -> None:
        """Call a method; its arguments mostly name what does not exist."""
        try:
            await finish(start(session, method, values))
        except ResponseError as error:
            if error.details.message in UNROUTED:
                self.unrouted.add(self.last)


@asynccontextmanager
async def faked(product: str, met: Met) -> AsyncGenerator[tuple[FakeCloud | FakeDataCenter, Session]]:
    if product == "cloud":
        async with FakeCloud(workspaces=1, repositories=1, commits=5, pull_requests=1) as cloud:
            credential = ApiToken(cloud.email, cloud.token)
            async with CloudSession(credential, base_url=cloud.url, on_response=met.note) as session:
                yield cloud, session
    else:
        async with FakeDataCenter(projects=1, repositories=1, commits=5, pull_requests=1) as datacenter:
            token = AccessToken(datacenter.token)
            async with DataCenterSession(token, base_url=datacenter.url, on_response=met.note) as session:
                yield datacenter, session


@pytest.mark.usefixtures("quick_retries")  # 501 is retried
@pytest.mark.parametrize("product", SESSIONS)
async def test_every_operation_is_simulated_or_refused_by_name(
    product: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {f"{row.method} {row.template}": row for row in operations() if row.product == product}
    found = {method.id: method for method in methods() if method.product == product}
    met = Met()
    async with faked(product, met) as (fake, session):
        for method in found.values():
            choices: list[Mapping[str, object]] = [{}, *OTHER_VERB.get((product, method.id), ())]
            for choice in choices:
                values = {**arguments(method, "all"), **choice}
                values.pop("fields", None)  # it would leave nothing of a page
                await met.call(session, method, values)
        for row in rows.keys() - met.statuses.keys():
            for name in rows[row].methods:
                values = {**arguments(found[name], "required"), "title": "Title", **EXISTING[product]}
                await met.call(session, found[name], values)
        simulated = set(fake.operations)
    assert met.statuses.keys() == rows.keys()
    assert met.unrouted == set()
    refused = {name for name, status in met.statuses.items() if status == 501}
    assert refused == rows.keys() - simulated
    if product == "cloud":
        assert all(re.search(NOT_SIMULATED, name) for name in refused), refused
    with capsys.disabled():
        sys.stdout.write(f"\n{product}: {len(refused)} of {len(rows)} operations are not simulated\n")


@needs_data
def test_the_scopes_of_fake_cloud_are_the_vendors() -> None:
    documented = rows_of_operations("cloud")
    compared = 0
    for one in OPERATIONS:
        row = documented.get(("cloud", one.method, one.template))
        if row is None or not one.access or not row["oauth2_scopes"]:
            continue
        compared += 1
        assert one.access in row["oauth2_scopes"], one.name
        scope = api_token_scope(one.access, one.method, one.template)
        assert not row["api_token_scopes"] or scope in row["api_token_scopes"], one.name
    assert compared > 100
