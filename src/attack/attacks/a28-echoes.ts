// A28 to A31: an upstream that sends the key back, in bodies of every form and cut, in headers, in parts, and of other versions.
import type { Socket } from 'node:net';
import type { Attack } from '../attack.ts';
import { answerText, chunk } from '../http-text.ts';
import { describe, newValue, type Scene } from '../scene.ts';
import { CODINGS, FURTHER_SPELLINGS, SPELLINGS } from '../spellings.ts';

const PIECES = [1, 2, 3, 7, 16, 61];

/** A chunked answer, each piece of the body a chunk and a write of its own. */
async function inPieces(
  socket: Socket,
  body: Buffer,
  size: number,
  headers: readonly string[] = [],
): Promise<void> {
  const head = [
    'HTTP/1.1 200 OK',
    'content-type: text/plain',
    'transfer-encoding: chunked',
    ...headers,
    '',
    '',
  ];
  socket.write(head.join('\r\n'));
  for (let at = 0; at < body.length; at += size) {
    socket.write(chunk(body.subarray(at, at + size)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.write('0\r\n\r\n');
}

/** Else the grant is frozen after twenty echoes, and those behind them prove nothing. */
const PATIENT = { protection: { leaks: { freezeAfter: 1_000_000 } } };

const surrounded = (bytes: Buffer) =>
  Buffer.concat([Buffer.from('{"echo":" '), bytes, Buffer.from(' ","more":1}')]);

export const a28: Attack = {
  id: 'A28',
  who: ['MU'],
  title: 'Send the key back in every encoding, compressed, and cut into pieces of every size',
  mustHold: 'no form of it reaches the agent',
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand(PATIENT);
    const { value } = standing;
    await scene.callFine(standing, upstream);
    let calls = 0;
    const look = async (what: string) => {
      const answer = await scene.call(standing, '/echo');
      calls += 1;
      scene.noValue('caller', `not as ${what}`, answer.bytes, value);
    };
    for (const { name, write } of [...SPELLINGS, ...FURTHER_SPELLINGS]) {
      const body = surrounded(write(value));
      upstream.respond = (_request, socket) =>
        void socket.write(answerText(200, ['content-type: text/plain'], body));
      await look(name);
      for (const size of PIECES) {
        upstream.respond = async (_request, socket) => inPieces(socket, body, size);
        await look(`${name}, in pieces`);
      }
    }
    for (const { name, write } of CODINGS) {
      for (const spelling of SPELLINGS) {
        const body = write(surrounded(spelling.write(value)));
        upstream.respond = async (_request, socket) =>
          inPieces(socket, body, 7, [`content-encoding: ${name}`]);
        await look(`${spelling.name} under ${name}`);
      }
    }
    scene.equal('upstream', 'it sent each of them', upstream.seen.length, calls + 1);
    scene.claim('upstream', 'with the key in hand', upstream.heard().includes(value));
    await scene.logged(
      'the echoes are on record',
      mark,
      ({ kind, text }) => kind === 'ended' && text.includes('"leaks"'),
    );
    await scene.noValueInLog(standing, mark);
  },
};

/** Whole answers with the value somewhere beside the body. */
function placesBesideTheBody(value: string): readonly (readonly [what: string, answer: string])[] {
  const plain = 'content-length: 2\r\n\r\nok';
  const encoded = Buffer.from(value).toString('base64');
  const header = (line: string) => `HTTP/1.1 200 OK\r\n${line}\r\n${plain}`;
  return [
    ['Location', `HTTP/1.1 302 Found\r\nlocation: https://evil.example/?key=${value}\r\n${plain}`],
    ['Link', header(`link: <https://evil.example/${value}>; rel=next`)],
    ['Set-Cookie', header(`set-cookie: key=${value}`)],
    ['WWW-Authenticate', `HTTP/1.1 401 No\r\nwww-authenticate: Bearer error="${value}"\r\n${plain}`],
    ['a header of its own', header(`x-debug: ${value}`)],
    ['a header, base64', header(`x-debug: ${encoded}`)],
    ['two headers', header(`x-debug: ${value.slice(0, 20)}\r\nx-debug: ${value.slice(20)}`)],
    ['a header’s name', header(`x-${value}: 1`)],
    ['ETag', header(`etag: "${value}"`)],
    ['Content-Type', header(`content-type: text/plain; x=${value}`)],
    ['reason phrase', `HTTP/1.1 200 ${value}\r\n${plain}`],
    [
      'an address whose reader leaves out tabs',
      `HTTP/1.1 302 Found\r\nlocation: /next?key=${value.split('').join('\t')}\r\n${plain}`,
    ],
    ['early hints', `HTTP/1.1 103 Early Hints\r\nlink: <${value}>\r\n\r\nHTTP/1.1 200 OK\r\n${plain}`],
    ['an error page', `HTTP/1.1 500 Oops\r\ncontent-length: ${value.length}\r\n\r\n${value}`],
    [
      'a trailer',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n2\r\nok\r\n0\r\nx-sum: ${value}\r\n\r\n`,
    ],
    [
      'a chunk extension',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;x=${value}\r\nok\r\n0\r\n\r\n`,
    ],
    [
      'a comment of an event stream',
      `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n${chunk(`: ${value}\n\ndata: x\n\n`).toString('latin1')}0\r\n\r\n`,
    ],
    ['an answer that ends with its connection', `HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${value}`],
  ];
}

export const a29: Attack = {
  id: 'A29',
  who: ['MU'],
  title: 'Send the key back in headers, trailers, reason phrase, 1xx and comments of event streams',
  mustHold: 'no form of it reaches the agent',
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand(PATIENT);
    const { value } = standing;
    await scene.callFine(standing, upstream);
    const places = placesBesideTheBody(value);
    for (const [what, text] of places) {
      upstream.respond = (_request, socket) => void socket.end(Buffer.from(text, 'latin1'));
      const answer = await scene.call(standing, '/echo', { untilMs: 5000 });
      const parts = what === 'two headers' ? [value.slice(0, 20), value.slice(20)] : [value];
      for (const part of parts) scene.noValue('caller', `not in ${what}`, answer.bytes, part);
    }
    scene.equal('upstream', 'it sent each of them', upstream.seen.length, places.length + 1);
    await scene.logged(
      'the echoes are on record',
      mark,
      ({ kind, text }) => kind === 'ended' && text.includes('"leaks"'),
    );
    await scene.noValueInLog(standing, mark);
  },
};

export const a30: Attack = {
  id: 'A30',
  who: ['MU'],
  title: 'Send parts of the key back',
  mustHold: 'ten bytes of it or more do not reach the agent; fewer are ordinary text',
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand(PATIENT);
    const { value } = standing;
    const from = value.length - 26;
    const ask = async (part: string) => {
      upstream.respond = (_request, socket) =>
        void socket.write(answerText(200, ['content-type: text/plain'], `part: ${part}.`));
      return (await scene.call(standing, '/part')).body.toString('latin1');
    };
    for (const length of [6, 9]) {
      const part = value.slice(from, from + length);
      scene.claim('caller', `${length} bytes pass`, (await ask(part)).includes(part));
    }
    const masked = `${value.slice(0, 6)}…${value.slice(-4)}`;
    scene.claim(
      'caller',
      'the masked form that vendors show passes',
      (await ask(masked)).includes(value.slice(-4)),
    );
    for (const length of [10, 20]) {
      const body = await ask(value.slice(from, from + length));
      const runs = Array.from({ length: value.length - 9 }, (_, at) => value.slice(at, at + 10));
      const found = runs.filter((run) => body.includes(run));
      scene.claim('caller', `${length} bytes do not`, found.length === 0, body);
    }
    scene.equal('upstream', 'it sent each of them', upstream.seen.length, 5);
    await scene.logged(
      'the echoes are on record',
      mark,
      ({ kind, text }) => kind === 'ended' && text.includes('"leaks"'),
    );
  },
};

