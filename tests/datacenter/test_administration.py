"""Administration: what the descriptions leave open, and what must not be seen."""

from __future__ import annotations

import orjson
import pytest

from bbasync import BasicAuth, DataCenterSession
from bbasync.datacenter.models import PermissionFilter, RestrictionRequest
from bbasync.errors import ConflictError
from bbasync.testing.recording import RecordingTransport, answer


def opened(transport: RecordingTransport) -> DataCenterSession:
    return DataCenterSession(BasicAuth("admin", "secret"), base_url="https://host/bitbucket", transport=transport)


@pytest.mark.parametrize("body", ['[{"id": 7}]', '{"id": 7}', '{"values": [{"id": 7}], "isLastPage": true}'])
async def test_restrictions_go_in_bulk_and_are_read_whether_they_come_as_array_page_or_object(body: str) -> None:
    transport = RecordingTransport([answer(body)])
    one = RestrictionRequest(type="read-only", matcher_id="refs/heads/main", matcher_type="BRANCH", users=["jane"])
    async with opened(transport) as bb:
        made = await bb.branch_permissions.create_project_restrictions("PRJ", restrictions=[one])
    assert [restriction.id for restriction in made] == [7]
    (request,) = transport.requests
    assert request.headers["Content-Type"] == "application/vnd.atl.bitbucket.bulk+json"
    assert isinstance(request.body, bytes)
    assert orjson.loads(request.body)[0]["users"] == ["jane"]


@pytest.mark.parametrize("body", ['{"mergeConfig": {"type": "DEFAULT"}}', '{"type": "DEFAULT"}'])
async def test_a_merge_configuration_is_deleted_with_an_empty_one(body: str) -> None:
    transport = RecordingTransport([answer(body)])
    async with opened(transport) as bb:
        config = await bb.settings.delete_project_merge_config("PRJ", "git")
    assert config.type == "DEFAULT"
    assert transport.requests[0].body == b'{"mergeConfig":{}}'


async def test_filters_by_permission_are_numbered() -> None:
    transport = RecordingTransport([answer('{"values": [], "isLastPage": true}')])
    both = [PermissionFilter(permission="ADMIN"), PermissionFilter(permission="PROJECT_READ", project_key="PRJ")]
    async with opened(transport) as bb:
        assert [user async for user in bb.users.list(permissions=both)] == []
    query = "permission.1=ADMIN&permission.2=PROJECT_READ&permission.2.projectKey=PRJ"
    assert query in transport.requests[0].url


async def test_a_password_in_a_url_and_a_new_token_are_masked_in_reprs() -> None:
    transport = RecordingTransport([answer("{}", 409), answer('{"id": "1", "token": "BBDC-value"}')])
    async with opened(transport) as bb:
        with pytest.raises(ConflictError) as raised:
            await bb.user_directory.create_user(
                name="jane", display_name="Jane", email_address="jane@example.org", password="pass-word"
            )
        token = await bb.access_tokens.create_user_token("jane", name="bot", permissions=["REPO_READ"])
    assert "password=pass-word" in transport.requests[0].url
    assert "pass-word" not in f"{raised.value!r} {raised.value} {raised.value.url!r} {transport.requests[0]!r}"
    assert token.token == "BBDC-value"
    assert "BBDC-value" not in f"{token!r} {token.token!r} {token}"
