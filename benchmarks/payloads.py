"""Objects of Bitbucket Cloud in the shape and size of real answers, with made-up values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable

    Payload = dict[str, object]

API = "https://api.bitbucket.org/2.0"
WEB = "https://bitbucket.org"
NAME = "acme-platform/billing-service"
REPOSITORY = f"repositories/{NAME}"
TEXT = "Rounds the totals of an invoice once, after its lines were added up, and not line by line."


def _links(**links: str) -> Payload:
    return {name.replace("_", "-"): {"href": address} for name, address in links.items()}


def _uuid(number: int) -> str:
    return f"{{7d4c0f3a-52be-4e61-9c07-{number:012x}}}"


def _hash(number: int) -> str:
    return f"{number * 2654435761 % 2**32:08x}" * 5


def _account(number: int) -> Payload:
    quoted = f"%7B{_uuid(number)[1:-1]}%7D"
    avatar = f"https://secure.gravatar.com/avatar/{_hash(number)[:32]}"
    return {
        "display_name": f"Robin Example {number}",
        "links": _links(
            self=f"{API}/users/{quoted}",
            avatar=f"{avatar}?d=https%3A%2F%2Favatar-management.example%2Finitials%2FRE-{number % 7}.png",
            html=f"{WEB}/{quoted}/",
        ),
        "type": "user",
        "uuid": _uuid(number),
        "account_id": f"557058:{_uuid(number)[1:-1]}",
        "nickname": f"robin{number}",
    }


def _rendered(text: str) -> Payload:
    return {"type": "rendered", "raw": text, "markup": "markdown", "html": f"<p>{text}</p>"}


def _base_repository() -> Payload:
    return {
        "type": "repository",
        "full_name": NAME,
        "links": _links(
            self=f"{API}/{REPOSITORY}",
            html=f"{WEB}/{NAME}",
            avatar=f"https://bytebucket.org/ravatar/%7B{_uuid(0)[1:-1]}%7D?ts=python",
        ),
        "name": "billing-service",
        "uuid": _uuid(0),
    }


def _base_commit(number: int, digits: int = 40) -> Payload:
    hash_ = _hash(number)[:digits]
    links = _links(self=f"{API}/{REPOSITORY}/commit/{hash_}", html=f"{WEB}/{NAME}/commits/{hash_}")
    return {"hash": hash_, "links": links, "type": "commit"}


def repository(number: int) -> Payload:
    """Return a repository of about 4 KB."""
    slug = f"billing-service-{number}"
    path = f"repositories/acme-platform/{slug}"
    lists = ("pullrequests", "commits", "forks", "watchers", "branches", "tags", "downloads", "source", "hooks")
    workspace = f"{API}/workspaces/acme-platform"
    return {
        "type": "repository",
        "full_name": f"acme-platform/{slug}",
        "links": {
            **_links(
                self=f"{API}/{path}", html=f"{WEB}/acme-platform/{slug}", avatar=f"{WEB}/ravatar/{slug}?ts=python"
            ),
            **_links(**{name: f"{API}/{path}/{name}" for name in lists}),
            "clone": [
                {"name": "https", "href": f"{WEB}/acme-platform/{slug}.git"},
                {"name": "ssh", "href": f"git@bitbucket.org:acme-platform/{slug}.git"},
            ],
        },
        "name": slug,
        "slug": slug,
        "description": "\n".join([TEXT] * 8),
        "scm": "git",
        "website": None,
        "owner": {**_account(1), "type": "team", "username": "acme-platform"},
        "workspace": {
            "type": "workspace",
            "uuid": _uuid(1),
            "name": "Acme Platform",
            "slug": "acme-platform",
            "links": _links(
                self=workspace, html=f"{WEB}/acme-platform/", avatar=f"{WEB}/workspaces/acme-platform/avatar/"
            ),
        },
        "is_private": True,
        "project": {
            "type": "project",
            "key": "BILL",
            "uuid": _uuid(2),
            "name": "Billing",
            "links": _links(
                self=f"{workspace}/projects/BILL",
                html=f"{WEB}/acme-platform/workspace/projects/BILL",
                avatar=f"{WEB}/acme-platform/workspace/projects/BILL/avatar/32?ts=1543758107",
            ),
        },
        "fork_policy": "no_public_forks",
        "created_on": "2021-03-04T05:06:07.890123+00:00",
        "updated_on": "2026-02-03T04:05:06.789012+00:00",
        "size": 1234567 + number,
        "language": "python",
        "uuid": _uuid(number),
        "mainbranch": {"name": "main", "type": "branch"},
        "override_settings": {"default_merge_strategy": True, "branching_model": False},
        "parent": None,
        "has_issues": False,
        "has_wiki": False,
    }


def pull_request(number: int) -> Payload:
    """Return a pull request of about 8.9 KB, with reviewers and participants, as a single one is answered."""
    api, web = f"{API}/{REPOSITORY}/pullrequests/{number}", f"{WEB}/{NAME}/pull-requests/{number}"
    operations = ("commits", "approve", "merge", "decline", "comments", "activity", "statuses")
    compared = f"{NAME}:{_hash(number)[:12]}%0D{_hash(number + 1)[:12]}?from_pullrequest_id={number}&topic=true"
    links = _links(
        self=api,
        html=web,
        diff=f"{API}/{REPOSITORY}/diff/{compared}",
        diffstat=f"{API}/{REPOSITORY}/diffstat/{compared}",
        request_changes=f"{api}/request-changes",
        **{name: f"{api}/{name}" for name in operations},
    )
    title = f"Round the totals of invoices once ({number})"
    return {
        "comment_count": 5,
        "task_count": 1,
        "type": "pullrequest",
        "id": number,
        "title": title,
        "description": TEXT,
        "rendered": {"title": _rendered(title), "description": _rendered(TEXT), "reason": _rendered("")},
        "state": "OPEN",
        "draft": False,
        "queued": False,
        "merge_commit": None,
        "close_source_branch": True,
        "closed_by": None,
        "author": _account(3),
        "reason": "",
        "created_on": "2026-01-02T03:04:05.678901+00:00",
        "updated_on": "2026-01-05T06:07:08.901234+00:00",
        "destination": _side("main", number),
        "source": _side(f"bugfix/round-once-{number}", number + 1),
        "reviewers": [_account(index) for index in (4, 5, 6)],
        "participants": [_participant(index) for index in (4, 5, 6, 7)],
        "links": links,
        "summary": _rendered(TEXT),
    }


def _side(branch: str, number: int) -> Payload:
    return {"branch": {"name": branch}, "commit": _base_commit(number, 12), "repository": _base_repository()}


def _participant(number: int) -> Payload:
    approved = number % 2 == 0
    return {
        "type": "participant",
        "user": _account(number),
        "role": "PARTICIPANT" if number == 7 else "REVIEWER",
        "approved": approved,
        "state": "approved" if approved else None,
        "participated_on": "2026-01-03T04:05:06.789012+00:00",
    }


def commit(number: int) -> Payload:
    """Return a commit of about 2.9 KB."""
    hash_ = _hash(number)
    api = f"{API}/{REPOSITORY}/commit/{hash_}"
    message = "Round the totals of invoices once\n"
    return {
        "type": "commit",
        "hash": hash_,
        "date": "2026-01-02T03:04:05+00:00",
        "author": {"type": "author", "raw": "Robin Example <robin@example.org>", "user": _account(8)},
        "message": message,
        "summary": _rendered(message),
        "links": _links(
            self=api,
            html=f"{WEB}/{NAME}/commits/{hash_}",
            diff=f"{API}/{REPOSITORY}/diff/{hash_}",
            patch=f"{API}/{REPOSITORY}/patch/{hash_}",
            approve=f"{api}/approve",
            comments=f"{api}/comments",
            statuses=f"{api}/statuses",
        ),
        "parents": [_base_commit(number + 1)],
        "rendered": {"message": _rendered(message)},
        "repository": _base_repository(),
    }


def small_commit(number: int) -> Payload:
    """Return a commit of about 1 KB, as one is whose author has no account."""
    whole = commit(number)
    names = ("type", "hash", "date", "parents")
    return {
        **{name: whole[name] for name in names},
        "message": f"Round totals once\n\n{TEXT}\n\n{TEXT}\n",
        "author": {"type": "author", "raw": "Robin Example <robin@example.org>"},
        "repository": {"type": "repository", "full_name": NAME, "name": "billing-service", "uuid": _uuid(0)},
    }


def comment(number: int) -> Payload:
    """Return a comment on a line of a pull request, of about 1.6 KB."""
    api = f"{API}/{REPOSITORY}/pullrequests/54"
    web = f"{WEB}/{NAME}/pull-requests/54"
    path = "billing/invoice.py"
    compared = f"{NAME}:{_hash(1)[:12]}..{_hash(2)[:12]}?path={path}"
    return {
        "id": 400000000 + number,
        "created_on": "2026-01-03T04:05:06.789012+00:00",
        "updated_on": "2026-01-03T04:05:06.789098+00:00",
        "content": _rendered("Why is this rounded here already?"),
        "user": _account(9),
        "deleted": False,
        "inline": {"from": None, "to": 17 + number, "path": path},
        "pending": False,
        "type": "pullrequest_comment",
        "links": _links(
            self=f"{api}/comments/{400000000 + number}",
            html=f"{web}/_/diff#comment-{400000000 + number}",
            code=f"{API}/{REPOSITORY}/diff/{compared}",
        ),
        "pullrequest": {
            "type": "pullrequest",
            "id": 54,
            "title": "Round the totals of invoices once",
            "draft": False,
            "links": _links(self=api, html=web),
        },
    }


def page(make: Callable[[int], Payload], size: int) -> bytes:
    """Return the last page of a listing."""
    return orjson.dumps({"values": [make(number) for number in range(1, size + 1)], "pagelen": size, "page": 1})