async function echo(scene: Scene, given: Awaited<ReturnType<Scene['stand']>>, value: string) {
  given.upstream.respond = (_request, socket) =>
    void socket.write(answerText(200, ['content-type: text/plain'], `old: ${value}`));
  return await scene.call(given.standing, '/old');
}

export const a31: Attack = {
  id: 'A31',
  who: ['MU'],
  title: 'Send the value of another version back',
  mustHold: 'it does not reach the agent',
  needs: ['rotation'],
  run: async (scene) => {
    const given = await scene.stand(PATIENT);
    const { upstream, standing, mark } = given;
    const next = newValue();
    await scene.callFine(standing, upstream);
    await scene.target.rotate(standing.secret, next);
    for (const [what, value] of [
      ['previous', standing.value],
      ['current', next],
    ] as const) {
      const answer = await echo(scene, given, value);
      scene.equal('caller', 'the call is answered', answer.status, 200);
      scene.noValue('caller', `the ${what} value is not in the answer`, answer.bytes, value);
    }
    scene.claim(
      'upstream',
      'it had the new value',
      upstream.heard().includes(next),
      describe(await scene.call(standing, '/ok')),
    );
    await scene.logged('the rotation is on record', mark, ({ reason }) => reason === 'rotation.promote');
    await scene.logged(
      'the echoes are on record',
      mark,
      ({ kind, text }) => kind === 'ended' && text.includes('"leaks"'),
    );
    await scene.noValueInLog(standing, mark);
  },
};
