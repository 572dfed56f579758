"""Limits of Bitbucket Cloud: requests per hour by rate group, and items per page by list.

https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/
"""

from __future__ import annotations

import re
from typing import Final

from bbasync.rate import Rolling

__all__ = ["ANONYMOUS", "NUMBERED", "PAGE_SIZES", "RATES"]

RATES: Final = {
    "api": Rolling(1000),
    "raw": Rolling(5000),
    "archive": Rolling(1500),
    "webhooks": Rolling(1000),
    "properties": Rolling(2000),
    "invitations": Rolling(100, 60.0),
}
"""Limits by rate group; a group that is not listed has the same limit as `api`, in its own bucket."""

ANONYMOUS: Final = Rolling(60)

_REPOSITORY: Final = "/repositories/{workspace}/{repo_slug}"
PAGE_SIZES: Final = {
    "/repositories/{workspace}": 100,
    _REPOSITORY + "/refs": 100,
    _REPOSITORY + "/refs/branches": 100,
    _REPOSITORY + "/refs/tags": 100,
    _REPOSITORY + "/commits": 100,
    _REPOSITORY + "/commits/{revision}": 100,
    _REPOSITORY + "/effective-default-reviewers": 100,
    "/workspaces/{workspace}/members": 100,
    "/workspaces/{workspace}/search/code": 100,
    "/users/{selected_user}/search/code": 100,
    "/teams/{username}/search/code": 100,
}
"""The largest page size known to be accepted; others use 50, since Cloud responds with 400 above an endpoint's cap."""

_PIPELINES = "/repositories/[^/]+/[^/]+/pipelines"
NUMBERED: Final = re.compile(f"{_PIPELINES}/?|{_PIPELINES}/[^/]+/steps/?")
"""Paths of lists that are read by page number: `next` drops the `sort` of pipelines, or is missing."""
