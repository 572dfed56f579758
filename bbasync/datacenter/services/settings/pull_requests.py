"""Settings of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from bbasync.datacenter.models.settings import MergeConfig, PullRequestSettings
from bbasync.request import EMPTY_OBJECT, as_object, encode_json
from bbasync.service import Service

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from bbasync.datacenter.models.settings import CommitMessageTemplate
    from bbasync.request import PathArgument, RequestOptions

__all__ = ["PullRequestConfigs"]


class PullRequestConfigs(Service):
    """Settings of pull requests, a part of `bb.settings`."""

    async def get_global_merge_config(self, scm_id: str) -> MergeConfig:
        """Return how pull requests are merged on the server.

        Permission: LICENSED_USER.
        """
        return await self._merge_config("GET /api/latest/admin/pull-requests/{scmId}", (scm_id,))

    async def update_global_merge_config(
        self,
        scm_id: str,
        *,
        default_strategy: str,
        strategies: Sequence[str],
        commit_summaries: int | None = None,
        commit_message_template: CommitMessageTemplate | None = None,
    ) -> MergeConfig:
        """Set how pull requests are merged on the server.

        `default_strategy` and `strategies` are IDs, such as `no-ff` and `squash`; other strategies cannot be chosen.

        Permission: ADMIN.
        """
        config = _config_body(default_strategy, strategies, commit_summaries, commit_message_template)
        return await self._merge_config(
            "POST /api/latest/admin/pull-requests/{scmId}", (scm_id,), json=config, repeatable=True
        )

    async def delete_global_merge_config(self, scm_id: str) -> MergeConfig:
        """Delete what was set about merges on the server; the returned defaults apply again.

        Permission: ADMIN.
        """
        return await self._merge_config(
            "POST /api/latest/admin/pull-requests/{scmId}",
            (scm_id,),
            json={"mergeConfig": EMPTY_OBJECT},
            repeatable=True,
        )

    async def get_project_merge_config(self, project_key: str, scm_id: str) -> MergeConfig:
        """Return how pull requests are merged in a project.

        Permission: PROJECT_READ.
        """
        return await self._merge_config(
            "GET /api/latest/projects/{projectKey}/settings/pull-requests/{scmId}", (project_key, scm_id)
        )

    async def update_project_merge_config(
        self,
        project_key: str,
        scm_id: str,
        *,
        default_strategy: str,
        strategies: Sequence[str],
        commit_summaries: int | None = None,
        commit_message_template: CommitMessageTemplate | None = None,
    ) -> MergeConfig:
        """Set how pull requests are merged in a project.

        `default_strategy` and `strategies` are IDs, such as `no-ff` and `squash`; other strategies cannot be chosen.

        Permission: PROJECT_ADMIN.
        """
        config = _config_body(default_strategy, strategies, commit_summaries, commit_message_template)
        return await self._merge_config(
            "POST /api/latest/projects/{projectKey}/settings/pull-requests/{scmId}",
            (project_key, scm_id),
            json=config,
            repeatable=True,
        )

    async def delete_project_merge_config(self, project_key: str, scm_id: str) -> MergeConfig:
        """Delete what was set about merges in a project; the returned defaults apply again.

        Permission: PROJECT_ADMIN.
        """
        return await self._merge_config(
            "POST /api/latest/projects/{projectKey}/settings/pull-requests/{scmId}",
            (project_key, scm_id),
            json={"mergeConfig": EMPTY_OBJECT},
            repeatable=True,
        )

    async def get_repository_pull_requests(self, project_key: str, repository_slug: str) -> PullRequestSettings:
        """Return the settings of the pull requests of a repository.

        Permission: REPO_READ.
        """
        return await self._call(
            PullRequestSettings,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/pull-requests",
            (project_key, repository_slug),
        )

    async def update_repository_pull_requests(
        self,
        project_key: str,
        repository_slug: str,
        *,
        default_strategy: str | None = None,
        strategies: Sequence[str] | None = None,
        commit_summaries: int | None = None,
        commit_message_template: CommitMessageTemplate | None = None,
        required_approvers: int | None = None,
        required_all_approvers: bool | None = None,
        required_all_tasks_complete: bool | None = None,
        required_successful_builds: int | None = None,
    ) -> PullRequestSettings:
        """Update the given settings of the pull requests of a repository.

        `default_strategy` and `strategies` are IDs, such as `no-ff` and `squash`; other strategies cannot be chosen. 0
        `required_approvers` or `required_successful_builds` disables the check.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            PullRequestSettings,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/pull-requests",
            (project_key, repository_slug),
            json={
                **_config_body(default_strategy, strategies, commit_summaries, commit_message_template),
                "requiredApprovers": required_approvers,
                "requiredAllApprovers": required_all_approvers,
                "requiredAllTasksComplete": required_all_tasks_complete,
                "requiredSuccessfulBuilds": required_successful_builds,
            },
            repeatable=True,
        )

    async def delete_repository_merge_config(self, project_key: str, repository_slug: str) -> PullRequestSettings:
        """Delete what was set about merges in a repository; the settings of the project apply again.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            PullRequestSettings,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/pull-requests",
            (project_key, repository_slug),
            json={"mergeConfig": EMPTY_OBJECT},
            repeatable=True,
        )

    async def _merge_config(
        self, operation: str, arguments: Sequence[PathArgument], **options: Unpack[RequestOptions]
    ) -> MergeConfig:
        """Return a configuration that stands in an object of its own or, as the description has it, alone."""
        options["needs_body"] = True
        response = await self._send(operation, arguments, **options)
        payload = as_object(response.json())
        alone = evolve(response, body=encode_json(payload.get("mergeConfig") or payload))
        return self._structure(MergeConfig, operation, alone)


def _config_body(
    default_strategy: str | None,
    strategies: Sequence[str] | None,
    commit_summaries: int | None,
    template: CommitMessageTemplate | None,
) -> dict[str, object]:
    return {
        "mergeConfig": {
            "defaultStrategy": {"id": default_strategy},
            "strategies": None if strategies is None else [{"id": strategy} for strategy in strategies],
            "commitSummaries": commit_summaries,
            "commitMessageTemplate": template and {"title": template.title, "body": template.body},
        }
    }
