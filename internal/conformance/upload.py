"""Uploads with tuspy, a client of tus: in one go, in pieces that another client goes on with, asynchronously."""

import asyncio
import hashlib
import io
import random
import sys
import uuid

import requests
from tusclient.client import TusClient

DATA = random.Random(1).randbytes(3 * 1024 * 1024 + 17)


def main(url: str) -> None:
    account = {"handle": "u" + uuid.uuid4().hex[:8], "name": "Ann", "password": uuid.uuid4().hex}
    token = requests.post(url + "/api/accounts", json=account, timeout=30).json()["token"]
    headers = {"Authorization": "Bearer " + token}
    made = requests.post(url + "/api/chats", json={"clientId": "c", "kind": "group", "title": "Files"}, headers=headers, timeout=30)
    chat = made.json()["chat"]["id"]
    client = TusClient(url + "/api/uploads", headers=headers)
    metadata = {"chatId": chat, "filename": "päper clip.bin", "filetype": "application/octet-stream"}

    whole = client.uploader(file_stream=io.BytesIO(DATA), metadata=metadata)
    whole.upload()

    begun = client.uploader(file_stream=io.BytesIO(DATA), metadata=metadata, chunk_size=1024 * 1024)
    begun.upload_chunk()
    other = TusClient(url + "/api/uploads", headers=headers).uploader(file_stream=io.BytesIO(DATA), url=begun.url, chunk_size=512 * 1024)
    assert other.offset == 1024 * 1024, other.offset
    other.upload()

    later = client.async_uploader(file_stream=io.BytesIO(DATA), metadata=metadata, chunk_size=1024 * 1024)
    asyncio.run(later.upload())

    ids = [u.url.rsplit("/", 1)[1] for u in (whole, begun, later)]
    body = {"clientId": "m", "text": "three files", "files": ids}
    posted = requests.post(f"{url}/api/chats/{chat}/messages", json=body, headers=headers, timeout=30)
    posted.raise_for_status()
    for file in posted.json()["message"]["files"]:
        assert file["name"] == "päper clip.bin" and file["size"] == len(DATA), file
        got = requests.get(f"{url}/api/chats/{chat}/files/{file['id']}", headers=headers, timeout=30)
        assert hashlib.sha256(got.content).digest() == hashlib.sha256(DATA).digest()


main(sys.argv[1])
