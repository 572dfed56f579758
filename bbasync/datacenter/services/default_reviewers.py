"""Default reviewers: who is asked to review new pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.default_reviewers import DefaultReviewerCondition
from bbasync.datacenter.models.users import User, user_reference
from bbasync.service import Service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bbasync.datacenter.models.ref_matchers import RefMatcher
    from bbasync.datacenter.models.reviewer_groups import ReviewerGroup

__all__ = ["DefaultReviewers"]


class DefaultReviewers(Service):
    """Conditions of default reviewers: `bb.default_reviewers`.

    A condition names the reviewers of pull requests between the branches that two matchers select, such as
    `RefMatcher.of("BRANCH", "refs/heads/main")`; `RefMatcher.of("ANY_REF", "ANY_REF_MATCHER_ID")` selects all.
    """

    async def get_project_conditions(self, project_key: str) -> list[DefaultReviewerCondition]:
        """Return the conditions of a project, in one response.

        Permission: PROJECT_READ.
        """
        return await self._call(
            list[DefaultReviewerCondition],
            "GET /default-reviewers/latest/projects/{projectKey}/conditions",
            (project_key,),
        )

    async def create_project_condition(
        self,
        project_key: str,
        *,
        source_matcher: RefMatcher,
        target_matcher: RefMatcher,
        reviewers: Sequence[User] = (),
        reviewer_groups: Sequence[ReviewerGroup] = (),
        required_approvals: int = 0,
    ) -> DefaultReviewerCondition:
        """Create a condition of a project.

        `source_matcher` selects from refs, `target_matcher` to refs. `required_approvals` is the number of these
        reviewers who must approve before a merge.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            DefaultReviewerCondition,
            "POST /default-reviewers/latest/projects/{projectKey}/condition",
            (project_key,),
            json=_body(source_matcher, target_matcher, reviewers, reviewer_groups, required_approvals),
        )

    async def update_project_condition(
        self,
        project_key: str,
        id: int,
        *,
        source_matcher: RefMatcher,
        target_matcher: RefMatcher,
        reviewers: Sequence[User] = (),
        reviewer_groups: Sequence[ReviewerGroup] = (),
        required_approvals: int = 0,
    ) -> DefaultReviewerCondition:
        """Replace a condition of a project; reviewers that are not passed are removed.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            DefaultReviewerCondition,
            "PUT /default-reviewers/latest/projects/{projectKey}/condition/{id}",
            (project_key, id),
            json=_body(source_matcher, target_matcher, reviewers, reviewer_groups, required_approvals),
        )

    async def delete_project_condition(self, project_key: str, id: int) -> None:
        """Delete a condition of a project.

        Permission: PROJECT_ADMIN.
        """
        await self._run("DELETE /default-reviewers/latest/projects/{projectKey}/condition/{id}", (project_key, id))

    async def get_repository_conditions(self, project_key: str, repository_slug: str) -> list[DefaultReviewerCondition]:
        """Return the conditions of a repository and its project, in one response.

        Permission: REPO_READ.
        """
        return await self._call(
            list[DefaultReviewerCondition],
            "GET /default-reviewers/latest/projects/{projectKey}/repos/{repositorySlug}/conditions",
            (project_key, repository_slug),
        )

    async def create_repository_condition(
        self,
        project_key: str,
        repository_slug: str,
        *,
        source_matcher: RefMatcher,
        target_matcher: RefMatcher,
        reviewers: Sequence[User] = (),
        reviewer_groups: Sequence[ReviewerGroup] = (),
        required_approvals: int = 0,
    ) -> DefaultReviewerCondition:
        """Create a condition of a repository.

        `source_matcher` selects from refs, `target_matcher` to refs. `required_approvals` is the number of these
        reviewers who must approve before a merge.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            DefaultReviewerCondition,
            "POST /default-reviewers/latest/projects/{projectKey}/repos/{repositorySlug}/condition",
            (project_key, repository_slug),
            json=_body(source_matcher, target_matcher, reviewers, reviewer_groups, required_approvals),
        )

    async def update_repository_condition(
        self,
        project_key: str,
        repository_slug: str,
        id: int,
        *,
        source_matcher: RefMatcher,
        target_matcher: RefMatcher,
        reviewers: Sequence[User] = (),
        reviewer_groups: Sequence[ReviewerGroup] = (),
        required_approvals: int = 0,
    ) -> DefaultReviewerCondition:
        """Replace a condition of a repository; reviewers that are not passed are removed.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            DefaultReviewerCondition,
            "PUT /default-reviewers/latest/projects/{projectKey}/repos/{repositorySlug}/condition/{id}",
            (project_key, repository_slug, id),
            json=_body(source_matcher, target_matcher, reviewers, reviewer_groups, required_approvals),
        )

    async def delete_repository_condition(self, project_key: str, repository_slug: str, id: int) -> None:
        """Delete a condition of a repository.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /default-reviewers/latest/projects/{projectKey}/repos/{repositorySlug}/condition/{id}",
            (project_key, repository_slug, id),
        )

    async def get_reviewers(
        self,
        project_key: str,
        repository_slug: str,
        *,
        source_repo_id: int,
        target_repo_id: int,
        source_ref_id: str,
        target_ref_id: str,
    ) -> list[User]:
        """Return the reviewers of a pull request between two refs, in one response.

        The IDs of repositories are those of models (`repository.id`), those of refs are full names such as
        `refs/heads/main`.

        Permission: REPO_READ.
        """
        return await self._call(
            list[User],
            "GET /default-reviewers/latest/projects/{projectKey}/repos/{repositorySlug}/reviewers",
            (project_key, repository_slug),
            query={
                "sourceRepoId": source_repo_id,
                "targetRepoId": target_repo_id,
                "sourceRefId": source_ref_id,
                "targetRefId": target_ref_id,
            },
        )


def _body(
    source_matcher: RefMatcher,
    target_matcher: RefMatcher,
    reviewers: Sequence[User],
    reviewer_groups: Sequence[ReviewerGroup],
    required_approvals: int,
) -> dict[str, object]:
    return {
        "sourceMatcher": source_matcher.body(),
        "targetMatcher": target_matcher.body(),
        "reviewers": [user_reference(user) for user in reviewers],
        "reviewerGroups": [{"id": group.id, "name": group.name} for group in reviewer_groups],
        "requiredApprovals": required_approvals,
    }
