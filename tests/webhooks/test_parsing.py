from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from types import ModuleType

import pytest
from multidict import CIMultiDict

from bbasync import BitbucketError, webhooks
from bbasync.webhooks import (
    Delivery,
    PayloadError,
    PayloadTooLargeError,
    Product,
    SignatureError,
    UnknownEvent,
    WebhookError,
    WebhookRouter,
    datacenter,
    parse,
    sign,
    verify,
)
from bbasync.webhooks import cloud as cloud_events
from tests.webhooks.deliveries import CREATED, OPENED, SECRET, cloud, data_center, encoded, smallest

# -- the signature ----------------------------------------------------------------------------------------------------

VENDORS_SECRET = "It's a Secret to Everybody"
VENDORS_SIGNATURE = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"


def test_the_vendors_documented_example_is_reproduced_and_accepted() -> None:
    assert sign(b"Hello World!", VENDORS_SECRET) == VENDORS_SIGNATURE
    verify(b"Hello World!", VENDORS_SIGNATURE, VENDORS_SECRET)


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (b"Hello World?", VENDORS_SIGNATURE),
        (b"Hello World", VENDORS_SIGNATURE),
        (b"", VENDORS_SIGNATURE),
        (b"Hello World!", VENDORS_SIGNATURE[:-1]),
        (b"Hello World!", VENDORS_SIGNATURE + "0"),
        (b"Hello World!", VENDORS_SIGNATURE.removeprefix("sha256=")),
        (b"Hello World!", VENDORS_SIGNATURE.replace("sha256", "sha1")),
        (b"Hello World!", "sha256="),
        (b"Hello World!", "sha256=ü"),
        (b"Hello World!", "sha256=\udcff\ud800"),
        (b"Hello World!", ""),
        (b"Hello World!", None),
    ],
)
def test_a_changed_body_or_signature_is_refused(body: bytes, signature: str | None) -> None:
    with pytest.raises(SignatureError):
        verify(body, signature, VENDORS_SECRET)


def test_secrets_are_text_or_bytes_and_unicode_is_utf_8() -> None:
    body = "Größe ☃".encode()
    assert sign(body, "schlüssel☃") == sign(body, "schlüssel☃".encode())
    verify(body, sign(body, "schlüssel☃"), "schlüssel☃")
    verify(body, sign(body, b"\xff\x00"), b"\xff\x00")


def test_while_one_secret_replaces_another_both_are_accepted_and_no_third() -> None:
    for secret in ("old", "new"):
        verify(b"{}", sign(b"{}", secret), ["old", b"new"])
    with pytest.raises(SignatureError):
        verify(b"{}", sign(b"{}", "third"), ["old", "new"])


@pytest.mark.parametrize("empty", ["", b"", [], ["good", ""]], ids=["text", "bytes", "none", "one of two"])
def test_an_empty_secret_would_let_anybody_sign_and_is_a_mistake(empty: str | bytes | list[str | bytes]) -> None:
    with pytest.raises(ValueError, match=r"^the secret of a webhook is empty$"):
        parse(*cloud(), secret=empty)
    with pytest.raises(ValueError, match=r"^the secret of a webhook is empty$"):
        WebhookRouter(secret=empty)


def test_the_signature_is_checked_before_the_body_is_read() -> None:
    headers, _ = cloud()
    with pytest.raises(SignatureError):
        parse(headers, b"no JSON", secret=SECRET)
    with pytest.raises(PayloadError):
        parse(headers | {"X-Hub-Signature": sign(b"no JSON", SECRET)}, b"no JSON", secret=SECRET)


@pytest.mark.parametrize("secret", [None, "another"], ids=["missing", "wrong"])
@pytest.mark.parametrize("delivery", [cloud, data_center])
def test_a_delivery_without_a_signature_of_ours_is_refused(
    delivery: Callable[..., tuple[dict[str, str], bytes]], secret: str | None
) -> None:
    with pytest.raises(SignatureError) as raised:
        parse(*delivery(secret=secret), secret=SECRET)
    assert raised.value.status == 403


def test_a_truncated_body_is_refused() -> None:
    headers, body = cloud()
    with pytest.raises(SignatureError):
        parse(headers, body[:-1], secret=SECRET)


@pytest.mark.parametrize("written", [str.lower, str.upper, str.title])
def test_header_names_are_found_in_any_case(written: Callable[[str], str]) -> None:
    headers, body = cloud(attempt=2)
    event = parse({written(name): value for name, value in headers.items()}, body, secret=SECRET)
    assert event.delivery.attempt == 2


