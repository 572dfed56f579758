"""What Bitbucket Data Center allows: items a page by list.

Requests are limited only where an administrator says so; until then, or until the first 429, nothing is.
https://confluence.atlassian.com/bitbucketserver/improving-instance-stability-with-rate-limiting-976171954.html
"""

from __future__ import annotations

from typing import Final

__all__ = ["PAGE_SIZE"]

PAGE_SIZE: Final = 1000
"""The server cuts larger pages to its own maximum (commonly 1000) without an error."""
