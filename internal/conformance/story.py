"""The unmodified python-socketio talks to a server: the story of story.js, with both
serializers."""

import asyncio
import sys
import uuid

import requests
import socketio

URL = sys.argv[1]


def call(token: str, method: str, path: str, **body):
    answer = requests.request(method, URL + path, json=body, headers={"Authorization": "Bearer " + token} if token else {}, timeout=30)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def sign_up():
    return call("", "POST", "/api/accounts", handle="p" + uuid.uuid4().hex[:8], name="Ann", password=str(uuid.uuid4()))


async def story(transports: list[str], serializer: str) -> None:
    ann, bob = sign_up(), sign_up()
    chat = call(bob["token"], "POST", "/api/chats", clientId=str(uuid.uuid4()), kind="group", title="Tea", members=[ann["user"]["id"]])["chat"]["id"]
    messages = f"/api/chats/{chat}/messages"
    seen: dict[str, int] = {}
    texts: list[str] = []
    state = {"epoch": None}
    changed = asyncio.Event()
    client = socketio.AsyncClient(serializer=serializer, reconnection_delay=0.05)

    async def say(text: str) -> None:
        await asyncio.to_thread(call, bob["token"], "POST", messages, clientId=str(uuid.uuid4()), text=text)

    def auth():
        return {"token": ann["token"], **({"epoch": state["epoch"], "seen": seen} if state["epoch"] else {})}

    @client.on("*")
    async def on_event(name: str, value: dict) -> None:
        if name == "hello":
            state["epoch"] = value["epoch"]
            for c in value["chats"]:
                seen.setdefault(c["id"], c["head"])
        elif name == "posted":
            assert value["seq"] == seen[value["chatId"]] + 1, (value, seen)
            seen[value["chatId"]] = value["seq"]
            texts.append(value["text"])
        changed.set()

    @client.event
    async def disconnect(*_) -> None:
        state["disconnected"] = True
        changed.set()

    async def until(holds) -> None:
        async with asyncio.timeout(30):
            while not holds():
                changed.clear()
                await changed.wait()

    await client.connect(URL, auth=auth, transports=transports)
    await until(lambda: state["epoch"])
    post = {"chatId": chat, "clientId": str(uuid.uuid4()), "text": "hello"}
    first, again = await client.call("post", post), await client.call("post", post)
    assert again["ok"]["again"] and again["ok"]["seq"] == first["ok"]["seq"], again
    refused = await client.call("post", {"chatId": chat, "text": "no clientId"})
    assert refused["error"]["field"] == "clientId", refused
    await asyncio.gather(*(say(f"live {n}") for n in range(40)))
    await until(lambda: len(texts) == 41)

    state["disconnected"] = False
    await client.eio.disconnect(abort=True) if transports == ["polling"] else await client.eio.ws.close()
    await until(lambda: state["disconnected"])
    for n in range(5):
        await say(f"missed {n}")
    if not client.connected and transports == ["polling"]:  # an abort by the client itself is not repaired by the library
        await client.connect(URL, auth=auth, transports=transports)
    await until(lambda: len(texts) == 46)
    assert len(set(texts)) == len(texts), texts

    state["disconnected"] = False
    call(ann["token"], "DELETE", "/api/sessions/current")
    await until(lambda: state["disconnected"])
    await client.shutdown()
    late = socketio.AsyncClient(serializer=serializer)
    try:
        await late.connect(URL, auth={"token": ann["token"]}, transports=transports)
        raise AssertionError("an ended session was let in")
    except socketio.exceptions.ConnectionError:
        pass
    await late.shutdown()


for one in ("default", "msgpack"):
    for way in (["polling"], ["websocket"], ["polling", "websocket"]):
        asyncio.run(story(way, one))
