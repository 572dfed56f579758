"""Downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from bbasync.testing.cloud.http import Call, Part, not_found, refusal
from bbasync.testing.cloud.payloads import Payload, hrefs, stamp
from bbasync.testing.cloud.world.repository import Download
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.world.repository import Repository

operations: Operations[Call] = Operations()


@operations("GET /repositories/{workspace}/{repo_slug}/downloads", "repository")
def list_downloads(call: Call) -> Result:
    """List the downloads."""
    repository = call.repository()
    names = list(repository.downloads)
    return call.page(names, lambda name: _payload(call, repository, name))


@operations("POST /repositories/{workspace}/{repo_slug}/downloads", "repository:write")
def upload(call: Call) -> Result:
    """Take files, which stand in parts named `files`; one of the same name is replaced."""
    repository = call.repository()
    parts = [part for part in call.form.getall("files", []) if isinstance(part, Part)]
    if not parts:
        raise refusal(400, "Bad request", fields={"files": ["This field is required."]})
    for part in parts:
        repository.downloads[part.filename] = Download(part.content, call.me, call.world.now())
    return web.Response(status=201)


@operations("GET /repositories/{workspace}/{repo_slug}/downloads/{filename}", "repository", group="files")
def get_download(call: Call) -> Result:
    """Redirect to the host of the files."""
    repository, name = call.repository(), call.arg("filename")
    found = _find(repository, name)
    found.downloads += 1
    return web.Response(status=302, headers={"Location": call.fake.files.publish(name, found.content)})


@operations("DELETE /repositories/{workspace}/{repo_slug}/downloads/{filename}", "repository:write")
def delete_download(call: Call) -> Result:
    """Delete a download."""
    repository, name = call.repository(), call.arg("filename")
    _find(repository, name)
    del repository.downloads[name]
    return None


def _find(repository: Repository, name: str) -> Download:
    if name not in repository.downloads:
        raise not_found(f"{name} is not among the downloads")
    return repository.downloads[name]


def _payload(call: Call, repository: Repository, name: str) -> Payload:
    found = repository.downloads[name]
    return {
        "type": "download",
        "name": name,
        "size": len(found.content),
        "downloads": found.downloads,
        "created_on": stamp(found.created_on),
        "user": call.payloads.user(found.user),
        "links": hrefs(self=f"{call.payloads.base}/repositories/{repository.full_name}/downloads/{quote(name)}"),
    }
