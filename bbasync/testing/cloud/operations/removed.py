"""Operations that the vendor has removed: 410."""

from __future__ import annotations

from bbasync.testing.cloud.http import Call, error_response
from bbasync.testing.operations import Operations, Result

operations: Operations[Call] = Operations()

GONE = "CHANGE-2770 - Functionality has been deprecated"
ANNOUNCEMENT = "https://developer.atlassian.com/cloud/bitbucket/changelog/#CHANGE-2770"


@operations("GET /repositories")
@operations("GET /workspaces")
@operations("GET /snippets")
@operations("GET /user/permissions/workspaces")
@operations("GET /user/permissions/repositories")
@operations("GET /pullrequests/{selected_user}")
def removed(call: Call) -> Result:
    """Answer as the endpoints do that listed across workspaces."""
    del call
    data = {"announcement_url": ANNOUNCEMENT}
    return error_response(410, GONE, data=data)
