"""Settings of repositories and workspaces, and addresses of users."""

from __future__ import annotations

from tests.testing.cloud_api import Api

OWN = "/repositories/acme/api"


async def test_overridden_settings_are_flags_of_the_repository(api: Api) -> None:
    path = f"{OWN}/override-settings"
    before = await api.get(path)
    assert before["override_settings"] == {"default_merge_strategy": True, "branching_model": True}
    answer = await api("PUT", path, {"branching_model": False})
    assert (answer.status, answer.body) == (204, b"")
    expected = {"default_merge_strategy": True, "branching_model": False}
    assert (await api.get(path))["override_settings"] == expected
    assert (await api.get(OWN))["override_settings"] == expected
    other = await api.get("/repositories/acme/web/override-settings")
    assert other["override_settings"]["branching_model"] is True


async def test_an_address_is_returned_alone(api: Api) -> None:
    (listed,) = await api.values("/user/emails")
    assert (await api.get(f"/user/emails/{listed['email']}")) == listed
    assert (await api.get(listed["links"]["self"]["href"])) == listed
    assert (await api("GET", "/user/emails/other@example.invalid")).status == 404
    assert (await api("GET", f"/user/emails/{listed['email']}", authorization=None)).status == 401


async def test_the_public_key_is_text(api: Api) -> None:
    answer = await api("GET", "/workspaces/acme/settings/gpg/public-key")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.body.startswith(b"-----BEGIN PGP PUBLIC KEY BLOCK-----")
    assert (await api("GET", "/workspaces/none/settings/gpg/public-key")).status == 404
