"""Jira issues, and the export of development information to Jira."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.jira import (
    BackfillReport,
    BackfillStatus,
    Changeset,
    CommentIssue,
    JiraIssue,
    JiraProjectLink,
)
from bbasync.request import milliseconds
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence
    from datetime import datetime

    from bbasync.datacenter.models.jira import BackfillRepository
    from bbasync.paging import Paging

__all__ = ["Jira"]


class Jira(Service):
    """Jira issues of commits, pull requests and comments: `bb.jira`."""

    @lists
    def list_issue_commits(
        self, issue_key: str, *, max_changes: int | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Changeset]:
        """List the commits whose messages name an issue, each with at most `max_changes` changed paths.

        Permission: REPO_READ; commits of other repositories are omitted.
        """
        return self._list(
            Changeset,
            "GET /jira/latest/issues/{issueKey}/commits",
            (issue_key,),
            query={"maxChanges": max_changes},
            paging=paging,
        )

    async def get_pull_request_issues(
        self, project_key: str, repository_slug: str, pull_request_id: int
    ) -> list[JiraIssue]:
        """Return the issues that the commits of a pull request name, by default the first 100 commits.

        Permission: REPO_READ.
        """
        return await self._call_each(
            JiraIssue,
            "GET /jira/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/issues",
            (project_key, repository_slug, pull_request_id),
        )

    async def create_comment_issue(
        self, comment_id: int, *, issue: Mapping[str, object], application_id: str | None = None
    ) -> CommentIssue:
        """Create an issue for a comment on a pull request.

        `issue` is what Jira's own API takes, `{"fields": {"project": {"key": "JRA"}, "summary": ...}}`, and
        `application_id` the ID of the application link to Jira. AuthenticationError if the user has not authorised the
        server to use Jira.

        Permission: REPO_READ.
        """
        return await self._call(
            CommentIssue,
            "POST /jira/latest/comments/{commentId}/issues",
            (comment_id,),
            query={"applicationId": application_id},
            json=dict(issue),
        )

    async def get_project_link(self, project_key: str) -> JiraProjectLink:
        """Return the Jira project that a project is linked to.

        Permission: PROJECT_READ.
        """
        return await self._call(
            JiraProjectLink, "GET /jira/latest/projects/{projectKey}/primary-enhanced-entitylink", (project_key,)
        )

    async def start_backfill(
        self,
        *,
        jira_site_ids: Sequence[int] = (),
        repositories: Sequence[BackfillRepository] = (),
        from_date: datetime | None = None,
        to_date: datetime | None = None,
    ) -> None:
        """Start to export development information of the past to Jira Cloud.

        By default that of all repositories, to all sites. ConflictError if an export is running or the feature is off.

        Permission: SYS_ADMIN.
        """
        await self._run(
            "POST /jira-dev/latest/devinfo-backfill",
            json={
                "jiraSiteIds": list(jira_site_ids),
                "repositories": [repository.body() for repository in repositories],
                "fromDate": milliseconds(from_date),
                "toDate": milliseconds(to_date),
            },
        )

    async def stop_backfill(self) -> None:
        """Stop the export, with some delay; no error is raised if none is running.

        Permission: SYS_ADMIN.
        """
        await self._run("DELETE /jira-dev/latest/devinfo-backfill")

    async def get_backfill_status(self) -> BackfillStatus:
        """Return the state of the running export, or of the last one.

        Permission: SYS_ADMIN.
        """
        return await self._call(BackfillStatus, "GET /jira-dev/latest/devinfo-backfill/status")

    async def get_backfill_report(self) -> BackfillReport:
        """Return the repositories whose last export failed.

        Permission: SYS_ADMIN.
        """
        return await self._call(BackfillReport, "GET /jira-dev/latest/devinfo-backfill/report")
