"""An asyncio client for the REST APIs of Bitbucket Cloud and Bitbucket Data Center."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lazy import attach

__version__ = "0.1.0"

if TYPE_CHECKING:
    from . import aio as aio
    from .auth import AccessToken as AccessToken
    from .auth import ApiToken as ApiToken
    from .auth import BasicAuth as BasicAuth
    from .auth import CustomCredential as CustomCredential
    from .cloud.query import Q as Q
    from .cloud.session import CloudSession as CloudSession
    from .concurrency import ConcurrencyLimiter as ConcurrencyLimiter
    from .datacenter.session import DataCenterSession as DataCenterSession
    from .errors import AuthenticationError as AuthenticationError
    from .errors import AuthorizationExpiredError as AuthorizationExpiredError
    from .errors import BadRequestError as BadRequestError
    from .errors import BitbucketError as BitbucketError
    from .errors import ConflictError as ConflictError
    from .errors import DecodeError as DecodeError
    from .errors import GoneError as GoneError
    from .errors import MergeTimeoutError as MergeTimeoutError
    from .errors import NotFoundError as NotFoundError
    from .errors import PagingError as PagingError
    from .errors import PaymentRequiredError as PaymentRequiredError
    from .errors import PermissionDeniedError as PermissionDeniedError
    from .errors import PipelineTimeoutError as PipelineTimeoutError
    from .errors import RateLimitError as RateLimitError
    from .errors import ResponseError as ResponseError
    from .errors import ServerError as ServerError
    from .errors import TransportError as TransportError
    from .oauth import OAuthClient as OAuthClient
    from .oauth import OAuthCredential as OAuthCredential
    from .oauth import OAuthToken as OAuthToken
    from .paging import Page as Page
    from .paging import Paging as Paging
    from .rate import RateTracker as RateTracker
    from .rate import Refill as Refill
    from .rate import Rolling as Rolling
    from .request import UNSET as UNSET
    from .request import Part as Part
    from .request import Timeouts as Timeouts
    from .retry import RetryPolicy as RetryPolicy
    from .session import ResponseEvent as ResponseEvent

__all__ = [
    "UNSET",
    "AccessToken",
    "ApiToken",
    "AuthenticationError",
    "AuthorizationExpiredError",
    "BadRequestError",
    "BasicAuth",
    "BitbucketError",
    "CloudSession",
    "ConcurrencyLimiter",
    "ConflictError",
    "CustomCredential",
    "DataCenterSession",
    "DecodeError",
    "GoneError",
    "MergeTimeoutError",
    "NotFoundError",
    "OAuthClient",
    "OAuthCredential",
    "OAuthToken",
    "Page",
    "Paging",
    "PagingError",
    "Part",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "PipelineTimeoutError",
    "Q",
    "RateLimitError",
    "RateTracker",
    "Refill",
    "ResponseError",
    "ResponseEvent",
    "RetryPolicy",
    "Rolling",
    "ServerError",
    "Timeouts",
    "TransportError",
    "__version__",
    "aio",
]

if not TYPE_CHECKING:  # type checkers would take any name for an object
    __getattr__, __dir__ = attach(
        __name__,
        {
            "aio": "aio",
            "auth": "AccessToken ApiToken BasicAuth CustomCredential",
            "cloud.query": "Q",
            "cloud.session": "CloudSession",
            "concurrency": "ConcurrencyLimiter",
            "datacenter.session": "DataCenterSession",
            "errors": (
                "AuthenticationError AuthorizationExpiredError BadRequestError BitbucketError ConflictError "
                "DecodeError GoneError MergeTimeoutError NotFoundError PagingError PaymentRequiredError "
                "PermissionDeniedError PipelineTimeoutError RateLimitError ResponseError ServerError TransportError"
            ),
            "oauth": "OAuthClient OAuthCredential OAuthToken",
            "paging": "Page Paging",
            "rate": "RateTracker Refill Rolling",
            "request": "UNSET Part Timeouts",
            "retry": "RetryPolicy",
            "session": "ResponseEvent",
        },
    )
