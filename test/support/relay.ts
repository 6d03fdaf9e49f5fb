// A relay between two ends in memory: what comes is pushed as the test cuts it, what goes out is kept frame by frame.
import { setImmediate } from 'node:timers/promises';
import { Duplex } from 'node:stream';
import type { SocketGuards } from '../../src/broker/inspection/inspectors.ts';
import { messageLimits } from '../../src/broker/inspection/inspect-size.ts';
import { WebSocketRelay } from '../../src/broker/websocket-relay.ts';
import { buildScanTable } from '../../src/core/leak-scan/scanner.ts';
import type { Problem } from '../../src/core/problem.ts';
import { TransportProtection } from '../../src/core/protection/transport.ts';

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

class End extends Duplex {
  readonly #written: Buffer[] = [];

  constructor() {
    super({ highWaterMark: 64 * 1024 * 1024 });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#written.push(chunk);
    done();
  }

  /** What went out here, unmasked. */
  get frames(): Frame[] {
    return framesOf(Buffer.concat(this.#written));
  }

  /** What went out here: texts, and close codes. */
  get told(): (string | number)[] {
    return this.frames.map(({ opcode, payload }) =>
      opcode === 8 ? (payload.length < 2 ? 1005 : payload.readUInt16BE()) : payload.toString(),
    );
  }
}

const OWN = 'sk-test-9fK2mQ7xLw4TzR8vBn3HcJ6yPd5GsA1e';

export function openRelay(guards: Partial<SocketGuards> = {}, transport: object = {}) {
  const caller = new End();
  const upstream = new End();
  const state: { end: 'closed' | 'gone' | Problem | undefined; blocked: unknown } = {
    end: undefined,
    blocked: undefined,
  };
  const relay = new WebSocketRelay({
    caller,
    upstream,
    scan: buildScanTable([{ id: 'own', value: Buffer.from(OWN) }]),
    onLeak: () => undefined,
    guards: { request: undefined, answer: undefined, ...guards },
    limits: messageLimits(TransportProtection.parse(transport)),
    onBlocked: (cause) => (state.blocked = cause),
    nowMs: () => 0,
    onEnd: (how) => (state.end = how),
  });
  relay.begin();
  return { relay, caller, upstream, state };
}

/** Resolves when `isSo`, with the turns that others had until then: at least one, in which what was done has its effect. */
export async function turnsUntil(isSo: () => boolean): Promise<number> {
  let turns = 0;
  do {
    await setImmediate();
    turns += 1;
  } while (!isSo());
  return turns;
}

function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [first = 0, second = 0] = bytes.subarray(at);
    const short = second & 127;
    const wide = short === 126 ? 2 : short === 127 ? 8 : 0;
    const length =
      short === 126
        ? bytes.readUInt16BE(at + 2)
        : short === 127
          ? Number(bytes.readBigUInt64BE(at + 2))
          : short;
    const maskAt = at + 2 + wide;
    const start = maskAt + (second >= 128 ? 4 : 0);
    const payload = Buffer.from(bytes.subarray(start, start + length));
    if (second >= 128)
      for (const [i, byte] of payload.entries()) payload[i] = byte ^ (bytes[maskAt + (i & 3)] ?? 0);
    frames.push({ opcode: first & 15, payload });
    at = start + length;
  }
  return frames;
}
