// The unmodified socket.io-client talks to a server, with both parsers and over each
// transport. Each client signs in, posts, receives in order, is cut off, comes back with
// what it has seen, receives each event once, and ends with its session.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { io } from 'socket.io-client'
import msgpack from 'socket.io-msgpack-parser'

const [, , url] = process.argv

const call = async (token, method, path, body) => {
  const answer = await fetch(url + path, {
    method, body: body && JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: 'Bearer ' + token }) },
  })
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`)
  return answer.status === 204 ? undefined : answer.json()
}
const signUp = () => call('', 'POST', '/api/accounts', { handle: 's' + randomUUID().slice(0, 8), name: 'Ann', password: randomUUID() })

async function story(transports, parser) {
  const [ann, bob] = [await signUp(), await signUp()]
  const { chat } = await call(bob.token, 'POST', '/api/chats', { clientId: randomUUID(), kind: 'group', title: 'Tea', members: [ann.user.id] })
  const say = (text) => call(bob.token, 'POST', `/api/chats/${chat.id}/messages`, { clientId: randomUUID(), text })

  const seen = { [chat.id]: 0 }
  const texts = []
  let epoch
  const socket = io(url, { transports, parser, reconnectionDelay: 50, auth: (done) => done(epoch ? { token: ann.token, epoch, seen } : { token: ann.token }) })
  socket.on('connect_error', (e) => console.log('connect_error', e.message, e.data ?? ''))
  socket.on('hello', (h) => {
    epoch ??= h.epoch
    for (const c of h.chats) seen[c.id] ||= c.head
  })
  let arrived = () => {}
  socket.onAny((name, e) => {
    if (!['posted', 'joined'].includes(name)) return
    assert.equal(e.seq, seen[e.chatId] + 1, `${name} ${e.seq} after ${seen[e.chatId]}`)
    seen[e.chatId] = e.seq
    if (e.text) texts.push(e.text)
    arrived()
  })
  const received = async (n) => {
    while (texts.length < n) await new Promise((go) => { arrived = go })
    assert.equal(texts.length, n)
  }
  await once(socket, 'hello')

  const post = { chatId: chat.id, clientId: randomUUID(), text: 'hello', replyTo: undefined }
  const first = await socket.timeout(10_000).emitWithAck('post', post)
  const again = await socket.timeout(10_000).emitWithAck('post', post)
  assert.ok(again.ok.again && again.ok.seq === first.ok.seq, JSON.stringify(again))
  const refused = await socket.timeout(10_000).emitWithAck('post', { chatId: chat.id, text: 'no clientId' })
  assert.equal(refused.error.field, 'clientId')
  socket.emit('nothing', { a: 1 })
  const [failed] = await once(socket, 'failed')
  assert.deepEqual([failed.do, failed.error.code], ['nothing', 'bad_input'])
  socket.emit('typing', { chatId: chat.id, picture: Buffer.from([1, 2, 3]) }) // an attachment that nobody reads
  await Promise.all(Array.from({ length: 40 }, (_, n) => say('live ' + n)))
  await received(41)
  if (transports.length > 1) assert.equal(socket.io.engine.transport.name, 'websocket')

  for (let cut = 0; cut < 3; cut++) {
    const gone = once(socket, 'disconnect')
    socket.io.engine.close()
    await gone
    for (let n = 0; n < 5; n++) await say(`missed ${cut}.${n}`)
    const buffered = socket.emitWithAck('post', { chatId: chat.id, clientId: randomUUID(), text: `buffered ${cut}` })
    await received(41 + 6 * (cut + 1))
    assert.ok((await buffered).ok)
  }
  assert.equal(new Set(texts).size, texts.length)

  const over = once(socket, 'disconnect')
  await call(ann.token, 'DELETE', '/api/sessions/current')
  assert.equal((await over)[0], 'io server disconnect')
  assert.equal(socket.active, false)
  const late = io(url, { transports, parser, forceNew: true, auth: { token: ann.token } })
  const [error] = await once(late, 'connect_error')
  assert.deepEqual([error.data?.code, late.active], ['no_identity', false])
}

for (const parser of [undefined, msgpack]) {
  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) await story(transports, parser)
}
process.exit() // clients keep timers
