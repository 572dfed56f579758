"""Downloads: kept by the API, handed out by a host of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from bbasync.testing.cloud.http import Call, Operation, Part, no_content, not_found, refusal
from bbasync.testing.cloud.payloads import Payload, hrefs, stamp
from bbasync.testing.cloud.world.repository import Download

if TYPE_CHECKING:
    from bbasync.testing.cloud.world.repository import Repository


def list_downloads(call: Call) -> web.Response:
    """List the downloads."""
    repository = call.repository()
    names = list(repository.downloads)
    return call.page(names, lambda name: _payload(call, repository, name))


def upload(call: Call) -> web.Response:
    """Take files, which stand in parts named `files`; one of the same name is replaced."""
    repository = call.repository()
    parts = [part for part in call.form.getall("files", []) if isinstance(part, Part)]
    if not parts:
        raise refusal(400, "Bad request", fields={"files": ["This field is required."]})
    for part in parts:
        repository.downloads[part.filename] = Download(part.content, call.me, call.world.now())
    return web.Response(status=201)


def get_download(call: Call) -> web.Response:
    """Redirect to the host of the files."""
    repository, name = call.repository(), call.arg("filename")
    found = _find(repository, name)
    found.downloads += 1
    return web.Response(status=302, headers={"Location": call.files.publish(name, found.content)})


def delete_download(call: Call) -> web.Response:
    """Delete a download."""
    repository, name = call.repository(), call.arg("filename")
    _find(repository, name)
    del repository.downloads[name]
    return no_content()


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


DOWNLOADS = "/repositories/{workspace}/{repo_slug}/downloads"
OPERATIONS = (
    Operation("GET", DOWNLOADS, list_downloads, "repository"),
    Operation("POST", DOWNLOADS, upload, "repository:write"),
    Operation("GET", DOWNLOADS + "/{filename}", get_download, "repository", "files"),
    Operation("DELETE", DOWNLOADS + "/{filename}", delete_download, "repository:write"),
)
