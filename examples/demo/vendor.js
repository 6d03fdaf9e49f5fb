// A stand-in for an API vendor, as a process of its own: answers like OpenAI's API, and only to its own keys.
// They come as the first line of stdin, so that they stand in no argument and no environment.
// Its echo is the nasty part: it sends the key back in every form a broken or hostile API might.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { echoForms } from './key-forms.js';

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */

/** @type {string} */
const line = await new Promise((resolve) => createInterface({ input: process.stdin }).once('line', resolve));
const keys = line.split(' ');
process.stdin.destroy();

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') {
    console.log(`vendor listens on http://127.0.0.1:${address.port}`);
  }
});

/** @param {Request} request @param {Response} response */
async function answer(request, response) {
  const key = keys.find((one) => request.headers.authorization === `Bearer ${one}`);
  if (key === undefined) {
    return sendJson(response, 401, { error: { message: 'Incorrect API key provided.', type: 'auth' } });
  }
  switch (`${request.method} ${request.url}`) {
    case 'GET /v1/models':
      return sendJson(response, 200, { object: 'list', data: [{ id: 'demo-1', object: 'model' }] });
    case 'GET /v1/files': // no grant of the demo reaches this
      return sendJson(response, 200, { object: 'list', data: [] });
    case 'POST /v1/chat/completions':
      return complete(await readJson(request), response);
    case 'GET /v1/echo':
      response.setHeader('x-echo', `Bearer ${key}`);
      return sendJson(response, 200, { headers: request.headers, forms: echoForms(key) });
    default:
      return sendJson(response, 404, { error: { message: 'No such path.', type: 'not_found' } });
  }
}

/** @param {{ stream?: boolean, messages?: { content: string }[] }} body @param {Response} response */
async function complete(body, response) {
  const text = `You said: ${body.messages?.at(-1)?.content ?? 'nothing'}`;
  const base = { id: 'chatcmpl-demo', created: 0, model: 'demo-1' };
  if (body.stream !== true) {
    const message = { role: 'assistant', content: text };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    return sendJson(response, 200, { ...base, object: 'chat.completion', choices });
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const word of text.split(/(?<= )/)) {
    const choices = [{ index: 0, delta: { content: word }, finish_reason: null }];
    response.write(`data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices })}\n\n`);
    await delay(120); // as a model would: word by word
  }
  response.end('data: [DONE]\n\n');
}

/** @param {Response} response @param {number} status @param {unknown} body */
function sendJson(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** @param {Request} request */
async function readJson(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return JSON.parse(text);
}
