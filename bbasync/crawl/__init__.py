"""The resumable bulk crawl of Bitbucket Cloud into a database.

::

    async with Store("sqlite:///bitbucket.db") as store:
        report = await crawl(CrawlOptions(workspaces=["acme"]), store, Credentials(default=ApiToken(email, token)))
"""

from importlib.util import find_spec

if find_spec("sqlalchemy") is None:
    raise ModuleNotFoundError("the crawl needs the extra `crawl`: pip install 'bbasync[crawl]'", name="sqlalchemy")

from .config import ConfigError, Credentials, read_config
from .estimate import Estimate, estimate
from .export import export
from .plan import CrawlOptions
from .progress import CrawlReport, Failure, Progress, WorkspaceProgress
from .runner import crawl
from .schema import RESOURCES
from .store import Store, StoreError

__all__ = [
    "RESOURCES",
    "ConfigError",
    "CrawlOptions",
    "CrawlReport",
    "Credentials",
    "Estimate",
    "Failure",
    "Progress",
    "Store",
    "StoreError",
    "WorkspaceProgress",
    "crawl",
    "estimate",
    "export",
    "read_config",
]
