"""What `bitbucket-pipelines.yml` defines for a target."""

from __future__ import annotations

from typing import Final

import pytest

from bbasync.testing.cloud.pipeline_file import PipelineFile, PipelineFileError, matches

FILE: Final = b"""
image: {name: python:3.13}
options: {max-time: 30}
definitions:
  steps:
    - step: &build {name: Build, caches: [pip], script: [make, {pipe: acme/lint, variables: {}}]}
pipelines:
  default:
    - step: *build
    - parallel:
        fail-fast: true
        steps:
          - step: {name: One, max-time: 5, script: [one]}
          - step: {name: Two, image: node:22, script: [two]}
    - stage:
        deployment: staging
        trigger: manual
        steps:
          - step: {name: Three, script: [three]}
          - step: {name: Four, script: [four]}
  branches:
    "{main,release/*}":
      - step: {name: Main, script: [main]}
    feature/**:
      - step: {name: Feature, script: [feature]}
"""


def test_groups_and_stages_are_flat() -> None:
    found = PipelineFile(FILE).select("branches", "other")
    assert found is not None
    selector, steps = found
    assert selector == {"type": "default"}
    assert [(one.name, one.image, one.max_time) for one in steps] == [
        ("Build", "python:3.13", 30),
        ("One", "python:3.13", 5),
        ("Two", "node:22", 30),
        ("Three", "python:3.13", 30),
        ("Four", "python:3.13", 30),
    ]
    assert steps[0].script == ("make", "pipe: acme/lint")
    assert steps[0].caches == ("pip",)
    assert [(one.deployment, one.is_manual) for one in steps[3:]] == [("staging", True), (None, False)]


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("main", "Main"),
        ("release/1.0", "Main"),
        ("release/1.0/fix", "Build"),
        ("feature/a/b", "Feature"),
        ("maintenance", "Build"),
    ],
)
def test_the_first_pattern_that_matches_holds(name: str, step: str) -> None:
    found = PipelineFile(FILE).select("branches", name)
    assert found is not None
    assert found[1][0].name == step
    assert PipelineFile(FILE).select("tags", name) is None


@pytest.mark.parametrize(
    ("pattern", "name", "matching"),
    [
        ("*", "main", True),
        ("*", "feature/a", False),
        ("**", "feature/a", True),
        ("v?.{0,1}", "v2.1", True),
        ("v?.{0,1}", "v2.2", False),
        ("{", "{", True),
        ("a.b", "axb", False),
    ],
)
def test_globs(pattern: str, name: str, matching: bool) -> None:
    assert matches(pattern, name) is matching


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "",
        "image: x",
        "pipelines: {default: {}}",
        "pipelines: {default: []}",
        "pipelines: {default: [step]}",
        "pipelines: {default: [{step: {}}]}",
        "pipelines: {default: [{step: {script: []}}]}",
        "pipelines: {default: [{stage: {steps: []}}]}",
        "pipelines: {default: [{stage: {}}]}",
    ],
)
def test_a_file_that_is_not_valid_is_refused(text: str) -> None:
    with pytest.raises(PipelineFileError):
        PipelineFile(text.encode()).named("default", "")
