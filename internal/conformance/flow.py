"""A flow of the client that openapi-python-client generates from docs/openapi.yaml."""

import sys
import uuid

from parley_client import AuthenticatedClient, Client
from parley_client.api.default import create_account, create_chat, end_session, get_me, list_events, list_messages, post_message
from parley_client.models import Event, NewAccount, NewGroup, NewGroupKind, NewMessage


def main(url: str) -> None:
    anonymous = Client(base_url=url, raise_on_unexpected_status=True)
    handle = "p" + uuid.uuid4().hex[:8]
    signed_in = create_account.sync(client=anonymous, body=NewAccount(handle=handle, name="Ann", password=uuid.uuid4().hex))
    assert signed_in.user.handle == handle
    client = AuthenticatedClient(base_url=url, token=signed_in.token, raise_on_unexpected_status=True)

    made = create_chat.sync(client=client, body=NewGroup(client_id=uuid.uuid4().hex, kind=NewGroupKind.GROUP, title="Map"))
    assert made.chat.title == "Map" and made.chat.role == "admin"
    chat_id = made.chat.id
    body = NewMessage(client_id=uuid.uuid4().hex, text="Where is the map?")
    first = post_message.sync(chat_id, client=client, body=body)
    again = post_message.sync(chat_id, client=client, body=body)
    assert again.again and again.message.seq == first.message.seq
    page = list_messages.sync(chat_id, client=client, limit=10)
    assert [m.text for m in page.messages] == ["Where is the map?"] and page.users[0].handle == handle
    events = list_events.sync(chat_id, client=client, after=0)
    assert [e.event for e in events.events] == ["joined", "posted"]
    # A kind that a newer server has.
    newer = {**events.events[1].to_dict(), "event": "pinned", "target": 2, "on": True}
    assert Event.from_dict(newer).event == "pinned"

    assert end_session.sync_detailed("current", client=client).status_code == 204
    assert get_me.sync(client=client).error.code == "no_identity"


main(sys.argv[1])
