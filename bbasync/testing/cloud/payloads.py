"""What the resources of Bitbucket Cloud look like on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

if TYPE_CHECKING:
    from datetime import datetime

    from bbasync.testing.cloud.world import Project, User, Workspace, World
    from bbasync.testing.cloud.world.pull_requests import Participant, Status
    from bbasync.testing.cloud.world.repository import Hook, Repository, Tag
    from bbasync.testing.history import Commit

Payload: TypeAlias = dict[str, Any]

STRATEGIES = ("merge_commit", "squash", "fast_forward")
SHORT = 12
"""Digits of the hashes in pull requests."""


def hrefs(**links: str) -> Payload:
    """Wrap URLs as the vendor does."""
    return {name: {"href": url} for name, url in links.items()}


def stamp(date: datetime) -> str:
    """Write a date with six digits of fraction and its offset."""
    return date.isoformat(timespec="microseconds")


def text(raw: str) -> Payload:
    """Render markup, as far as a fake needs to."""
    escaped = raw.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").strip()
    return {"type": "rendered", "raw": raw, "markup": "markdown", "html": f"<p>{escaped}</p>" if escaped else ""}


class Payloads:
    """Builds payloads whose links point to `base` (the API) and `web` (the pages for people)."""

    def __init__(self, world: World, base: str, web: str) -> None:
        self.world = world
        self.base = base
        self.web = web
        self._users: dict[int, Payload] = {}
        self._repositories: dict[tuple[str, ...], Payload] = {}

    def user(self, index: int | None) -> Payload | None:
        """Build an account as embedded in other resources; None if it was deleted."""
        if index is None:
            return None
        if index not in self._users:
            self._users[index] = self._user(self.world.users[index])
        return self._users[index]

    def _user(self, user: User) -> Payload:
        encoded = quote(user.uuid)
        return {
            "type": "user",
            "uuid": user.uuid,
            "account_id": user.account_id,
            "nickname": user.nickname,
            "display_name": user.display_name,
            "links": hrefs(
                self=f"{self.base}/users/{encoded}",
                html=f"{self.web}/{encoded}/",
                avatar=f"{self.web}/account/{encoded}/avatar/",
            ),
        }

    def full_user(self, user: User) -> Payload:
        """Build an account as its own operations answer."""
        return self._user(user) | {
            "created_on": stamp(user.created_on),
            "account_status": "active",
            "is_staff": False,
            "has_2fa_enabled": None,
        }

    def workspace_base(self, workspace: Workspace) -> Payload:
        """Build a workspace as `/user/workspaces` shows it."""
        return {
            "type": "workspace_base",
            "slug": workspace.slug,
            "uuid": workspace.uuid,
            "links": hrefs(
                self=f"{self.base}/workspaces/{workspace.slug}",
                avatar=f"{self.web}/workspaces/{workspace.slug}/avatar/",
            ),
        }

    def workspace_reference(self, workspace: Workspace) -> Payload:
        """Build a workspace as it stands in other resources."""
        links = hrefs(html=f"{self.web}/{workspace.slug}/")
        found = self.workspace_base(workspace)
        return found | {"type": "workspace", "name": workspace.name, "links": found["links"] | links}

    def owner(self, workspace: Workspace) -> Payload:
        """Build a workspace as the owner of repositories and projects: a team, as before there were workspaces."""
        encoded = quote(workspace.uuid)
        return {
            "type": "team",
            "username": workspace.slug,
            "display_name": workspace.name,
            "uuid": workspace.uuid,
            "links": hrefs(
                self=f"{self.base}/teams/{encoded}",
                html=f"{self.web}/{encoded}/",
                avatar=f"{self.web}/account/{workspace.slug}/avatar/",
            ),
        }

    def workspace(self, workspace: Workspace) -> Payload:
        """Build a workspace."""
        own = f"{self.base}/workspaces/{workspace.slug}"
        found = self.workspace_reference(workspace)
        return found | {
            "is_private": workspace.is_private,
            "is_personal": workspace.is_personal,
            "is_privacy_enforced": False,
            "forking_mode": "allow_forks",
            "created_on": stamp(workspace.created_on),
            "links": found["links"]
            | hrefs(
                members=f"{own}/members",
                owners=f"{own}/members?q=permission%3D%22owner%22",
                projects=f"{own}/projects",
                repositories=f"{self.base}/repositories/{workspace.slug}",
                snippets=f"{self.base}/snippets/{workspace.slug}",
            ),
        }

    def membership(self, workspace: Workspace, index: int) -> Payload:
        """Build a membership of a workspace."""
        user = self.world.users[index]
        return {
            "type": "workspace_membership",
            "user": self.user(index),
            "workspace": self.workspace_reference(workspace),
            "links": hrefs(self=f"{self.base}/workspaces/{workspace.slug}/members/{quote(user.uuid)}"),
        }

    def group(self, workspace: Workspace, slug: str) -> Payload:
        """Render a group of a workspace."""
        own = f"groups/{workspace.slug}/{slug}"
        return {
            "type": "group",
            "name": slug.replace("-", " ").title(),
            "slug": slug,
            "full_slug": f"{workspace.slug}:{slug}",
            "owner": self.workspace_reference(workspace) | {"type": "team", "display_name": workspace.name},
            "workspace": self.workspace_reference(workspace),
            "default_permission": None,
            "email_forwarding_disabled": False,
            "account_privilege": None,
            "links": hrefs(
                self=f"{self.base.removesuffix('/2.0')}/1.0/{own}",
                html=f"{self.web}/{workspace.slug}/workspace/settings/groups/{slug}",
            ),
        }

    def project_reference(self, workspace: Workspace, project: Project) -> Payload:
        """Build a project as it stands in a repository."""
        own = f"workspaces/{workspace.slug}/projects/{project.key}"
        return {
            "type": "project",
            "key": project.key,
            "uuid": project.uuid,
            "name": project.name,
            "links": hrefs(
                self=f"{self.base}/{own}",
                html=f"{self.web}/{workspace.slug}/workspace/projects/{project.key}",
                avatar=f"{self.web}/account/user/{workspace.slug}/projects/{project.key}/avatar/32",
            ),
        }

    def project(self, workspace: Workspace, project: Project) -> Payload:
        """Build a project."""
        found = self.project_reference(workspace, project)
        listing = f"{self.base}/repositories/{workspace.slug}?q=project.key%3D%22{project.key}%22"
        return found | {
            "description": project.description,
            "is_private": project.is_private,
            "has_publicly_visible_repos": False,
            "created_on": stamp(project.created_on),
            "updated_on": stamp(project.updated_on),
            "workspace": self.workspace_reference(workspace),
            "owner": self.owner(workspace),
            "links": found["links"] | hrefs(repositories=listing),
        }

    def repository_reference(self, repository: Repository) -> Payload:
        """Build a repository as it stands in other resources."""
        key = (repository.uuid, repository.full_name, repository.name, repository.language)
        if key not in self._repositories:
            self._repositories[key] = self._repository_reference(repository)
        return self._repositories[key]

    def _repository_reference(self, repository: Repository) -> Payload:
        return {
            "type": "repository",
            "name": repository.name,
            "full_name": repository.full_name,
            "uuid": repository.uuid,
            "links": hrefs(
                self=f"{self.base}/repositories/{repository.full_name}",
                html=f"{self.web}/{repository.full_name}",
                avatar=f"{self.web}/ravatar/{quote(repository.uuid)}?ts={quote(repository.language or 'default')}",
            ),
        }

    def repository(self, repository: Repository) -> Payload:
        """Build a repository."""
        workspace = self.world.workspaces[repository.workspace]
        project = workspace.projects.get(repository.project)
        reference = self.repository_reference(repository)
        own = reference["links"]["self"]["href"]
        host = self.web.partition("://")[2]
        clone = [
            {"name": "https", "href": f"{self.web}/{repository.full_name}.git"},
            {"name": "ssh", "href": f"git@{host.partition(':')[0]}:{repository.full_name}.git"},
        ]
        main = None if repository.mainbranch is None else {"type": "branch", "name": repository.mainbranch}
        found = reference | {
            "slug": repository.slug,
            "scm": "git",
            "description": repository.description,
            "website": repository.website,
            "language": repository.language,
            "is_private": repository.is_private,
            "fork_policy": repository.fork_policy,
            "has_issues": repository.has_issues,
            "has_wiki": repository.has_wiki,
            "size": repository.size,
            "created_on": stamp(repository.created_on),
            "updated_on": stamp(repository.updated_on),
            "mainbranch": main,
            "owner": self.owner(workspace),
            "workspace": self.workspace_reference(workspace),
            "project": None if project is None else self.project_reference(workspace, project),
            "override_settings": dict(repository.override_settings),
            "links": reference["links"]
            | {"clone": clone}
            | hrefs(
                source=f"{own}/src",
                commits=f"{own}/commits",
                branches=f"{own}/refs/branches",
                tags=f"{own}/refs/tags",
                pullrequests=f"{own}/pullrequests",
                forks=f"{own}/forks",
                watchers=f"{own}/watchers",
                downloads=f"{own}/downloads",
                hooks=f"{own}/hooks",
            ),
        }
        if repository.parent is not None:
            found["parent"] = self.repository_reference(repository.parent)
        return found

    def commit_reference(self, repository: Repository, hash_: str) -> Payload:
        """Build a commit as it stands in other resources."""
        return {
            "type": "commit",
            "hash": hash_,
            "links": hrefs(
                self=f"{self.base}/repositories/{repository.full_name}/commit/{hash_}",
                html=f"{self.web}/{repository.full_name}/commits/{hash_}",
            ),
        }

    def author(self, commit: Commit) -> Payload:
        """Build the author of a commit; `user` is absent where the address belongs to nobody."""
        if commit.user is None:
            return {"type": "author", "raw": commit.raw_author}
        user = self.world.users[commit.user]
        raw = f"{user.display_name} <{user.nickname}@example.invalid>"
        return {"type": "author", "raw": raw, "user": self.user(commit.user)}

    def target(self, repository: Repository, commit: Commit) -> Payload:
        """Build a commit as it stands in branches and tags."""
        found = self.commit_reference(repository, commit.hash)
        own = f"{self.base}/repositories/{repository.full_name}"
        one = f"{own}/commit/{commit.hash}"
        found["links"] |= hrefs(
            diff=f"{own}/diff/{commit.hash}",
            patch=f"{own}/patch/{commit.hash}",
            approve=f"{one}/approve",
            comments=f"{one}/comments",
            statuses=f"{one}/statuses",
        )
        return found | {
            "date": commit.date.isoformat(),
            "author": self.author(commit),
            "message": commit.message,
            "parents": [self.commit_reference(repository, parent) for parent in commit.parents],
            "repository": self.repository_reference(repository),
        }

    def commit(self, repository: Repository, commit: Commit) -> Payload:
        """Build a commit as lists show it."""
        message = text(commit.message)
        return self.target(repository, commit) | {
            "committer": {},
            "summary": message,
            "rendered": {"message": message},
        }

    def branch(self, repository: Repository, name: str, commit: Commit) -> Payload:
        """Build a branch."""
        own = f"{self.base}/repositories/{repository.full_name}"
        return {
            "type": "branch",
            "name": name,
            "target": self.target(repository, commit),
            "merge_strategies": list(STRATEGIES),
            "default_merge_strategy": STRATEGIES[0],
            "links": hrefs(
                self=f"{own}/refs/branches/{quote(name)}",
                commits=f"{own}/commits/{quote(name)}",
                html=f"{self.web}/{repository.full_name}/branch/{quote(name)}",
                pullrequest_create=f"{self.web}/{repository.full_name}/pull-requests/new?source={quote(name)}&t=1",
            ),
        }

    def tag(self, repository: Repository, name: str, tag: Tag, commit: Commit) -> Payload:
        """Build a tag; a lightweight one has neither message nor date nor tagger."""
        own = f"{self.base}/repositories/{repository.full_name}"
        tagger = None
        if tag.user is not None:
            user = self.world.users[tag.user]
            raw = f"{user.display_name} <{user.nickname}@example.invalid>"
            tagger = {"type": "author", "raw": raw, "user": self.user(tag.user)}
        return {
            "type": "tag",
            "name": name,
            "message": tag.message,
            "date": None if tag.date is None else tag.date.isoformat(),
            "tagger": tagger,
            "target": self.target(repository, commit),
            "links": hrefs(
                self=f"{own}/refs/tags/{quote(name)}",
                commits=f"{own}/commits/{quote(name)}",
                html=f"{self.web}/{repository.full_name}/commits/tag/{quote(name)}",
            ),
        }

    def participant(self, user: int, role: str, one: Participant) -> Payload:
        """Build a participant; `state` and `participated_on` are null until they said something."""
        return {
            "type": "participant",
            "user": self.user(user),
            "role": role,
            "approved": one.verdict == "approved",
            "state": one.verdict,
            "participated_on": None if one.date is None else stamp(one.date),
        }

    def default_reviewer(self, user: int, source: str) -> Payload:
        """Build a default reviewer with where it comes from: `project` or `repository`."""
        return {"type": "default_reviewer", "reviewer_type": source, "user": self.user(user)}

    def status(self, repository: Repository, commit: str, status: Status) -> Payload:
        """Build a build status."""
        own = f"{self.base}/repositories/{repository.full_name}/commit/{commit}"
        return {
            "type": "build",
            "key": status.key,
            "state": status.state,
            "name": status.name,
            "description": status.description,
            "url": status.url,
            "refname": status.refname,
            "created_on": stamp(status.created_on),
            "updated_on": stamp(status.updated_on),
            "repository": self.repository_reference(repository),
            "commit": self.commit_reference(repository, commit),
            "links": hrefs(self=f"{own}/statuses/build/{quote(status.key, safe='')}", commit=own),
        }

    def hook(self, subject: Payload, path: str, hook: Hook) -> Payload:
        """Build a webhook; its secret is never shown."""
        return {
            "type": "webhook_subscription",
            "uuid": hook.uuid,
            "url": hook.url,
            "description": hook.description,
            "subject_type": "workspace" if subject["type"] == "workspace" else "repository",
            "subject": subject,
            "active": hook.active,
            "created_at": stamp(hook.created_at),
            "events": hook.events,
            "secret_set": hook.secret is not None,
            "skip_cert_verification": False,
            "read_only": False,
            "source": None,
            "links": hrefs(self=f"{self.base}/{path}/{quote(hook.uuid)}"),
        }
