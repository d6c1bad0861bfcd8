"""A subscriber of pushes, made of unmodified libraries: py-vapid checks who sent a push (RFC 8292)
and http-ece decrypts it (RFC 8291). It writes the keys of its subscription, then reads a request
to the push service per line, and writes what it says."""

import base64
import json
import os
import sys

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02


def encode(b: bytes) -> str:
    return base64.urlsafe_b64encode(b).decode().rstrip("=")


def decode(s: str) -> bytes:
    return base64.urlsafe_b64decode(s + "=" * (-len(s) % 4))


def write(value: dict) -> None:
    print(json.dumps(value), flush=True)


key, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
write({"p256dh": encode(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)), "auth": encode(auth)})
for line in sys.stdin:
    request = json.loads(line)
    scheme, _, parameters = request["authorization"].partition(" ")
    assert scheme == "vapid", scheme
    fields = dict(field.strip().split("=", 1) for field in parameters.split(","))
    signed, _, signature = fields["t"].rpartition(".")
    header, claims = (json.loads(decode(part)) for part in signed.split("."))
    assert Vapid02.from_raw_public(fields["k"].encode()).verify_token(signed.encode(), signature), "the signature is wrong"
    text = http_ece.decrypt(decode(request["body"]), private_key=key, auth_secret=auth, version="aes128gcm")
    write({"header": header, "claims": claims, "key": fields["k"], "payload": json.loads(text)})
