// The upstream of the streams, a process of its own: server-sent events, each with the moment it was sent on the clock
// all processes share. `?every=MS&count=N`: N events; one is sent at once, 0 of them means the stream stays open.
import { createServer } from 'node:net';

const HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n',
);
const HEAD_END = '\r\n\r\n';
const LAST_CHUNK = '0\r\n\r\n';

let streams = 0;

function eventChunk() {
  const data = `data: {"sent":"${process.hrtime.bigint()}","delta":{"content":"a few words of an answer"}}\n\n`;
  return `${data.length.toString(16)}\r\n${data}\r\n`;
}

/** @param {import('node:net').Socket} socket @param {URLSearchParams} query */
function stream(socket, query) {
  const everyMs = Number(query.get('every') ?? 0);
  let left = Number(query.get('count') ?? 0) - 1;
  socket.write(Buffer.concat([HEAD, Buffer.from(eventChunk())]));
  if (left === 0) {
    socket.write(LAST_CHUNK);
    return;
  }
  streams += 1;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const over = () => {
    clearInterval(timer);
    socket.off('close', over);
    streams -= 1;
  };
  socket.once('close', over);
  if (everyMs === 0) return;
  timer = setInterval(() => {
    socket.write(eventChunk());
    left -= 1;
    if (left !== 0) return;
    over();
    socket.write(LAST_CHUNK); // and the connection stays: to end it here would meet the next request on its way
  }, everyMs);
}

const server = createServer({ noDelay: true }, (socket) => {
  let waiting = '';
  socket.on('data', (chunk) => {
    waiting += chunk.toString('latin1');
    if (!waiting.includes(HEAD_END)) return;
    const path = waiting.split(' ')[1] ?? '/';
    waiting = '';
    stream(socket, new URL(path, 'http://upstream').searchParams);
  });
  socket.on('error', () => socket.destroy());
});

process.on('disconnect', () => process.exit());
process.on('message', (message) => {
  const { question } = /** @type {{ question: 'listen' | 'streams' }} */ (message);
  if (question === 'streams') process.send?.({ streams });
  else {
    server.listen(0, '127.0.0.1', 4096, () => {
      const address = server.address();
      process.send?.({ port: address !== null && typeof address === 'object' ? address.port : 0 });
    });
  }
});