def test_of_a_header_that_comes_twice_the_first_counts() -> None:
    headers, body = cloud()
    twice = CIMultiDict([*headers.items(), ("X-Event-Key", "repo:push"), ("X-Hub-Signature", "sha256=0")])
    assert type(parse(twice, body, secret=SECRET)) is cloud_events.PullRequestCreated


def test_without_a_secret_the_signature_is_left_unchecked() -> None:
    headers, body = cloud(secret="another")
    assert parse(headers, body, secret=None).raw == CREATED


def test_no_traceback_with_local_variables_shows_the_secret() -> None:
    def told(call: Callable[[], object]) -> str:
        with pytest.raises((WebhookError, RuntimeError)) as raised:
            call()
        frames = traceback.StackSummary.extract(traceback.walk_tb(raised.value.__traceback__), capture_locals=True)
        return "\n".join(str(frame.locals) for frame in frames if "bbasync" in frame.filename)

    headers, body = cloud(secret="another")
    for text in (
        told(lambda: parse(headers, body, secret=SECRET)),
        told(lambda: verify(body, "sha256=0", [SECRET])),
        told(lambda: WebhookRouter(secret=[SECRET]).accept(headers, body)),
    ):
        assert "'self'" in text or "'body'" in text
        assert SECRET not in text


# -- what is no event -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"1", b"null", b'"text"', b"\xff", b"NaN", b"payload=%7B%7D", b"[" * 100_000],
    ids=lambda body: body[:10].decode("latin-1"),
)
def test_a_body_that_is_no_json_object_is_an_error(body: bytes) -> None:
    with pytest.raises(PayloadError) as raised:
        parse({"X-Event-Key": "repo:push"}, body, secret=None)
    assert raised.value.status == 400


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("repo:push", b'{"actor": "ann"}'),
        ("repo:push", b'{"push": {"changes": [1]}}'),
        ("pullrequest:created", b'{"pullrequest": {"created_on": "yesterday"}}'),
        ("pr:opened", b'{"date": []}'),
    ],
    ids=["actor", "change", "date", "list for a date"],
)
def test_a_body_of_another_shape_is_an_error_that_names_the_event(key: str, body: bytes) -> None:
    with pytest.raises(PayloadError, match=key):
        parse({"X-Event-Key": key}, body, secret=None)


def test_a_comment_below_a_thousand_others_is_read_or_an_error_of_ours() -> None:
    comment = b'{"parent":' * 1000 + b"{}" + b"}" * 1000
    body = encoded(smallest("pr:comment:added")).replace(b'"comment": {}', b'"comment": ' + comment)
    with suppress(PayloadError):  # from Python 3.13 on it is read
        event = parse({"X-Event-Key": "pr:comment:added"}, body, secret=None)
        assert isinstance(event, datacenter.PullRequestCommentAdded)


@pytest.mark.parametrize("headers", [{}, {"X-Event-Key": ""}], ids=["missing", "empty"])
def test_a_request_that_names_no_event_is_an_error(headers: dict[str, str]) -> None:
    with pytest.raises(PayloadError, match="X-Event-Key"):
        parse(headers, b"{}", secret=None)


def test_a_body_above_the_limit_is_an_error_and_one_of_its_size_is_not() -> None:
    headers, body = cloud()
    assert parse(headers, body, secret=SECRET, max_size=len(body)).raw == CREATED
    with pytest.raises(PayloadTooLargeError) as raised:
        parse(headers, body, secret=SECRET, max_size=len(body) - 1)
    assert raised.value.status == 413


def test_all_errors_are_the_librarys() -> None:
    assert issubclass(WebhookError, BitbucketError)
    assert issubclass(SignatureError, WebhookError)
    assert issubclass(PayloadTooLargeError, PayloadError)


# -- what is one ------------------------------------------------------------------------------------------------------


def test_a_delivery_of_cloud_is_told_by_its_headers() -> None:
    event = parse(*cloud(attempt=3), secret=SECRET)
    assert type(event) is cloud_events.PullRequestCreated
    assert event.delivery == Delivery(
        product=Product.CLOUD,
        event_key="pullrequest:created",
        hook_id="{hook}",
        request_id="11111111-2222",
        attempt=3,
    )
    assert event.pullrequest.title == "Größe ändern ☃"
    assert event.raw == CREATED
    assert event.repository.raw["extra"] == {"kept": 1}


def test_a_delivery_of_data_center_is_told_by_its_headers() -> None:
    event = parse(*data_center(), secret=SECRET)
    assert type(event) is datacenter.PullRequestOpened
    assert event.delivery == Delivery(
        product=Product.DATA_CENTER, event_key="pr:opened", hook_id=None, request_id="33333333-4444", attempt=None
    )
    assert event.date == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert event.pull_request.created_date == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert event.raw == OPENED


