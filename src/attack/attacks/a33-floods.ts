// A33 and A34: upstreams that never end, grow when they are unpacked, or answer in a way that two readers split differently.
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Attack } from '../attack.ts';
import { answerText } from '../http-text.ts';
import { fine, type HostileUpstream, type Respond } from '../hostile-upstream.ts';
import { describe, pause, type Scene } from '../scene.ts';
import type { Standing } from '../target.ts';

interface Given {
  readonly upstream: HostileUpstream;
  readonly standing: Standing;
}

const MEBIBYTE = 1024 * 1024;
const BOMB_MEMBERS = 64;
/** What an answer may take before it counts as hanging. */
const LIMIT_MS = 30_000;
/** As an administrator would set it for a vendor that answers at once; unless told, all of it takes longer. */
const IMPATIENT = {
  timeouts: { connectMs: 4000, firstByteMs: 4000, idleMs: 3000, totalMs: 6000 },
  maxAnswerBytes: 64 * MEBIBYTE,
};

/** Writes until the other side has had enough. */
async function endless(
  socket: Socket,
  head: string,
  piece: Buffer,
  most = Number.POSITIVE_INFINITY,
): Promise<void> {
  socket.write(Buffer.from(head, 'latin1'));
  for (let count = 0; count < most && !socket.destroyed; count += 1) {
    if (!socket.write(piece)) await drained(socket);
    else if (count % 64 === 0) await pause(0);
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      socket.off('drain', go).off('close', go);
      resolve();
    };
    socket.on('drain', go).on('close', go);
  });
}

const member = gzipSync(Buffer.alloc(16 * MEBIBYTE));
const floods: readonly (readonly [what: string, respond: Respond])[] = [
  [
    'a gzip bomb of a gibibyte',
    (_request, socket) =>
      void socket.write(
        answerText(
          200,
          ['content-encoding: gzip'],
          Buffer.concat(Array.from({ length: BOMB_MEMBERS }, () => member)),
        ),
      ),
  ],
  [
    'gzip in gzip',
    (_request, socket) =>
      void socket.write(answerText(200, ['content-encoding: gzip, gzip'], gzipSync(member))),
  ],
  [
    'ten thousand 1xx',
    async (_request, socket) => {
      await endless(socket, '', Buffer.from('HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n'), 10_000);
      socket.destroy();
    },
  ],
  [
    'a byte now and then',
    async (_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
      for (; !socket.destroyed; await pause(500)) socket.write('.');
    },
  ],
  ['nothing at all', () => undefined],
  [
    'more than the service may send',
    async (_request, socket) =>
      endless(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 1099511627776\r\n\r\n', Buffer.alloc(65_536, 0x61)),
  ],
];

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const FIELD = `x-more: ${'y'.repeat(1000)}\r\n`;
/** Parts of an answer that are no body, and so under no size of a body: they need a cap of bytes of their own. */
const BESIDE_THE_BODY: readonly (readonly [what: string, head: string, piece: string])[] = [
  ['an endless reason', 'HTTP/1.1 200 ', 'y'.repeat(16_384)],
  ['endless headers', 'HTTP/1.1 200 OK\r\n', FIELD],
  ['one header of megabytes', 'HTTP/1.1 200 OK\r\nx-more: ', 'y'.repeat(16_384)],
  ['endless space before the value of a header', 'HTTP/1.1 200 OK\r\nx-more:', ' '.repeat(16_384)],
  ['endless empty lines before an answer', '', '\r\n'.repeat(8192)],
  ['an endless chunk extension', `${CHUNKED}2;`, 'y'.repeat(16_384)],
  ['an extension of each of endless chunks', CHUNKED, `1;${'y'.repeat(1000)}\r\nx\r\n`],
  ['an endless size of a chunk', CHUNKED, '0'.repeat(16_384)],
  ['an endless trailer', `${CHUNKED}2\r\nok\r\n0\r\n`, FIELD],
];
/** The sockets on both sides hold some megabytes that nobody has read. */
const MOST_WRITTEN = 32 * MEBIBYTE;

export const a33: Attack = {
  id: 'A33',
  who: ['MU'],
  title:
    'Answer with bombs of gzip, endless reasons, headers, chunk extensions, trailers and 1xx, and bodies without an end',
  mustHold: 'capped and cut; the next call is answered',
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand({ protection: { transport: IMPATIENT } });
    await scene.callFine(standing, upstream);
    for (const [what, respond] of floods) {
      upstream.respond = respond;
      const answer = await scene.call(standing, '/flood', { untilMs: LIMIT_MS });
      const isBounded = answer.ms < LIMIT_MS && answer.bytes.length < 300 * MEBIBYTE;
      const isRefused = answer.status === 502 || answer.status === 504 || answer.isCut;
      scene.claim(
        'caller',
        `${what} is refused or cut`,
        isBounded && isRefused,
        `${Math.round(answer.ms)} ms, ${answer.bytes.length} bytes, ${describe(answer)}`,
      );
      upstream.respond = fine;
      await nextIsAnswered(scene, standing);
    }
    await bodyWithoutEnd(scene, { upstream, standing });
    await besideTheBody(scene);
    const asked = upstream.seen.filter(({ target }) => target.endsWith('/flood'));
    scene.equal('upstream', 'it was asked once for each', asked.length, floods.length);
    await scene.logged(
      'the cut answers are on record',
      mark,
      ({ kind, text }) => kind === 'ended' && text.includes('upstream-invalid'),
    );
    const { isWhole, trouble } = await scene.target.verifyLog();
    scene.claim('log', 'the log is whole', isWhole, trouble);
  },
};

