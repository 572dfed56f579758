"""Branching models of repositories and projects, and their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud.http import Call, refusal
from bbasync.testing.cloud.payloads import hrefs
from bbasync.testing.cloud.query import is_list, is_object
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.repository import Repository

operations: Operations[Call] = Operations()

REPOSITORY = "/repositories/{workspace}/{repo_slug}/branching-model/settings"
PROJECT = "/workspaces/{workspace}/projects/{project_key}/branching-model/settings"
TYPES = ("release", "hotfix", "feature", "bugfix")
MAIN = ("development", "production")


def _settings(call: Call, key: tuple[str, ...]) -> Payload:
    """Return the settings that are stored, at first the vendor's defaults."""
    defaults: Payload = {
        "development": {"name": None, "use_mainbranch": True},
        "production": {"name": None, "use_mainbranch": False, "enabled": False},
        "branch_types": {kind: {"kind": kind, "enabled": True, "prefix": f"{kind}/"} for kind in TYPES},
        "default_branch_deletion": "false",
    }
    return call.stored.setdefault(key, {"settings": defaults})["settings"]


def _repository_settings(call: Call, repository: Repository, *, effective: bool) -> Payload:
    """Return the settings of a repository; the effective ones may be those of its project."""
    project = call.world.workspaces[repository.workspace].projects.get(repository.project)
    if effective and project is not None and not repository.override_settings["branching_model"]:
        return _settings(call, (PROJECT, project.uuid))
    return _settings(call, (REPOSITORY, repository.uuid))


def type_of(call: Call, repository: Repository, branch: str) -> set[str]:
    """Return what a branch is in the branching model of its repository."""
    settings = _repository_settings(call, repository, effective=True)
    model = _model(settings)
    found = {kind for kind in MAIN if kind in model and _name(repository, settings[kind]) == branch}
    return found | {one["kind"] for one in model["branch_types"] if branch.startswith(one["prefix"])}


@operations("GET /repositories/{workspace}/{repo_slug}/branching-model", "repository")
def get_model(call: Call) -> Result:
    """Return the model with the branches that it names."""
    return _with_branches(call, "branching_model", effective=False)


@operations("GET /repositories/{workspace}/{repo_slug}/effective-branching-model", "repository")
def get_effective_model(call: Call) -> Result:
    """Return the model that applies: that of the project, unless the repository overrides it."""
    return _with_branches(call, "effective_repo_branching_model", effective=True)


@operations(f"GET {REPOSITORY}", "repository:admin")
def get_settings(call: Call) -> Result:
    """Return the settings, and whether the branches exist."""
    repository = call.repository()
    return _payload(call, _repository_settings(call, repository, effective=False), repository)


@operations(f"PUT {REPOSITORY}", "repository:admin")
def update_settings(call: Call) -> Result:
    """Change what the body names; a branch must exist."""
    repository = call.repository()
    settings = _repository_settings(call, repository, effective=False)
    _change(call, settings, repository)
    return _payload(call, settings, repository)


@operations("GET /workspaces/{workspace}/projects/{project_key}/branching-model", "project:admin")
def get_project_model(call: Call) -> Result:
    """Return the model of a project, which has names and no branches."""
    return {"type": "project_branching_model"} | _model(_settings(call, (PROJECT, call.project().uuid)))


@operations(f"GET {PROJECT}", "project:admin")
def get_project_settings(call: Call) -> Result:
    """Return the settings of a project."""
    return _payload(call, _settings(call, (PROJECT, call.project().uuid)), None)


@operations(f"PUT {PROJECT}", "project:admin")
def update_project_settings(call: Call) -> Result:
    """Change what the body names; branches need not exist."""
    settings = _settings(call, (PROJECT, call.project().uuid))
    _change(call, settings, None)
    return _payload(call, settings, None)


def _name(repository: Repository, setting: Payload) -> str | None:
    """Return the name of a branch; an inherited one that does not exist is the main branch."""
    own = setting["name"] in repository.branches and not setting["use_mainbranch"]
    return setting["name"] if own else repository.mainbranch


def _model(settings: Payload) -> Payload:
    """Return what is enabled."""
    enabled = [kind for kind in MAIN if settings[kind].get("enabled", True)]
    types = [one for one in settings["branch_types"].values() if one["enabled"]]
    return {
        **{kind: {name: settings[kind][name] for name in ("name", "use_mainbranch")} for kind in enabled},
        "branch_types": [{"kind": one["kind"], "prefix": one["prefix"]} for one in types],
    }


def _with_branches(call: Call, kind: str, *, effective: bool) -> Payload:
    repository = call.repository()
    settings = _repository_settings(call, repository, effective=effective)
    model: Payload = {"type": kind} | _model(settings)
    for one in (model[name] for name in MAIN if name in model):
        one["name"] = _name(repository, one)
        head = repository.branches.get(one["name"] or "")
        if head is not None:
            one["branch"] = call.payloads.branch(repository, one["name"], repository.commit(head))
    own = f"{call.payloads.base}/repositories/{repository.full_name}"
    return model | {"links": hrefs(self=f"{own}/{'effective-' * effective}branching-model")}


def _payload(call: Call, settings: Payload, repository: Repository | None) -> Payload:
    found: Payload = {"type": "branching_model_settings"} | settings
    for kind in MAIN:
        found[kind] = dict(settings[kind])
        if repository is not None:
            found[kind]["is_valid"] = _exists(repository, settings[kind])
    links = hrefs(self=f"{call.fake.origin}{call.request.path}")
    return found | {"branch_types": list(settings["branch_types"].values()), "links": links}


def _exists(repository: Repository, setting: Payload) -> bool:
    return setting["use_mainbranch"] or setting["name"] in repository.branches


def _change(call: Call, settings: Payload, repository: Repository | None) -> None:
    """Change the settings by what the body names, unless that would be no valid model."""
    body = call.json()
    changed: Payload = {kind: settings[kind] | _object(body.get(kind)) for kind in MAIN}
    changed["branch_types"] = {kind: dict(one) for kind, one in settings["branch_types"].items()}
    wrong: dict[str, list[str]] = {}
    for one in map(_object, body["branch_types"] if is_list(body.get("branch_types")) else []):
        if one.get("kind") not in TYPES:
            wrong["branch_types"] = [f"{one.get('kind')} is not a kind of branch"]
        else:
            changed["branch_types"][one["kind"]] |= one
    for kind in MAIN:
        setting = changed[kind]
        setting.pop("is_valid", None)
        setting["name"] = None if setting["use_mainbranch"] else setting["name"]
        if setting.get("enabled", True) and not setting["use_mainbranch"]:
            if not setting["name"]:
                wrong[kind] = ["A branch needs a name"]
            elif repository is not None and not _exists(repository, setting):
                wrong[kind] = [f"Branch {setting['name']} does not exist"]
    prefixes = [one.get("prefix") or "" for one in changed["branch_types"].values() if one["enabled"]]
    if any(not one or "*" in one for one in prefixes) or any(
        one.startswith(other) for place, one in enumerate(prefixes) for at, other in enumerate(prefixes) if at != place
    ):
        wrong["branch_types"] = ["The prefixes of enabled branch types must differ and be valid"]
    if wrong:
        raise refusal(400, "Bad request", fields=wrong)
    if body.get("default_branch_deletion") in ("true", "false"):
        changed["default_branch_deletion"] = body["default_branch_deletion"]
    settings |= changed


def _object(value: object) -> Payload:
    return value if is_object(value) else {}
