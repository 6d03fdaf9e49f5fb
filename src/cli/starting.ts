// A server that has begun to listen but is still opening its database answers `not-ready`: a command waits for it.
import { EXIT } from './exit-codes.ts';
import { CommandFailure, parseProblem } from './failure.ts';
import { type Address, exchange } from './transport.ts';

const LIMIT_MS = 15_000;
const ASK_EVERY_MS = 100;

/** Throws when nobody listens, and when the start takes too long. */
export async function untilStarted(address: Address, say: (text: string) => void): Promise<void> {
  const fromMs = performance.now();
  for (let isTold = false; await isStarting(address); isTold = true) {
    if (!isTold) say('The server is starting; waiting for it.');
    if (performance.now() - fromMs > LIMIT_MS) {
      throw new CommandFailure(
        EXIT.failed,
        'The server is still starting. Its own output says what it waits for.',
      );
    }
    await new Promise((resolve) => {
      setTimeout(resolve, ASK_EVERY_MS);
    });
  }
}

async function isStarting(address: Address): Promise<boolean> {
  const { status, text } = await exchange(address, { method: 'GET', path: '/.well-known/jwks.json' });
  return status === 503 && parseProblem(status, text).body.code === 'not-ready';
}
