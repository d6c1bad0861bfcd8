// A client of Parley on socket.io-client: io is that library's function. It keeps the last
// number that it has seen of each chat, so that a reconnect misses nothing and repeats nothing.
export function openChat(io, url, token, show) {
  const seen = {};
  let epoch; // the name of the server's history; its numbers mean nothing in another one
  const auth = () => ({ token, epoch, seen: epoch && seen });
  const socket = io(url, { auth: (done) => done(auth()) }); // called again at each reconnect

  socket.on("hello", (hello) => {
    for (const chat of hello.chats) seen[chat.id] ??= chat.head;
    epoch = hello.epoch;
    show.hello(hello);
  });
  socket.on("reset", ({ chatId, head, epoch: name }) => { // too far behind, or another history
    epoch = name;
    seen[chatId] = head;
    show.reload(chatId);
  });
  socket.on("chat", ({ chatId, head, chat, gone }) => {
    if (gone) delete seen[chatId];
    else seen[chatId] = head;
    show.chat(chatId, chat);
  });
  socket.onAny((name, value) => {
    if (!value.event || value.seq <= seen[value.chatId]) return; // a signal, or known already
    seen[value.chatId] = value.seq;
    show.event(value);
  });
  const ended = (why) => { if (!socket.active) show.ended(why); }; // signed out: it does not reconnect
  socket.on("connect_error", (error) => ended(error.message));
  socket.on("disconnect", ended);

  // Repeated until it is acknowledged: a post with the same clientId again has no second effect.
  const ask = async (name, fields) => {
    let answer;
    while (!answer) {
      answer = await socket.timeout(10_000).emitWithAck(name, fields)
        .catch((error) => { if (!socket.active) throw error; });
    }
    if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error);
    return answer.ok;
  };
  return {
    socket,
    post: (chatId, text, clientId = crypto.randomUUID()) => ask("post", { chatId, clientId, text }),
    history: (chatId, before) => ask("history", { chatId, limit: 50, before }),
    focus: (chatId) => ask("focus", { chatIds: [chatId] }),
    typing: (chatId) => { if (socket.connected) socket.emit("typing", { chatId }); }, // a later one would be wrong
  };
}
