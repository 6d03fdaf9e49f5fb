// The upstream of the bench, a process of its own: the least HTTP server there can be, so that what is measured is the
// road to it. Every request is answered with the same 200 bytes of JSON; requests have no body.
import { createServer } from 'node:net';

const BODY = JSON.stringify({
  id: 'cmpl-000000000000000000000001',
  object: 'chat.completion',
  model: 'bench-1',
  choices: [
    { index: 0, message: { role: 'assistant', content: 'Hello from the upstream' }, finish_reason: 'stop' },
  ],
});
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(BODY)}\r\n\r\n${BODY}`,
);
const HEAD_END = Buffer.from('\r\n\r\n');

const server = createServer({ noDelay: true }, (socket) => {
  let waiting = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    let rest = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    for (let end = rest.indexOf(HEAD_END); end >= 0; end = rest.indexOf(HEAD_END)) {
      rest = rest.subarray(end + HEAD_END.length);
      socket.write(ANSWER);
    }
    waiting = rest;
  });
  socket.on('error', () => socket.destroy());
});

process.on('disconnect', () => process.exit());
process.on('message', () => {
  server.listen(0, '127.0.0.1', 4096, () => {
    const address = server.address();
    process.send?.({ port: address !== null && typeof address === 'object' ? address.port : 0 });
  });
});
