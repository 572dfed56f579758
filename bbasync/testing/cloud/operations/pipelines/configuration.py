"""Configuration of pipelines: settings, SSH keys, known hosts, and documents for OpenID Connect."""

from __future__ import annotations

import base64
import hashlib
from importlib.util import find_spec
from typing import TYPE_CHECKING

from bbasync.testing.cloud.http import Call, leaf, refusal
from bbasync.testing.cloud.operations.pipelines import bad_request, not_found
from bbasync.testing.collection import Collection
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.repository import Repository

operations: Operations[Call] = Operations()

CONFIG = "/repositories/{workspace}/{repo_slug}/pipelines_config"
OIDC = "/workspaces/{workspace}/pipelines-config/identity/oidc"


@operations(f"GET {CONFIG}", "repository:admin")
def get_configuration(call: Call) -> Result:
    """Tell whether pipelines are enabled."""
    return _configuration(call, call.repository())


@operations(f"PUT {CONFIG}", "repository:admin")
def update_configuration(call: Call) -> Result:
    """Enable or disable pipelines."""
    repository, enabled = call.repository(), call.json().get("enabled")
    if enabled and find_spec("yaml") is None:
        raise refusal(501, "FakeCloud needs PyYAML to run pipelines: install bbasync with the extra `testing`")
    repository.pipelines.enabled = bool(enabled)
    return _configuration(call, repository)


@operations(f"PUT {CONFIG}/build_number", "pipeline:variable")
def update_build_number(call: Call) -> Result:
    """Set the number of the next pipeline."""
    pipelines, number = call.repository().pipelines, call.json().get("next")
    if not isinstance(number, int) or number < pipelines.next:
        raise bad_request(f"The next build number must be at least {pipelines.next}")
    pipelines.next = number
    return {"type": "pipeline_build_number", "next": number}


@operations(f"GET {CONFIG}/ssh/key_pair", "pipeline")
def get_key_pair(call: Call) -> Result:
    """Answer with the public key."""
    found = call.repository().pipelines.key_pair
    if found is None:
        raise not_found("The repository does not have an SSH key pair")
    return found


@operations(f"PUT {CONFIG}/ssh/key_pair", "pipeline:variable")
def put_key_pair(call: Call) -> Result:
    """Take a key pair; the private key is not even kept."""
    body, pipelines = call.json(), call.repository().pipelines
    if not body.get("private_key") or not body.get("public_key"):
        raise bad_request("A key pair has a private_key and a public_key")
    pipelines.key_pair = {"type": "pipeline_ssh_key_pair", "public_key": body["public_key"]}
    return pipelines.key_pair


@operations(f"DELETE {CONFIG}/ssh/key_pair", "pipeline:variable")
def delete_key_pair(call: Call) -> Result:
    """Delete the key pair."""
    get_key_pair(call)
    call.repository().pipelines.key_pair = None
    return None


@operations(f"GET {OIDC}/.well-known/openid-configuration")
def get_oidc_configuration(call: Call) -> Result:
    """Answer with the discovery document of a workspace."""
    issuer = f"{call.payloads.base}/workspaces/{call.workspace().slug}/pipelines-config/identity/oidc"
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/keys.json",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["aud", "exp", "iat", "iss", "sub"],
    }


@operations(f"GET {OIDC}/keys.json")
def get_oidc_keys(call: Call) -> Result:
    """Answer with a public key that signs nothing."""
    modulus = hashlib.shake_256(call.workspace().uuid.encode()).digest(256)
    encoded = base64.urlsafe_b64encode(modulus).decode().rstrip("=")
    return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": encoded[:16], "n": encoded, "e": "AQAB"}]}


def _configuration(call: Call, repository: Repository) -> Payload:
    return {
        "type": "repository_pipelines_configuration",
        "enabled": repository.pipelines.enabled,
        "repository": call.payloads.repository_reference(repository),
    }


def _known_host(_call: Call, stored: Payload) -> Payload:
    key = leaf(stored, "public_key", "key")
    try:
        data = base64.b64decode(str(key), validate=True)
    except ValueError as error:
        raise bad_request("The key of a known host is Base64") from error
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    fingerprints = {
        "md5_fingerprint": ":".join(digest[place : place + 2] for place in range(0, len(digest), 2)),
        "sha256_fingerprint": "SHA256:" + base64.b64encode(hashlib.sha256(data).digest()).decode().rstrip("="),
    }
    key_type = leaf(stored, "public_key", "key_type")
    public_key = {"type": "pipeline_ssh_public_key", "key_type": key_type, "key": key}
    return stored | {"type": "pipeline_known_host", "public_key": public_key | fingerprints}


known_hosts = Collection(
    operations,
    f"{CONFIG}/ssh/known_hosts/{{known_host_uuid}}",
    "uuid",
    required=("hostname", "public_key"),
    unique="hostname",
    read="pipeline",
    write="pipeline:variable",
    render=_known_host,
)
