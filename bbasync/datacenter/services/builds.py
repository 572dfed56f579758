"""Build statuses of commits, and builds that a merge requires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.builds import BuildCapabilities, BuildStats, BuildStatus, RequiredBuild
from bbasync.request import milliseconds
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from datetime import datetime

    from bbasync.datacenter.models.builds import BuildOrder, BuildState, BuildTestResults
    from bbasync.datacenter.models.ref_matchers import RefMatcher
    from bbasync.paging import Paging

__all__ = ["Builds"]


class Builds(Service):
    """Build statuses and required builds: `bb.builds`."""

    async def get_capabilities(self) -> BuildCapabilities:
        """Return what the server supports of builds.

        Permission: none.
        """
        return await self._call(BuildCapabilities, "GET /api/latest/build/capabilities")

    async def get_status(self, project_key: str, repository_slug: str, commit_id: str, *, key: str) -> BuildStatus:
        """Return the build status of a commit with the given key.

        Permission: REPO_READ.
        """
        return await self._call(
            BuildStatus,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/builds",
            (project_key, repository_slug, commit_id),
            query={"key": key},
        )

    async def set_status(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        *,
        key: str,
        state: BuildState | str,
        url: str,
        name: str | None = None,
        description: str | None = None,
        build_number: str | None = None,
        duration: int | None = None,
        last_updated: datetime | None = None,
        parent: str | None = None,
        ref: str | None = None,
        test_results: BuildTestResults | None = None,
    ) -> None:
        """Create the build status of a commit with the given key, or replace it.

        `duration` is in milliseconds. `parent` is the key that required builds refer to, `ref` a full name such as
        `refs/heads/main`.

        Permission: REPO_READ.
        """
        await self._run(
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/builds",
            (project_key, repository_slug, commit_id),
            json={
                "key": key,
                "state": state,
                "url": url,
                "name": name,
                "description": description,
                "buildNumber": build_number,
                "duration": duration,
                "lastUpdated": milliseconds(last_updated),
                "parent": parent,
                "ref": ref,
                "testResults": test_results and test_results.body(),
            },
        )

    async def delete_status(self, project_key: str, repository_slug: str, commit_id: str, *, key: str) -> None:
        """Delete the build status of a commit with the given key.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/builds",
            (project_key, repository_slug, commit_id),
            query={"key": key},
        )

    # -- by commit alone ------------------------------------------------------------------------------------------

    @lists
    def list_commit_statuses(
        self, commit_id: str, *, order_by: BuildOrder | str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[BuildStatus]:
        """List the build statuses of a commit in any repository, the latest 100 at most.

        The vendor deprecates it, but names no other list of build statuses.

        Permission: LICENSED_USER.
        """
        return self._list(
            BuildStatus,
            "GET /build-status/latest/commits/{commitId}",
            (commit_id,),
            query={"orderBy": order_by},
            paging=paging,
        )

    async def set_commit_status(
        self,
        commit_id: str,
        *,
        key: str,
        state: BuildState | str,
        url: str,
        name: str | None = None,
        description: str | None = None,
    ) -> None:
        """Create the build status of a commit (a full hash) with the given key, or replace it, in any repository.

        Deprecated by the vendor: `set_status` also satisfies required builds.

        Permission: LICENSED_USER.
        """
        await self._run(
            "POST /build-status/latest/commits/{commitId}",
            (commit_id,),
            json={"key": key, "state": state, "url": url, "name": name, "description": description},
        )

    async def get_commit_stats(self, commit_id: str, *, include_unique: bool | None = None) -> BuildStats:
        """Return the numbers of builds of a commit by state.

        `include_unique` adds the result of a single build to `raw`.

        Permission: LICENSED_USER.
        """
        return await self._call(
            BuildStats,
            "GET /build-status/latest/commits/stats/{commitId}",
            (commit_id,),
            query={"includeUnique": include_unique},
        )

    async def get_stats(self, *, commit_ids: Sequence[str]) -> dict[str, BuildStats]:
        """Return the numbers of builds by state for each of these commits (full hashes) that has any.

        Permission: LICENSED_USER.
        """
        return await self._call(
            dict[str, BuildStats],
            "POST /build-status/latest/commits/stats",
            json=list(commit_ids),
            repeatable=True,
        )

    # -- required builds ------------------------------------------------------------------------------------------

    @lists
    def list_required_builds(
        self, project_key: str, repository_slug: str, *, paging: Paging | None = None
    ) -> AsyncGenerator[RequiredBuild]:
        """List the merge checks of a repository that require builds.

        Permission: REPO_READ.
        """
        return self._list(
            RequiredBuild,
            "GET /required-builds/latest/projects/{projectKey}/repos/{repositorySlug}/conditions",
            (project_key, repository_slug),
            paging=paging,
        )

    async def create_required_build(
        self,
        project_key: str,
        repository_slug: str,
        *,
        build_parent_keys: Sequence[str],
        ref_matcher: RefMatcher,
        exempt_ref_matcher: RefMatcher | None = None,
        required_for_pull_request: bool | None = None,
        required_for_merge_queue: bool | None = None,
    ) -> RequiredBuild:
        """Create a merge check that requires builds with these `parent` keys.

        It applies to pull requests to the branches of `ref_matcher`, except those from `exempt_ref_matcher`.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            RequiredBuild,
            "POST /required-builds/latest/projects/{projectKey}/repos/{repositorySlug}/condition",
            (project_key, repository_slug),
            json={
                "buildParentKeys": list(build_parent_keys),
                "refMatcher": ref_matcher.body(),
                "exemptRefMatcher": exempt_ref_matcher and exempt_ref_matcher.body(),
                "requiredForPullRequest": required_for_pull_request,
                "requiredForMergeQueue": required_for_merge_queue,
            },
        )

    async def update_required_build(
        self,
        project_key: str,
        repository_slug: str,
        id: int,
        *,
        build_parent_keys: Sequence[str],
        ref_matcher: RefMatcher,
        exempt_ref_matcher: RefMatcher | None = None,
        required_for_pull_request: bool | None = None,
        required_for_merge_queue: bool | None = None,
    ) -> RequiredBuild:
        """Replace a merge check that requires builds.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            RequiredBuild,
            "PUT /required-builds/latest/projects/{projectKey}/repos/{repositorySlug}/condition/{id}",
            (project_key, repository_slug, id),
            json={
                "buildParentKeys": list(build_parent_keys),
                "refMatcher": ref_matcher.body(),
                "exemptRefMatcher": exempt_ref_matcher and exempt_ref_matcher.body(),
                "requiredForPullRequest": required_for_pull_request,
                "requiredForMergeQueue": required_for_merge_queue,
            },
        )

    async def delete_required_build(self, project_key: str, repository_slug: str, id: int) -> None:
        """Delete a merge check that requires builds; no error is raised if it does not exist.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /required-builds/latest/projects/{projectKey}/repos/{repositorySlug}/condition/{id}",
            (project_key, repository_slug, id),
        )
