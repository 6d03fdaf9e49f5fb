// The agent: an ordinary program with the official OpenAI SDK, started by `doorward run`. It does what the lines on its
// stdin say and answers each with a line of JSON. It knows nothing of Doorward: the SDK reads OPENAI_API_KEY and
// OPENAI_BASE_URL as it always does.
import { subscribe } from 'node:diagnostics_channel';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import OpenAI, { APIError } from 'openai';

/** Every byte that came in on a connection of this process, below HTTP: for the search at the end. @type {Buffer[]} */
const received = [];
subscribe('net.client.socket', (message) => {
  const { socket } = /** @type {{ socket: import('node:net').Socket }} */ (message);
  const push = socket.push.bind(socket);
  socket.push = (/** @type {unknown} */ chunk, encoding) => {
    if (Buffer.isBuffer(chunk)) received.push(Buffer.from(chunk));
    return push(chunk, encoding);
  };
});

const client = new OpenAI();
/** @type {import('openai').OpenAI.ChatCompletionCreateParamsNonStreaming} */
const question = {
  model: 'demo-1',
  messages: [{ role: 'user', content: 'Hello from a program without a key' }],
};

/** @type {Record<string, (argument: string) => Promise<unknown>>} */
const steps = {
  chat: async () => (await client.chat.completions.create(question)).choices[0]?.message.content,

  stream: async () => {
    const pieces = [];
    const startedMs = performance.now();
    let firstMs = 0;
    for await (const event of await client.chat.completions.create({ ...question, stream: true })) {
      firstMs ||= performance.now() - startedMs;
      pieces.push(event.choices[0]?.delta.content ?? '');
    }
    return { text: pieces.join(''), pieces: pieces.length, firstMs, lastMs: performance.now() - startedMs };
  },

  echo: async () => {
    const { data, response } = await client.get('/echo').withResponse();
    return { body: data, header: response.headers.get('x-echo') };
  },

  files: async () => client.files.list(),

  /** Which of the files and sockets named (JSON) can be reached from here. */
  reach: async (argument) => {
    const reachable = [];
    for (const path of JSON.parse(argument)) if (await isReachable(path)) reachable.push(path);
    return reachable;
  },

  /** All this process was given or sent. */
  belongings: async () => ({
    environment: process.env,
    arguments: [...process.execArgv, ...process.argv],
    received: Buffer.concat(received).toString('base64'),
  }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name = '', ...rest] = line.split(' ');
  console.log(JSON.stringify(await attempt(name, rest.join(' '))));
}

/** @param {string} name @param {string} argument */
async function attempt(name, argument) {
  try {
    return { value: await steps[name]?.(argument) };
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    const { status, message, code } = error;
    const { rule } = /** @type {{ rule?: string }} */ (error.error ?? {});
    return { error: { class: error.constructor.name, status, message, code, rule } };
  }
}

/** @param {string} path */
async function isReachable(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (!found.isSocket()) return found.size > 0;
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(true)).on('error', () => resolve(false));
    socket.unref();
  });
}