def test_a_request_id_that_a_proxy_adds_makes_no_delivery_of_data_center() -> None:
    headers, body = cloud()
    assert parse(headers | {"X-Request-Id": "proxy"}, body, secret=SECRET).delivery.request_id == "11111111-2222"
    event = parse({"X-Event-Key": "repo:push", "X-Request-Id": "proxy"}, encoded(smallest("repo:push")), secret=None)
    assert type(event) is cloud_events.RepositoryPush


@pytest.mark.parametrize(("delivery", "product"), [(cloud, Product.CLOUD), (data_center, Product.DATA_CENTER)])
def test_an_unknown_key_is_an_unknown_event_with_all_that_came(
    delivery: Callable[..., tuple[dict[str, str], bytes]], product: Product
) -> None:
    event = parse(*delivery({"new": [1]}, key="repo:teleported"), secret=SECRET)
    assert type(event) is UnknownEvent
    assert event.raw == {"new": [1]}
    assert (event.delivery.event_key, event.delivery.product) == ("repo:teleported", product)


@pytest.mark.parametrize("name", ["X-Hook-UUID", "X-Request-UUID", "X-Attempt-Number"])
def test_one_header_of_cloud_tells_the_product_of_an_unknown_key(name: str) -> None:
    event = parse({"X-Event-Key": "repo:teleported", name: "1"}, b"{}", secret=None)
    assert type(event) is UnknownEvent
    assert event.delivery.product is Product.CLOUD
    event = parse({"X-Event-Key": "repo:teleported", "X-Request-Id": "1"}, b"{}", secret=None)
    assert (event.delivery.product, event.delivery.request_id) == (Product.DATA_CENTER, "1")


def test_a_key_of_the_other_product_is_unknown() -> None:
    assert type(parse(*cloud(key="pr:opened"), secret=SECRET)) is UnknownEvent


@pytest.mark.parametrize(("attempt", "number"), [("9" * 9, 999_999_999), ("9" * 10, None)])
def test_an_attempt_has_nine_digits_at_most(attempt: str, number: int | None) -> None:
    headers, body = cloud()
    assert parse(headers | {"X-Attempt-Number": attempt}, body, secret=SECRET).delivery.attempt == number


@pytest.mark.parametrize(
    ("headers", "body", "message"),
    [
        ({}, b"{", "the body is not valid JSON"),
        ({}, b"[]", "the body is not a JSON object"),
        ({}, b'{"push": 1}', "the body does not have the shape of repo:push"),
        ({}, b" " * 1001, "the body has 1001 bytes, more than the 1000 allowed"),
        ({"X-Hub-Signature": ""}, b"{}", "the delivery is not signed: set a secret in the webhook"),
        ({"X-Hub-Signature": "sha1=0"}, b"{}", "the signature does not have the form sha256=…"),
        ({"X-Hub-Signature": "sha256=0"}, b"{}", "the signature matches none of the secrets: .*"),
    ],
)
def test_an_error_says_what_is_wrong(headers: dict[str, str], body: bytes, message: str) -> None:
    signed = {"X-Event-Key": "repo:push", "X-Hub-Signature": sign(body, SECRET)}
    with pytest.raises(WebhookError, match=rf"^{message}$"):
        parse(signed | headers, body, secret=SECRET, max_size=1000)


@pytest.mark.parametrize("attempt", ["", "x", "-1", "²", "9" * 5000], ids=lambda attempt: attempt[:4])
def test_an_attempt_that_is_no_number_is_none(attempt: str) -> None:
    headers, body = cloud()
    assert parse(headers | {"X-Attempt-Number": attempt}, body, secret=SECRET).delivery.attempt is None


# -- the module -------------------------------------------------------------------------------------------------------


def test_the_module_has_what_it_exports_and_nothing_else() -> None:
    for name in webhooks.__all__:
        assert getattr(webhooks, name) is not None
    assert set(webhooks.__all__) <= set(dir(webhooks))
    with pytest.raises(AttributeError, match="nothing"):
        webhooks.nothing  # type: ignore[attr-defined]  # noqa: B018 - reading is what fails


@pytest.mark.parametrize("module", [webhooks.cloud, webhooks.datacenter])
def test_completion_on_the_events_of_a_product_offers_events_only(module: ModuleType) -> None:
    assert dir(module) == sorted(module.__all__)
    assert not {"Any", "define", "field"} & set(dir(module))