/** Soon: so little patience may be too little once, on a machine that stands still. */
async function nextIsAnswered(scene: Scene, standing: Standing): Promise<void> {
  let last = '';
  const isAnswered = await scene.until(async () => {
    const answer = await scene.call(standing, '/ok');
    last = describe(answer);
    return answer.status === 200 ? true : undefined;
  });
  scene.claim('caller', 'the next call is answered', isAnswered === true, last);
}

/** The agent takes a few megabytes and goes: nothing may go on behind it. */
async function bodyWithoutEnd(scene: Scene, { upstream, standing }: Given): Promise<void> {
  let isCut = false;
  upstream.respond = async (_request, socket) => {
    await endless(
      socket,
      'HTTP/1.1 200 OK\r\ncontent-length: 1099511627776\r\n\r\n',
      Buffer.alloc(65_536, 0x61),
    );
    isCut = true;
  };
  await scene.call(standing, '/terabyte', { untilMs: 700 });
  const ended = await scene.until(() => (isCut ? true : undefined));
  scene.claim('upstream', 'a body of a terabyte ends when its reader goes', ended === true);
  upstream.respond = fine;
  await nextIsAnswered(scene, standing);
}

/** On a service with the patience it has unless told: bytes must end these, not time. */
async function besideTheBody(scene: Scene): Promise<void> {
  const { upstream, standing, mark } = await scene.stand();
  for (const [what, head, piece] of BESIDE_THE_BODY) {
    let written: number | undefined;
    upstream.respond = async (_request, socket) => {
      await endless(socket, head, Buffer.from(piece));
      written = socket.bytesWritten;
    };
    const answer = await scene.call(standing, '/beside', { untilMs: LIMIT_MS });
    scene.claim(
      'caller',
      `${what} is one 502, or cuts the answer that had begun`,
      answer.status === 502 || (answer.isCut && answer.ms < LIMIT_MS),
      `${Math.round(answer.ms)} ms, ${describe(answer)}`,
    );
    const total = await scene.until(() => written);
    scene.claim(
      'upstream',
      `${what} ends with the connection, and soon`,
      total !== undefined && total < MOST_WRITTEN,
      total,
    );
    upstream.respond = fine;
    await nextIsAnswered(scene, standing);
  }
  let failed = 0;
  await scene.until(async () => {
    const entries = await scene.target.logSince(mark);
    failed = entries.filter(({ kind, text }) => kind === 'ended' && text.includes('upstream-invalid')).length;
    return failed >= BESIDE_THE_BODY.length ? true : undefined;
  });
  scene.equal('log', 'each is on record as failed', failed, BESIDE_THE_BODY.length);
}

const SPLITS: readonly (readonly [what: string, answer: string])[] = [
  [
    'both lengths',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison',
  ],
  [
    'two lengths',
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 50\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison',
  ],
  [
    'a length in two parts',
    'HTTP/1.1 200 OK\r\ncontent-length: 2, 50\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison',
  ],
  [
    'an answer after the body',
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison',
  ],
  [
    'an answer after a chunked body',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison',
  ],
  [
    'a body of an answer without one',
    'HTTP/1.1 204 No\r\ncontent-length: 42\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison',
  ],
  [
    'a coding that is almost chunked',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison',
  ],
  [
    'a space before the colon',
    'HTTP/1.1 200 OK\r\ncontent-length : 50\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison',
  ],
  [
    'a folded length',
    'HTTP/1.1 200 OK\r\nx: y\r\n content-length: 50\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison',
  ],
  [
    'bare line feeds',
    'HTTP/1.1 200 OK\ncontent-length: 2\n\nokHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison',
  ],
  [
    'a switch nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\npoison',
  ],
];

export const a34: Attack = {
  id: 'A34',
  who: ['MU'],
  title: 'Answer with two lengths, both framings, and an answer nobody asked for behind the first',
  mustHold: 'the connection is dropped, and the next caller gets the next answer',
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    // A second agent's service at the same upstream: its calls must never get what the first one's were sent.
    const other = await scene.target.setUp({ upstream: upstream.url });
    await scene.callFine(standing, upstream);
    for (const [what, text] of SPLITS) {
      upstream.respond = (_request, socket) => void socket.write(Buffer.from(text, 'latin1'));
      const first = await scene.call(standing, '/split', { untilMs: 3000 });
      upstream.respond = (request, socket) => void socket.write(answerText(200, [], `for ${request.target}`));
      const [second, third] = [await scene.call(other, '/theirs'), await scene.call(standing, '/mine')];
      scene.claim(
        'caller',
        `nothing of ${what} is taken for an answer of its own`,
        !first.body.includes('poison'),
        describe(first),
      );
      scene.equal('caller', 'the next caller gets its own answer', second.body.toString(), 'for /theirs');
      scene.equal('caller', 'and so does the same one', third.body.toString(), 'for /mine');
    }
    scene.equal('upstream', 'each request was sent once', upstream.seen.length, 3 * SPLITS.length + 1);
    await scene.logged(
      'answers that could not be read are on record',
      mark,
      ({ kind, text }) => kind === 'ended' && text.includes('"result":"failed"'),
    );
  },
};
