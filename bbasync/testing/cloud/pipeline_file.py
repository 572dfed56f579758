"""What `bitbucket-pipelines.yml` defines: which steps run for which target."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from bbasync.testing.cloud.query import is_list, is_object
from bbasync.testing.cloud.world.pipelines import StepDefinition

if TYPE_CHECKING:
    from collections.abc import Iterator

Object: TypeAlias = dict[str, object]

NAME = "bitbucket-pipelines.yml"
DEFAULT_IMAGE = "atlassian/default-image:latest"
MAX_TIME = 120
"""Minutes that a step may take unless the file says otherwise."""
PARTS = re.compile(r"\*\*|\*|\?|\{[^{}]*\}|[^*?{]+|\{")
"""The parts of a glob."""


class PipelineFileError(Exception):
    """The file is not what it should be."""


class PipelineFile:
    """A `bitbucket-pipelines.yml`; PipelineFileError if it is not valid, ImportError without PyYAML."""

    def __init__(self, content: bytes) -> None:
        import yaml  # noqa: PLC0415 - of an extra that only pipelines need

        try:
            found: object = yaml.safe_load(content)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise PipelineFileError("The file is not valid YAML") from error
        if not is_object(found) or not is_object(found.get("pipelines")):
            raise PipelineFileError("There is no section `pipelines`")
        self._file: Object = found
        self._pipelines: Object = _object(found["pipelines"])

    def select(self, section: str, name: str) -> tuple[dict[str, str], list[StepDefinition]] | None:
        """Find the selector and the steps for a branch, a tag or a source branch."""
        for pattern, steps in _object(self._pipelines.get(section)).items():
            if matches(pattern, name):
                return {"type": section, "pattern": pattern}, self._steps(steps)
        if section == "branches" and "default" in self._pipelines:
            return {"type": "default"}, self._steps(self._pipelines["default"])
        return None

    def named(self, section: str, pattern: str) -> list[StepDefinition] | None:
        """Find a definition by the name that it has in its section."""
        if section == "default":
            found = self._pipelines.get("default")
        else:
            found = _object(self._pipelines.get(section)).get(pattern)
        return None if found is None else self._steps(found)

    def _steps(self, items: object) -> list[StepDefinition]:
        found = [self._definition(one) for one in _flat(items)]
        if not found:
            raise PipelineFileError("A pipeline needs a step")
        return found

    def _definition(self, step: Object) -> StepDefinition:
        script = step.get("script")
        if not is_list(script) or not script:
            raise PipelineFileError("A step needs a `script`")
        image = step.get("image") or self._file.get("image") or DEFAULT_IMAGE
        limit = step.get("max-time") or _object(self._file.get("options")).get("max-time") or MAX_TIME
        caches = step.get("caches")
        return StepDefinition(
            name=str(step["name"]) if step.get("name") else None,
            script=tuple(_command(one) for one in script),
            image=str(_object(image).get("name") or "") if is_object(image) else str(image),
            deployment=str(step["deployment"]) if step.get("deployment") else None,
            is_manual=step.get("trigger") == "manual",
            caches=tuple(str(one) for one in caches) if is_list(caches) else (),
            max_time=limit if isinstance(limit, int) else MAX_TIME,
        )


def _object(value: object) -> Object:
    return {str(name): inner for name, inner in value.items()} if is_object(value) else {}


def _command(value: object) -> str:
    return f"pipe: {value['pipe']}" if is_object(value) and "pipe" in value else str(value)


def _flat(items: object) -> Iterator[Object]:
    """Yield the steps of a pipeline; those of groups stand where the group does."""
    if not is_list(items):
        raise PipelineFileError("A pipeline is a list of steps")
    for item in items:
        found = _object(item)
        if "step" in found:
            yield _object(found["step"])
        elif "parallel" in found:
            group = found["parallel"]
            yield from _flat(group["steps"] if is_object(group) and "steps" in group else group)
        elif "stage" in found:
            stage = _object(found["stage"])
            for place, step in enumerate(_flat(stage.get("steps"))):
                yield step | {name: stage[name] for name in ("deployment", "trigger") if name in stage and not place}
        elif "variables" not in found:
            raise PipelineFileError("A pipeline is a list of steps")


def matches(pattern: str, name: str) -> bool:
    """Tell whether a glob matches: `*` within a segment, `**` across them, `{a,b}` either."""
    return re.fullmatch(_regex(pattern), name) is not None


def _regex(glob: str) -> str:
    def translate(part: re.Match[str]) -> str:
        text = part[0]
        if text.startswith("{") and text.endswith("}"):
            return "(?:" + "|".join(_regex(one) for one in text[1:-1].split(",")) + ")"
        return {"**": ".*", "*": "[^/]*", "?": "[^/]"}.get(text) or re.escape(text)

    return PARTS.sub(translate, glob)
