// Bodies of administrative and token requests: short, and soon there or not at all.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { readBody } from '../../src/http/read-body.ts';

async function readFrom(written: string, limitMs?: number): Promise<unknown> {
  let tell: (found: unknown) => void = () => undefined;
  const found = new Promise<unknown>((resolve) => {
    tell = resolve;
  });
  const server = createServer((request) => {
    readBody(request, 10, limitMs).then(tell, tell);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  onTestFinished(() => {
    socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\n${written}`);
  return await found;
}

test('a body is read to its end', async () => {
  expect(await readFrom('content-length: 5\r\n\r\nhello')).toBe('hello');
});

test('a body that is too long is refused, whether it says so or not', async () => {
  const tooLong = { code: 'body-too-large' };
  expect(await readFrom('content-length: 11\r\n\r\n')).toMatchObject(tooLong);
  expect(await readFrom('transfer-encoding: chunked\r\n\r\nb\r\nhello hello\r\n')).toMatchObject(tooLong);
});

test('a body that does not come is not waited for without end', async () => {
  expect(await readFrom('content-length: 5\r\n\r\nhell', 50)).toMatchObject({ code: 'request-timeout' });
});
