"""What schemathesis cannot learn from openapi.yaml: how to sign in, which chat and user
there are, and what a valid value of each of our formats is. run.py sets the environment."""

import base64
import os
import time

import msgpack
import requests
import schemathesis
from hypothesis import strategies as st

URL = os.environ["CONFORMANCE_URL"]
CHAT = os.environ["CONFORMANCE_CHAT"]  # a group of the caller
OTHER = os.environ["CONFORMANCE_OTHER"]  # another member of it
INVITE = os.environ["CONFORMANCE_INVITE"]  # an invite to it
CODE = os.environ["CONFORMANCE_CODE"]  # of that invite
MESSAGES = 3  # that run.py posted there
OWNER = {"handle": "owner", "password": os.environ["CONFORMANCE_PASSWORD"]}

# Characters of one to four bytes of UTF-8.
letters = st.sampled_from("aZ09 .,'\"<&é\u05d0漢🍜")


def within(most: int, least: int = 0) -> st.SearchStrategy[str]:
    """Text of at most that many bytes of UTF-8 that begins and ends with a letter."""
    text = st.lists(letters, max_size=most // 4 - 2).map(lambda parts: "a" + "".join(parts) + "z")
    return text if least else text | st.just("")


schemathesis.openapi.format("name", within(64, least=1))
schemathesis.openapi.format("line", within(64))
schemathesis.openapi.format("text", within(200, least=1))
schemathesis.openapi.format("emoji", st.sampled_from(["👍", "🎉", "😀", "🍜"]))
schemathesis.openapi.format("handle", st.from_regex(r"[0-9a-z][0-9a-z._-]{2,20}[0-9a-z]", fullmatch=True))
schemathesis.openapi.format("user", st.sampled_from([OTHER, "@other", "@nobody", "0" * 16]))
schemathesis.openapi.format("password", st.binary(min_size=12, max_size=24).map(lambda b: "pw-" + base64.b64encode(b).decode()))  # not one character that is repeated
schemathesis.openapi.format("code", st.binary(min_size=32, max_size=32).map(lambda b: base64.urlsafe_b64encode(b).decode().rstrip("=")))
schemathesis.openapi.format("upload-metadata", st.just("chatId " + base64.b64encode(CHAT.encode()).decode()))
schemathesis.openapi.format("search", st.sampled_from(["message", '"a mess"', "from:@owner", "mentions:me has:link after:2026-01", "🍜"]))
schemathesis.openapi.format("timezone", st.sampled_from(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"]))
schemathesis.openapi.format("cursor", st.just(""))  # the first page


@schemathesis.auth()
class SignIn:
    """Signs the owner in again when a call has ended the session."""

    def get(self, case, ctx):
        answer = requests.post(URL + "/api/sessions", json=OWNER, timeout=30)
        answer.raise_for_status()
        return answer.json()["token"]

    def set(self, case, data, ctx):
        case.headers = case.headers or {}
        case.headers["Authorization"] = "Bearer " + data


@schemathesis.serializer("application/offset+octet-stream")
def send(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.serializer("application/msgpack")
def encode(ctx, value):
    return msgpack.packb(value, default=float)  # a number of more than 64 bits


@schemathesis.deserializer("application/msgpack")
def decode(ctx, response):
    return msgpack.unpackb(response.content)


@schemathesis.hook
def map_case(ctx, case):
    """Makes a valid call name what exists, and apply the rules that JSON Schema cannot express."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return case
    path, query, body = case.path_parameters, case.query, case.body
    if "chatId" in path:
        path["chatId"] = CHAT
    if "userId" in path:
        path["userId"] = OTHER
    if path.get("inviteId") == INVITE:
        path["inviteId"] = "0" * 16  # the others need it
    if "seq" in path:
        path["seq"] = 2 + int(path["seq"]) % MESSAGES  # 1 is the event that made the chat
    operation = case.operation.definition.raw["operationId"]
    if operation == "endSession" and not isinstance(body, dict):
        path["sessionId"] = "current"  # the others need a password
    if operation == "listMessages":
        for side in [side for side in ("before", "after", "around") if side in (query or {})][1:]:
            del query[side]
    if isinstance(body, dict):
        if operation in ("peekInvite", "acceptInvite"):
            body["code"] = CODE
        if operation == "postMessage":
            body.pop("files", None)  # none is uploaded
            body["text"] = body.get("text") or "a message"
        if operation == "createSession":
            body.update(OWNER)
        if operation in ("endSession", "endSessions"):
            body["password"] = OWNER["password"]
        if operation == "createAccount":
            body.pop("setup", None)
            body["invite"] = CODE if body.get("cookie") else None  # one invite has a budget of sign-ups
        if body.get("kind") == "direct":
            body["members"] = [OTHER]
        for name in ("expiresAt", "replyTo", "seq", "uses"):
            if isinstance(body.get(name), float):
                body[name] = int(body[name])  # 1.0 is an integer of JSON Schema and not of Parley
        if isinstance(body.get("expiresAt"), int):
            body["expiresAt"] = int(time.time() * 1000) + 60_000 + body["expiresAt"] % 1_000_000
    return case


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Requests every second answer in MessagePack."""
    before_call.n += 1
    if before_call.n % 2 and hasattr(case.headers, "setdefault"):
        case.headers.setdefault("Accept", "application/msgpack")


before_call.n = 0
