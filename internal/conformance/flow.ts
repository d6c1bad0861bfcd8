// A flow of a client with the types that openapi-typescript generates from docs/openapi.yaml.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import createClient from 'openapi-fetch'
import type { components, paths } from './build/api.js'

const [, , url] = process.argv
const client = createClient<paths>({ baseUrl: url })

const handle = 't' + randomUUID().slice(0, 8)
const account = await client.POST('/api/accounts', { body: { handle, name: 'Ann', password: randomUUID() } })
assert.equal(account.data?.user.handle, handle)
client.use({
  onRequest: ({ request }) => request.headers.set('Authorization', `Bearer ${account.data?.token}`),
})

const made = await client.POST('/api/chats', { body: { clientId: randomUUID(), kind: 'group', title: 'Map' } })
assert.equal(made.data?.chat.role, 'admin')
const path = { chatId: made.data.chat.id }
const body = { clientId: randomUUID(), text: 'Where is the map?' }
const first = await client.POST('/api/chats/{chatId}/messages', { params: { path }, body })
const again = await client.POST('/api/chats/{chatId}/messages', { params: { path }, body })
assert.ok(again.data?.again)
assert.equal(again.data.message.seq, first.data?.message.seq)
const page = await client.GET('/api/chats/{chatId}/messages', { params: { path, query: { limit: 10 } } })
assert.deepEqual(page.data?.messages.map((m) => m.text), ['Where is the map?'])
const events = await client.GET('/api/chats/{chatId}/events', { params: { path, query: { after: 0 } } })
assert.deepEqual(events.data?.events.map((e) => e.event), ['joined', 'posted'])
// A kind that a newer server has.
const newer: components['schemas']['Event']['event'] = 'pinned'
assert.ok(newer)

const ended = await client.DELETE('/api/sessions/{sessionId}', { params: { path: { sessionId: 'current' } } })
assert.equal(ended.response.status, 204)
const refused = await client.GET('/api/me')
assert.equal(refused.error?.error.code, 'no_identity')
