"""Admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.datacenter.http import Call
    from bbasync.testing.datacenter.payloads import Json

operations: Operations[Call] = Operations()

VERSION: Json = {
    "version": "10.4.0",
    "buildNumber": "10004000",
    "buildDate": "1760000000000",
    "displayName": "Bitbucket",
}


@operations("GET /api/latest/application-properties")
def properties(call: Call) -> Result:
    """Tell the version, to anybody."""
    del call
    return VERSION
