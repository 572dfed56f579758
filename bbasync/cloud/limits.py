"""What Bitbucket Cloud allows: requests an hour by group, and items a page by list.

https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/
"""

from __future__ import annotations

from typing import Final

from bbasync.rate import Rolling

__all__ = ["ANONYMOUS", "PAGE_SIZES", "RATES"]

RATES: Final = {
    "api": Rolling(1000),
    "raw": Rolling(5000),
    "archive": Rolling(1500),
    "webhooks": Rolling(1000),
    "properties": Rolling(2000),
}
"""By rate group; a group that is not listed counts as `api`'s size, in a bucket of its own."""

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
}
"""The largest page that is known to be allowed; above an endpoint's cap Cloud answers 400, so others get 50."""
