// Uploads with tus-js-client: stopped and resumed, with bytes in the creation, terminated.
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { Upload, type UploadOptions } from 'tus-js-client'

const [, , url] = process.argv
let authorization: Record<string, string> = {}

async function call(method: string, path: string, body?: object): Promise<Response> {
  const answer = await fetch(url + path, { method, headers: { ...authorization, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) })
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`)
  return answer
}

const account = await (await call('POST', '/api/accounts', { handle: 'j' + randomUUID().slice(0, 8), name: 'Ann', password: randomUUID() })).json()
authorization = { Authorization: `Bearer ${account.token}` }
const { chat } = await (await call('POST', '/api/chats', { clientId: randomUUID(), kind: 'group', title: 'Files' })).json()
const data = randomBytes(3 * 1024 * 1024 + 17)

/** Uploads until stop says so, and returns the address of the upload. */
function upload(options: UploadOptions, stop?: (sent: number) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const one: Upload = new Upload(data, {
      endpoint: `${url}/api/uploads`, headers: authorization, metadata: { chatId: chat.id, filename: 'päper clip.bin', filetype: 'text/plain' },
      chunkSize: 1024 * 1024, ...options, onError: reject, onSuccess: () => resolve(one.url!),
      onChunkComplete: (_size, sent) => {
        if (stop?.(sent)) one.abort().then(() => resolve(one.url!), reject)
      },
    })
    one.start()
  })
}

const begun = await upload({}, (sent) => sent >= 2 * 1024 * 1024)
assert.equal(await upload({ uploadUrl: begun }), begun)
const first = await upload({ uploadDataDuringCreation: true })
const files = [begun, first].map((address) => address.slice(address.lastIndexOf('/') + 1))
const { message } = await (await call('POST', `/api/chats/${chat.id}/messages`, { clientId: randomUUID(), files })).json()
for (const file of message.files) {
  assert.equal(file.name, 'päper clip.bin')
  const got = Buffer.from(await (await call('GET', `/api/chats/${chat.id}/files/${file.id}`)).arrayBuffer())
  assert.ok(got.equals(data))
}

const ended = await upload({}, (sent) => sent >= 1024 * 1024)
await Upload.terminate(ended, { headers: authorization })
const gone = await fetch(ended, { method: 'HEAD', headers: { ...authorization, 'Tus-Resumable': '1.0.0' } })
assert.equal(gone.status, 404)
