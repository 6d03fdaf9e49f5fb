// The baseline Doorward is measured against, a process of its own: the cheapest road through Node that still is HTTP
// on both sides. node:http → undici `Pool.dispatch`, one header injected, head and body written at once. No rights, no
// secrets, no scan, no audit.
import { createServer } from 'node:http';
import { Pool } from 'undici';

const NOT_PASSED_ON = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host', 'authorization']);
const CREDENTIAL = 'Bearer sk-bench-injected-by-the-pass-through';

/** @typedef {import('node:http').ServerResponse} Response */
/** @typedef {import('undici').Dispatcher.DispatchController} Controller */

class Answer {
  /** @type {Buffer[]} */
  #head = [];
  #status = 0;
  /** @type {Buffer | undefined} */
  #held;

  /** @param {Response} response */
  constructor(response) {
    this.response = response;
  }

  onRequestStart() {}

  /** @param {Controller} controller @param {number} status */
  onResponseStart(controller, status) {
    this.#status = status;
    this.#head = /** @type {Buffer[]} */ (controller.rawHeaders);
  }

  /** The first piece waits for the next event: most answers have no second one. @param {Controller} _ @param {Buffer} chunk */
  onResponseData(_, chunk) {
    if (this.#held !== undefined) {
      this.#writeHead();
      this.response.write(this.#held);
    }
    this.#held = chunk;
  }

  onResponseEnd() {
    this.#writeHead();
    this.response.end(this.#held);
  }

  onResponseError() {
    this.response.destroy();
  }

  #writeHead() {
    if (!this.response.headersSent) this.response.writeHead(this.#status, passedOn(this.#head));
  }
}

/** @param {readonly (Buffer | string)[]} raw @returns {string[]} */
function passedOn(raw) {
  const kept = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = String(raw[i]);
    if (!NOT_PASSED_ON.has(name.toLowerCase())) kept.push(name, latin1(raw[i + 1]));
  }
  return kept;
}

/** @param {Buffer | string | undefined} value */
function latin1(value) {
  return typeof value === 'string' ? value : (value?.toString('latin1') ?? '');
}

/** @param {number} upstreamPort */
function createPassThrough(upstreamPort) {
  const origin = `http://127.0.0.1:${upstreamPort}`;
  const pool = new Pool(origin, { connections: null, pipelining: 1 });
  return createServer({ noDelay: true, keepAliveTimeout: 60_000 }, (request, response) => {
    response.sendDate = false;
    const headers = [...passedOn(request.rawHeaders), 'authorization', CREDENTIAL];
    const method = /** @type {import('undici').Dispatcher.HttpMethod} */ (request.method);
    const body = method === 'GET' ? null : request;
    pool.dispatch({ method, path: request.url ?? '/', headers, body }, new Answer(response));
  });
}

process.on('disconnect', () => process.exit());
process.on('message', (message) => {
  const { upstreamPort } = /** @type {{ upstreamPort: number }} */ (message);
  const server = createPassThrough(upstreamPort);
  server.listen(0, '127.0.0.1', 4096, () => {
    const address = server.address();
    process.send?.({ port: address !== null && typeof address === 'object' ? address.port : 0 });
  });
});
