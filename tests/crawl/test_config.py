from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from bbasync import AccessToken, ApiToken
from bbasync.crawl import ConfigError, Credentials, read_config

if TYPE_CHECKING:
    from pathlib import Path

    from bbasync.auth import CredentialLike

SECRET = "ATATT3xFfGF0-secret"
ENVIRON = {"ACME_TOKEN": "t0ken", "EMAIL": "me@example.org", "API_TOKEN": SECRET, "EMPTY": ""}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "crawl.toml"


def test_each_workspace_gets_the_credential_that_its_variables_hold(path: Path) -> None:
    path.write_text(
        '[workspaces.Acme]\naccess_token = "ACME_TOKEN"\n'
        '[workspaces.globex]\nemail = "EMAIL"\napi_token = "API_TOKEN"\n'
    )
    found = read_config(path, ENVIRON)
    wanted: dict[str, CredentialLike] = {"acme": AccessToken("t0ken"), "globex": ApiToken("me@example.org", SECRET)}
    assert found == wanted
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[workspaces", "is not valid TOML"),
        ("[workspace.acme]", "unknown key 'workspace'"),
        ('workspaces = "acme"', "workspaces is to be a table"),
        ('[workspaces]\nacme = "ACME_TOKEN"', r"workspaces\.acme is to be a table"),
        ("[workspaces.acme]", r"workspaces\.acme has nothing; give access_token"),
        ('[workspaces.acme]\ntoken = "X"', r"workspaces\.acme has token; give access_token"),
        ('[workspaces.acme]\nemail = "EMAIL"', r"workspaces\.acme has email; give"),
        (
            f'[workspaces.acme]\naccess_token = "{SECRET}"',
            r"workspaces\.acme\.access_token is to be the name of an environment variable that is set",
        ),
        ('[workspaces.acme]\naccess_token = "EMPTY"', "that is set"),
        ("[workspaces.acme]\naccess_token = 17", "that is set"),
        (
            '[workspaces.acme]\nemail = "API_TOKEN"\napi_token = "API_TOKEN"',
            r"workspaces\.acme\.email names a variable that holds no email address",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_place_and_no_secret_is_shown(path: Path, content: str, says: str) -> None:
    path.write_text(content)
    with pytest.raises(ConfigError, match=says) as raised:
        read_config(path, ENVIRON)
    assert SECRET not in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


@pytest.mark.parametrize(
    "content",
    [
        f'[workspace.acme]\naccess_token = "{SECRET}"',
        f'[workspaces.acme]\ntoken = "{SECRET}"',
        f'[workspaces.acme]\naccess_token = "{SECRET}"',
        f'workspaces = "{SECRET}"',
        '[workspaces.acme]\nemail = "API_TOKEN"\napi_token = "API_TOKEN"',
        '[workspaces.acme]\naccess_token = "MISSING"',
    ],
    ids=["wrong table", "wrong key", "no name", "no table", "no address", "missing"],
)
def test_no_local_variable_of_what_refuses_a_file_shows_a_secret(path: Path, content: str) -> None:
    path.write_text(content)
    with pytest.raises(ConfigError) as raised:
        read_config(path, ENVIRON)
    frames = [frame for frame, _ in traceback.walk_tb(raised.value.__traceback__)]
    ours = [repr(frame.f_locals) for frame in frames if frame.f_code.co_filename != __file__]
    assert ours
    assert SECRET not in "".join(ours)
    assert "t0ken" not in "".join(ours)


def test_an_address_from_a_variable_is_shown_as_any_other(path: Path) -> None:
    path.write_text('[workspaces.acme]\nemail = "EMAIL"\napi_token = "API_TOKEN"')
    (credential,) = read_config(path, ENVIRON).values()
    assert repr(credential) == "ApiToken(email='me@example.org')"


def test_a_file_that_is_not_there_is_named(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"crawl\.toml: No such file"):
        read_config(path, ENVIRON)


def test_a_workspace_without_a_credential_is_named() -> None:
    default = ApiToken("me@example.org", SECRET)
    own = AccessToken("t0ken")
    credentials = Credentials(workspaces={"acme": own})
    assert credentials.of("acme") is own
    assert Credentials(default=default, workspaces={"acme": own}).of("globex") is default
    with pytest.raises(ConfigError, match=r"no credential for the workspace 'globex'.*BITBUCKET_API_TOKEN"):
        credentials.of("globex")
    with pytest.raises(ConfigError, match="the user's workspaces"):
        Credentials().of("")
