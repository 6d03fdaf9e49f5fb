// Bodies as they come by where a service has text or content looked at: requests to a model, its answers, and what other APIs and
// pages answer. Each is cut as it would come.

/** @typedef {{ shape: string, direction: 'request' | 'answer', contentType: string, pieces: Buffer[] }} Body */

const BYTES = 256 * 1024;
const PIECE_BYTES = 16 * 1024;

const SENTENCES =
  `The licence allows everyone to use, copy and change the program, as long as the notice above stays in every copy.
A server reads its settings when it starts and writes what it did to a log.
Could you summarise the three main points of this report in a table?
We walked along the river until the rain stopped, then had soup in the small café near the bridge.
In 2019 the population of the town was 48,213, which is 3.2 % more than ten years before.
First create a branch, then commit your work and open a pull request against main.
She asked whether the train at 17:45 would still reach Hamburg before midnight.
Der Zug nach München fährt heute von Gleis 7 ab und hält nicht in Ingolstadt.
The function returns undefined when the key is missing; callers should check for that.
Add two spoons of olive oil, let the onions turn golden, and stir in the rice.
Revenue grew by $1.4 million in the second quarter, mostly because of new customers in Spain.
If the build fails with exit code 137, the container ran out of memory.
Our meeting moved to Thursday at ten; please bring the figures that Anna sent around last week.
The moon is about 384,400 km away and takes 27.3 days for one turn.
It's a well-known result (see chapter 4) that every finite tree has at least one leaf.
Patients who took the drug twice a day slept longer, but the effect was gone after a month.`.split('\n');

/** Sentences by turns, without an order. @param {number} count */
function prose(count, at = 0) {
  const one = (/** @type {number} */ i) =>
    SENTENCES[(Math.imul(at + i, 0x9e3779b1) >>> 20) % SENTENCES.length];
  return Array.from({ length: count }, (_, i) => one(i) ?? '');
}

/** Parts until there are enough. @param {(at: number) => string} part */
function joined(part, between = '') {
  const parts = [];
  for (let length = 0, at = 0; length < BYTES; at += 1)
    length += parts[parts.push(part(at)) - 1]?.length ?? 0;
  return parts.join(between);
}

/** @param {(at: number) => object} message */
function chat(message) {
  const messages = joined((at) => JSON.stringify(message(at)), ',');
  return `{"model":"gpt-4.1","temperature":0.7,"stream":true,"messages":[${messages}]}`;
}

/** @param {number} at */
function issue(at) {
  return {
    id: 90_210 + at,
    node_id: `MDU6SXNzdWU${(at * 7919).toString(36)}`,
    url: `https://api.example.com/repos/acme/tool/issues/${at}`,
    title: prose(1, at)[0],
    state: at % 3 === 0 ? 'closed' : 'open',
    labels: [{ name: 'bug', color: 'd73a4a', default: true }],
    user: { login: `user-${at % 50}`, type: 'User', site_admin: false },
    comments: at % 9,
    created_at: `2026-0${1 + (at % 9)}-12T08:${10 + (at % 50)}:41Z`,
    body: prose(3, at).join('\n\n'),
  };
}

/** @param {number} at */
function toolTurn(at) {
  const id = `call_${(at * 104_729).toString(36)}`;
  if (at % 3 === 0)
    return { role: 'tool', tool_call_id: id, content: JSON.stringify([issue(at), issue(at + 1)]) };
  if (at % 3 === 2) return { role: 'user', content: prose(2, at).join(' ') };
  const content = [{ type: 'text', text: prose(8, at).join('\n') }];
  return { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content }] };
}

/** @param {number} at */
function pageSection(at) {
  const [title, ...rest] = prose(6, at);
  return `<section class="post mt-4" id="p${at}"><h2><a href="/posts/${at}?ref=home" title="Read on">${title}</a></h2>
  <img src="/img/${at}.jpg" alt="A view of the town" width="640" height="480"><p>${rest.slice(0, 3).join(' ')}</p>
  <ul class="list"><li><b>${rest[3]}</b></li><li style="color: #333">${rest[4]} &amp; more</li></ul><!-- end of post --></section>
`;
}

/** @param {string} text @param {number} at */
function eventOf(text, at) {
  const choices = [{ index: 0, delta: { content: text }, logprobs: null, finish_reason: null }];
  const data = {
    id: 'chatcmpl-BxT5o2q9QWeRtYuIoPaSd',
    object: 'chat.completion.chunk',
    created: 1_790_000_000 + (at >> 6),
    model: 'gpt-4.1-2026-04-14',
    system_fingerprint: 'fp_3502f4eb73',
    choices,
  };
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** A few letters in each event. */
function events() {
  const tokens =
    prose(400)
      .join(' ')
      .match(/ ?[^\s]{1,5}/g) ?? [];
  return tokens.slice(0, 1500).map((token, at) => Buffer.from(eventOf(token, at)));
}

/** @param {string} body */
function cut(body) {
  const bytes = Buffer.from(body);
  return Array.from({ length: Math.ceil(bytes.length / PIECE_BYTES) }, (_, at) =>
    bytes.subarray(at * PIECE_BYTES, (at + 1) * PIECE_BYTES),
  );
}

/** @returns {Body[]} */
export function bodies() {
  const json = 'application/json';
  const roles = ['user', 'assistant'];
  return [
    request(
      'chat, many messages',
      chat((at) => ({ role: roles[at % 2], content: prose(2, at).join(' ') })),
    ),
    request('chat with tool results', chat(toolTurn)),
    request(
      'chat, one long text',
      chat((at) => ({
        role: 'user',
        content: at > 0 ? '' : joined((line) => `${prose(3, line).join(' ')}\n`),
      })),
    ),
    answer('JSON', json, cut(`[${joined((at) => JSON.stringify(issue(at)), ',')}]`)),
    answer('HTML', 'text/html', cut(`<!doctype html><html><body>${joined(pageSection)}</body></html>`)),
    answer('plain text', 'text/plain', cut(joined((at) => `${prose(4, at).join(' ')}\n\n`))),
    answer('events of a model', 'text/event-stream', events()),
  ];
}

/** @param {string} shape @param {string} body @returns {Body} */
function request(shape, body) {
  return { shape, direction: 'request', contentType: 'application/json', pieces: cut(body) };
}

/** @param {string} shape @param {string} contentType @param {Buffer[]} pieces @returns {Body} */
function answer(shape, contentType, pieces) {
  return { shape, direction: 'answer', contentType, pieces };
}
