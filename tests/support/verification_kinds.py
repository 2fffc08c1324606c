"""Every kind of scheme: a `verify` key as an author would write it, and how its sender signs."""

from typing import NamedTuple

from support import genuine


class Kind(NamedTuple):
    """One kind. `proof` says where its signature stands: a header, `?field`, or the steps to it in the body.

    `label` is what stands before a signature in a list, `prefix` before the only one.
    """

    verify: str
    sign: genuine.Sign
    proof: str | tuple[str | int, ...]
    secret: bytes = genuine.SECRET
    other: bytes = genuine.OTHER
    signs_time: bool = False
    signs_body: bool = True
    prefix: str = ""
    label: str = ""


_TWILIO = (
    '{scheme: hmac, algorithm: sha1, header: X-Sig, encoding: base64, signed: "{url}{form:sorted}", '
    "digest: {query: bodySHA256}}"
)
_STANDARD = 'signed: "{header:webhook-id}.{timestamp}.{body}", timestamp: {header: webhook-timestamp}'

KINDS: dict[str, Kind] = {
    "prefix": Kind("{scheme: hmac, header: X-Sig, prefix: sha256=}", genuine.github, "x-sig", prefix="sha256="),
    "sha512": Kind(
        "{scheme: hmac, algorithm: sha512, header: X-Sig, encoding: base64url-padded}", genuine.sha512, "x-sig"
    ),
    "elements": Kind(
        '{scheme: hmac, header: X-Sig, elements: {signature: v1, timestamp: t}, signed: "{timestamp}.{body}"}',
        genuine.stripe,
        "x-sig",
        signs_time=True,
        label="v1=",
    ),
    "elements with blanks": Kind(
        "{scheme: hmac, header: X-Sig, elements: {signature: [v1, v2], timestamp: t}, "
        'signed: "{timestamp}.{body}", timestamp: {format: unix_ms}}',
        genuine.workos,
        "x-sig",
        signs_time=True,
        label="v1=",
    ),
    "elements by semicolons": Kind(
        '{scheme: hmac, header: X-Sig, elements: {separator: ";", signature: h1, timestamp: ts}, '
        'signed: "{timestamp}:{body}"}',
        genuine.paddle,
        "x-sig",
        signs_time=True,
        label="h1=",
    ),
    "base64url": Kind(
        "{scheme: hmac, header: X-Sig, elements: {signature: v1, timestamp: t}, encoding: base64url, "
        'signed: "{timestamp}.{body}", timestamp: {format: unix_ms}}',
        genuine.sanity,
        "x-sig",
        signs_time=True,
        label="v1=",
    ),
    "decoded secret": Kind(
        '{scheme: hmac, header: X-Sig, elements: {separator: " ", key_separator: ",", signature: v1}, '
        f"encoding: base64, {_STANDARD}, " + 'secret: {encoding: base64, strip: ["v1,", whsec_]}}',
        genuine.supabase,
        "x-sig",
        b"v1,whsec_" + genuine.SECRET,
        b"v1,whsec_" + genuine.OTHER,
        signs_time=True,
        label="v1,",
    ),
    "time in a header": Kind(
        '{scheme: hmac, header: X-Sig, prefix: v0=, signed: "v0:{header:X-Time}:{body}", timestamp: {header: X-Time}}',
        genuine.slack,
        "x-sig",
        signs_time=True,
        prefix="v0=",
    ),
    "nanoseconds": Kind(
        '{scheme: hmac, header: X-Sig, prefix: sha256=, signed: "{header:X-Id}{timestamp}{body}", '
        "timestamp: {header: X-Time, format: iso8601}}",
        genuine.twitch,
        "x-sig",
        signs_time=True,
        prefix="sha256=",
    ),
    "numbered headers": Kind("{scheme: hmac, header: X-Sig-*, encoding: base64}", genuine.docusign, "x-sig-7"),
    "several headers": Kind(
        '{scheme: hmac, header: [X-First, X-Second], encoding: base64, signed: "{body}{timestamp}", '
        "timestamp: {header: X-Time, format: iso8601}}",
        genuine.box,
        "x-second",
        signs_time=True,
    ),
    "query": Kind("{scheme: hmac, query: signature}", genuine.pandadoc, "?signature"),
    "body and address": Kind(
        '{scheme: hmac, algorithm: sha1, header: X-Sig, encoding: base64, signed: "{body}{url}"}',
        genuine.trello,
        "x-sig",
    ),
    "address and body": Kind(
        '{scheme: hmac, header: X-Sig, encoding: base64, signed: "{url}{body}"}', genuine.square, "x-sig"
    ),
    "unescaped address": Kind(
        '{scheme: hmac, header: X-Sig, encoding: base64, signed: "{method}{url:unescaped}{body}{timestamp}", '
        "timestamp: {header: X-Time, format: unix_ms}}",
        genuine.hubspot,
        "x-sig",
        signs_time=True,
    ),
    "listed headers": Kind(
        '{scheme: hmac, header: X-Sig, signed: "{method}\\n{path}\\n{headers:X-List}\\n{body}", '
        "timestamp: {header: X-Time, format: unix_ms}}",
        genuine.contentful,
        "x-sig",
        signs_time=True,
    ),
    "time in the body": Kind(
        "{scheme: hmac, header: X-Sig, timestamp: {path: $.webhookTimestamp, format: unix_ms}}",
        genuine.linear,
        "x-sig",
        signs_time=True,
    ),
    "time in the key": Kind(
        "{scheme: hmac, header: X-Sig, prefix: sha256=, timestamp: {header: Timestamp}, "
        'secret: {key: "{timestamp}{secret}"}}',
        genuine.gitguardian,
        "x-sig",
        signs_time=True,
        prefix="sha256=",
    ),
    "sorted form": Kind(_TWILIO, genuine.twilio, "x-sig"),
    "digest": Kind(_TWILIO, genuine.twilio_json, "x-sig"),
    "hash of the body": Kind(
        '{scheme: hmac, header: X-Sig, signed: "{method} {sha256:body}"}', genuine.hashed, "x-sig"
    ),
    "values": Kind(
        '{scheme: hmac, path: $.signature.signature, signed: "{json:$.signature.timestamp}{json:$.signature.token}", '
        "timestamp: {path: $.signature.timestamp}, unsigned: body}",
        genuine.mailgun,
        ("signature", "signature"),
        signs_time=True,
        signs_body=False,
    ),
    "items": Kind(
        '{scheme: hmac, each: "$.notificationItems[*]", encoding: base64, secret: {encoding: hex}, unsigned: body, '
        "path: $.NotificationRequestItem.additionalData.hmacSignature, "
        'signed: "{json:$.NotificationRequestItem.pspReference}:{json:$.NotificationRequestItem.originalReference}:'
        "{json:$.NotificationRequestItem.amount.value}:{json:$.NotificationRequestItem.amount.currency}:"
        '{json:$.NotificationRequestItem.success}"}',
        genuine.adyen,
        ("notificationItems", 2, "NotificationRequestItem", "additionalData", "hmacSignature"),
        genuine.HEX_SECRET,
        genuine.OTHER_HEX,
        signs_body=False,
    ),
    "ed25519": Kind(
        '{scheme: ed25519, header: X-Sig, signed: "{timestamp}{body}", timestamp: {header: X-Time}, '
        "secret: {encoding: hex}}",
        genuine.discord,
        "x-sig",
        genuine.raw_hex(genuine.ED_KEY),
        genuine.raw_hex(genuine.OTHER_ED),
        signs_time=True,
    ),
    "ed25519 of elements": Kind(
        '{scheme: ed25519, header: X-Sig, elements: {separator: " ", key_separator: ",", signature: v1a}, '
        f"encoding: base64, {_STANDARD}, " + "secret: {encoding: base64, strip: whpk_}}",
        genuine.standard_asymmetric,
        "x-sig",
        genuine.whpk(genuine.ED_KEY),
        genuine.whpk(genuine.OTHER_ED),
        signs_time=True,
        label="v1a,",
    ),
    "ecdsa": Kind(
        '{scheme: ecdsa, header: X-Sig, encoding: base64, signed: "{timestamp}{body}", timestamp: {header: X-Time}, '
        "secret: {encoding: base64}}",
        genuine.sendgrid,
        "x-sig",
        genuine.spki(genuine.EC_KEY),
        genuine.spki(genuine.OTHER_EC),
        signs_time=True,
    ),
    "token": Kind(
        "{scheme: token, header: X-Token, prefix: 'Token '}", genuine.header_token, "x-token", signs_body=False
    ),
    "token in the query": Kind(
        "{scheme: token, query: auth_token}", genuine.query_token, "?auth_token", signs_body=False
    ),
    "token of items": Kind(
        '{scheme: token, each: "$.value[*]", path: $.clientState}',
        genuine.graph,
        ("value", 2, "clientState"),
        signs_body=False,
    ),
    "bearer": Kind("bearer", genuine.bearer, "authorization", signs_body=False),
    "basic": Kind(
        "basic", genuine.basic, "authorization", b"user:" + genuine.SECRET, b"user:" + genuine.OTHER, signs_body=False
    ),
}
