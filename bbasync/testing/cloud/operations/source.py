"""Files and directories, their history, and commits created by uploading files."""

from __future__ import annotations

import hashlib
import io
import mimetypes
import tarfile
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, Part, not_found, refusal, to_cursor
from bbasync.testing.cloud.operations.branch_restrictions import check_push
from bbasync.testing.cloud.operations.commits import resolve
from bbasync.testing.cloud.payloads import hrefs
from bbasync.testing.history import Commit
from bbasync.testing.operations import Operations, Result, is_number

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.query import Fields
    from bbasync.testing.cloud.world.repository import Repository
    from bbasync.testing.history.files import Entry

operations: Operations[Call] = Operations()

META = ("message", "author", "parents", "branch")
"""Fields of POST /src that are not files; a file of such a name needs a leading slash."""
ARCHIVES = {"zip": "application/zip", "tar.gz": "application/x-tar-gz", "tar.bz2": "application/x-bzip2"}
"""Media types of archives by suffix."""
ENTRY_FIELDS: Fields[Entry] = {
    "path": lambda one: one.path,
    "size": lambda one: one.size,
    "type": lambda one: "commit_directory" if one.size is None else "commit_file",
    "attributes": lambda one: list(one.attributes),
    "mimetype": lambda one: mimetypes.guess_type(one.path)[0],
}


@operations("GET /repositories/{workspace}/{repo_slug}/src", "repository")
def get_root(call: Call) -> Result:
    """Redirect to the root of the main branch."""
    repository = call.repository()
    head = repository.branches.get(repository.mainbranch or "")
    if head is None:
        raise not_found("Repository has no commits")
    own = f"{call.payloads.base}/repositories/{repository.full_name}/src/{head}/"
    query = call.request.rel_url.raw_query_string
    return web.Response(status=302, headers={"Location": f"{own}?{query}" if query else own})


@operations("GET /repositories/{workspace}/{repo_slug}/src/{commit}", "repository")
@operations("GET /repositories/{workspace}/{repo_slug}/src/{commit}/{path}", "repository", group="files")
@operations("HEAD /repositories/{workspace}/{repo_slug}/src/{commit}/{path}", "repository", group="files")
def get_source(call: Call) -> Result:
    """Answer with the bytes of a file, a page of a directory, or the metadata of either."""
    repository = call.repository()
    commit = resolve(repository, call.arg("commit"))
    path = call.request.match_info.get("path", "")
    entry = repository.files.entry(commit.hash, path)
    if entry is None:
        raise not_found(f"No such file or directory: {path}")
    if call.query.get("format") == "meta":
        return _payload(call, repository, commit, entry)
    if entry.size is None:
        return _directory(call, repository, commit, entry.path)
    content = repository.files.content(commit.hash, entry.path)
    tag = f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'
    if call.request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers={"ETag": tag})
    kind = mimetypes.guess_type(entry.path)[0] or ("application/octet-stream" if b"\x00" in content else "text/plain")
    headers = {"ETag": tag, "Content-Type": kind, "Content-Disposition": "attachment"}
    return web.Response(body=content, headers=headers)


@operations("GET https://bitbucket.org/{workspace}/{repo_slug}/get/{ref}.{format}", "repository", group="archives")
def get_archive(call: Call) -> Result:
    """Answer with all files at a commit, below a folder that is named after it."""
    repository, name = call.repository(), f"{call.arg('ref')}.{call.arg('format')}"
    suffix = next((one for one in ARCHIVES if name.endswith(f".{one}")), None)
    if suffix is None:
        raise not_found(f"No archive {name}")
    commit = resolve(repository, name.removesuffix(f".{suffix}"))
    folder = f"{repository.workspace}-{repository.slug}-{commit.hash[:12]}"
    body = _pack(suffix, folder, repository.files.tree(commit.hash))
    headers = {"Content-Type": ARCHIVES[suffix], "Content-Disposition": f"attachment; filename={folder}.{suffix}"}
    return web.Response(body=body, headers=headers)


def _pack(suffix: str, folder: str, files: dict[str, bytes]) -> bytes:
    """Pack files into an archive."""
    buffer = io.BytesIO()
    if suffix == "zip":
        with zipfile.ZipFile(buffer, "w") as archive:
            for path, content in files.items():
                archive.writestr(f"{folder}/{path}", content)
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz" if suffix == "tar.gz" else "w:bz2") as tar:
            for path, content in files.items():
                entry = tarfile.TarInfo(f"{folder}/{path}")
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@operations("GET /repositories/{workspace}/{repo_slug}/filehistory/{commit}/{path}", "repository")
def list_file_history(call: Call) -> Result:
    """List the commits that changed a file, each with the file as it then was."""
    repository = call.repository()
    commit = resolve(repository, call.arg("commit"))
    path = call.arg("path").strip("/")
    if repository.files.entry(commit.hash, path) is None:
        raise not_found(f"No such file or directory: {path}")
    pagelen = call.pagelen(50, 100)
    walk, wanted = repository.history.walk([commit.hash]), repository.files.touches(path)
    offset = call.position(lambda number: walk.start(number, pagelen, path, wanted))
    commits, following = walk.page(offset, pagelen, wanted)
    found = [(one, repository.files.entry(one.hash, path)) for one in commits]
    values = [_payload(call, repository, one, entry) for one, entry in found if entry is not None]
    return call.iterate(values, pagelen, None if following is None else to_cursor(following))


