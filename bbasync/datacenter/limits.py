"""Limits of Bitbucket Data Center: items per page.

Rate limiting is off unless an administrator enables it, so the client does not limit requests until the first 429.
https://confluence.atlassian.com/bitbucketserver/improving-instance-stability-with-rate-limiting-976171954.html
"""

from __future__ import annotations

from typing import Final

__all__ = ["PAGE_SIZE"]

PAGE_SIZE: Final = 1000
"""The server silently reduces larger page sizes to its own maximum (commonly 1000)."""
