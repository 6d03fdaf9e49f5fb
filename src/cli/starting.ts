// A server that has begun to listen but is still opening its database answers `not-ready`, and has done nothing: a
// command asks again until it has started.
import { EXIT } from './exit-codes.ts';
import { CommandFailure, parseProblem } from './failure.ts';
import { type Address, exchange, type Incoming, type Outgoing } from './transport.ts';

type Say = (text: string) => void;

/** A first start makes a database, which takes its time on a machine with much else to do. */
const LIMIT_MS = 60_000;
const ASK_EVERY_MS = 100;

class StillStarting extends CommandFailure {}

/** Like `exchange`, but patient with a server that starts. */
export async function exchangePatiently(address: Address, outgoing: Outgoing, say: Say): Promise<Incoming> {
  const fromMs = performance.now();
  for (let isTold = false; ; isTold = true) {
    const answer = await exchange(address, outgoing);
    if (answer.status !== 503 || parseProblem(503, answer.text).body.code !== 'not-ready') return answer;
    if (!isTold) say('The server is starting; waiting for it.');
    if (performance.now() - fromMs > LIMIT_MS) {
      throw new StillStarting(
        EXIT.failed,
        'The server is still starting. Its own output says what it waits for.',
      );
    }
    await new Promise((resolve) => {
      setTimeout(resolve, ASK_EVERY_MS);
    });
  }
}

interface Place {
  readonly address: Address;
  readonly say: Say;
  readonly isMissing: () => boolean;
}

/** Reads what the first start of a server makes: while one is starting that has not made it yet, after that. */
export async function readPatiently<T>(
  { address, say, isMissing }: Place,
  read: () => Promise<T>,
): Promise<T> {
  if (isMissing() && address.kind === 'socket') {
    const request = { method: 'GET', path: '/.well-known/jwks.json' };
    await exchangePatiently(address, request, say).catch((error: unknown) => {
      if (error instanceof StillStarting) throw error; // anything else: nobody is there, and `read` says what to do
    });
  }
  return await read();
}