@operations("POST /repositories/{workspace}/{repo_slug}/src", "repository:write")
def create_commit(call: Call) -> Result:
    """Commit files to a branch, which is made if there is none; `files` without content deletes."""
    repository = call.repository()
    meta = {name: value for name in META if isinstance(value := call.form.get(name), str)}
    branch = meta.get("branch") or repository.mainbranch or "main"
    check_push(call, repository, branch)
    old = head = repository.branches.get(branch)
    given = meta.get("parents")
    if given is not None:
        parent = repository.resolve(given)
        if parent is None or (head is not None and parent.hash != head):
            raise refusal(409, f"{given} is not the head of {branch}; read it again")
        head = parent.hash
    head = head or repository.branches.get(repository.mainbranch or "")
    author = meta.get("author", "")
    commit = Commit(
        hash=call.world.new_hash(),
        parents=() if head is None else (head,),
        date=call.world.now(),
        message=meta.get("message") or "Edited with Bitbucket",
        user=None if author else call.me,
        raw_author=author,
        changes=_changes(call),
    )
    repository.history.store(commit)
    repository.branches[branch] = commit.hash
    repository.mainbranch = repository.mainbranch or branch
    repository.updated_on = commit.date
    tell.on_push(call, repository, branch, old, commit.hash)
    call.fake.pipelines.pushed(call.me, repository, "branches", branch, commit.hash)
    for pull in list(repository.all_pulls()):
        if pull.state == "OPEN" and pull.source_branch == branch and pull.source_repository == repository.uuid:
            pushed = repository.edit(pull.id)
            pushed.source_hash, pushed.updated_on = commit.hash, commit.date
            if pushed.discussion is not None:
                pushed.discussion.events.append(pushed.update_event(commit.date, call.me))
            for event in ("push", "updated"):
                tell.on_pull(call, event, repository, pushed)
            call.fake.pipelines.proposed(call.me, repository, pushed)
    repository.version += 1
    own = f"{call.payloads.base}/repositories/{repository.full_name}/commit/{commit.hash}"
    return web.Response(status=201, headers={"Location": own})


def _changes(call: Call) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    for name, value in call.form.items():
        if name in META and isinstance(value, str):  # a file has a filename, and may be named "message"
            continue
        if name == "files" and isinstance(value, str):
            found[value.strip("/")] = None
        else:
            found[name.strip("/")] = value.content if isinstance(value, Part) else value.encode()
    return found


def _directory(call: Call, repository: Repository, commit: Commit, path: str) -> Payload:
    depth = call.query.get("max_depth", "1")
    if not is_number(depth) or int(depth) < 1:
        raise refusal(400, "Invalid max_depth")
    pagelen = call.pagelen(10, 100)
    entries = call.filtered(repository.files.listing(commit.hash, path, int(depth)), ENTRY_FIELDS)
    offset = call.position(lambda number: (number - 1) * pagelen)
    values = [_payload(call, repository, commit, one) for one in entries[offset : offset + pagelen]]
    more = offset + pagelen < len(entries)
    return call.iterate(values, pagelen, to_cursor(offset + pagelen) if more else None)


def _payload(call: Call, repository: Repository, commit: Commit, entry: Entry) -> Payload:
    own = f"{call.payloads.base}/repositories/{repository.full_name}"
    escaped = quote(entry.path)
    here = f"{own}/src/{commit.hash}/{escaped}"
    reference = call.payloads.commit_reference(repository, commit.hash)
    if entry.size is None:
        links = hrefs(self=f"{here}/", meta=f"{here}/?format=meta")
        return {"type": "commit_directory", "path": entry.path, "commit": reference, "links": links}
    return {
        "type": "commit_file",
        "path": entry.path,
        "escaped_path": escaped,
        "size": entry.size,
        "attributes": list(entry.attributes),
        "mimetype": mimetypes.guess_type(entry.path)[0],
        "commit": reference,
        "links": hrefs(self=here, meta=f"{here}?format=meta", history=f"{own}/filehistory/{commit.hash}/{escaped}"),
    }
