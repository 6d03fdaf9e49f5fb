// The relay of a WebSocket by itself: what is long, and what comes in many small parts, holds up neither the process nor the
// order in which things go on, and a side that does not keep to the protocol hurts nobody but itself.
import { describe, expect, test } from 'vitest';
import type { MessageGuard } from '../../src/core/inspection/stage.ts';
import { piecesOf } from '../../src/core/inspection/steps.ts';
import { Problem } from '../../src/core/problem.ts';
import { frame } from '../support/raw-websocket.ts';
import { openRelay, turnsUntil } from '../support/relay.ts';

const MiB = 1024 * 1024;
const LONG = Buffer.alloc(4 * MiB, 'the model answers ');
const BYE = Buffer.from([0x03, 0xe8]);
/** As an upstream frames what it sends. */
const from = (opcode: number, payload: string | Buffer = '', fin = true) =>
  frame(opcode, payload, { masked: false, fin });

/** A guard that takes a step for each piece. */
const stepping: MessageGuard = ({ bytes }) =>
  (function* () {
    for (const _piece of piecesOf(bytes)) yield;
    return bytes;
  })();

const brief = (told: readonly (string | number)[]) =>
  told.map((one) => (typeof one === 'string' && one.length > 99 ? `${one.length} bytes` : one));

describe('a long message', () => {
  test('is looked at in steps, between which others have their turn', async () => {
    const { upstream, caller } = openRelay();
    upstream.push(from(1, LONG));
    const turns = await turnsUntil(() => caller.frames.length > 0);
    expect(turns).toBeGreaterThan(LONG.length / 65_536 - 2);
    expect(caller.frames[0]?.payload.equals(LONG)).toBe(true);
  });

  test('keeps its place before what comes after it, and each side waits meanwhile for nobody but itself', async () => {
    const { upstream, caller, state } = openRelay({ answer: stepping });
    upstream.push(Buffer.concat([from(1, 'first'), from(1, LONG), from(1, 'second'), from(9, 'ping')]));
    upstream.push(Buffer.concat([from(1, 'third'), from(8, BYE)]));
    await turnsUntil(() => caller.told.length > 0);
    expect(brief(caller.told)).toEqual(['first']);
    expect(upstream.isPaused()).toBe(true);
    expect(caller.isPaused()).toBe(false);
    caller.push(frame(1, 'hello'));
    await turnsUntil(() => upstream.told.includes('hello'));
    expect(brief(caller.told)).toEqual(['first']);
    expect(upstream.readableLength).toBeGreaterThan(0); // nothing more is read before its turn has come
    await turnsUntil(() => caller.told.includes(1000));
    expect(brief(caller.told)).toEqual(['first', `${LONG.length} bytes`, 'second', 'third', 1000]);
    caller.push(frame(8, BYE));
    await turnsUntil(() => state.end !== undefined);
    expect(state.end).toBe('closed');
  });

  test('goes on before its side is gone, or has broken the protocol', async () => {
    for (const end of ['gone', 'broken'] as const) {
      const { upstream, caller, state } = openRelay({ answer: stepping });
      upstream.push(from(1, LONG));
      if (end === 'broken') upstream.push(from(3, 'means nothing'));
      await turnsUntil(() => upstream.isPaused());
      if (end === 'gone') upstream.destroy();
      await turnsUntil(() => state.end !== undefined);
      expect(brief(caller.told)).toEqual([`${LONG.length} bytes`, 1014]);
      expect(state.end).toMatchObject({ code: 'upstream-invalid' });
    }
  });

  test('of which nothing may go on does not, nor what waits behind it', async () => {
    const refusing: MessageGuard = ({ bytes }) =>
      (function* () {
        yield;
        if (bytes.length > 99) throw new Problem('text-blocked');
        return bytes;
      })();
    const { relay, upstream, caller, state } = openRelay({ request: refusing });
    caller.push(Buffer.concat([frame(1, 'short'), frame(1, LONG), frame(1, 'behind')]));
    await turnsUntil(() => state.blocked !== undefined);
    relay.end(new Problem('text-blocked'));
    expect(upstream.told).toEqual(['short', 1001]);
    expect(caller.told).toEqual([1008]);

    const ended = openRelay({ request: stepping });
    ended.caller.push(Buffer.concat([frame(1, LONG), frame(1, 'behind')]));
    await turnsUntil(() => ended.caller.isPaused());
    ended.relay.end(new Problem('frozen'));
    await turnsUntil(() => ended.caller.writableFinished);
    expect(ended.upstream.told).toEqual([1001]);
    expect([ended.relay.requestBytes, ended.caller.told]).toEqual([0, [1008]]);
  });
});

describe('a hostile side', () => {
  test('that sends thousands of messages at once leaves the turn to others, and its messages in order', async () => {
    const { caller, upstream } = openRelay();
    const sent = Array.from({ length: 5000 }, (_, at) => String(at));
    caller.push(Buffer.concat(sent.map((text) => frame(1, text))));
    const turns = await turnsUntil(() => upstream.told.length === sent.length);
    expect(turns).toBeGreaterThan(30);
    expect(upstream.told).toEqual(sent);
  });

  test('that says more after its close frame is not listened to, and the other may still say goodbye', async () => {
    for (const more of [from(1, 'more'), Buffer.from('garbage of any kind'), from(8, BYE)]) {
      const { caller, upstream, state } = openRelay();
      upstream.push(from(1, 'hello'));
      await turnsUntil(() => caller.told.length === 1);
      upstream.push(from(8, BYE)); // a piece of its own, and the next right behind it
      upstream.push(more);
      await turnsUntil(() => caller.told.length > 1);
      caller.push(frame(1, 'the last'));
      caller.push(frame(8, BYE));
      await turnsUntil(() => state.end !== undefined);
      expect([state.end, caller.told, upstream.told]).toEqual([
        'closed',
        ['hello', 1000],
        ['the last', 1000],
      ]);
    }
  });

  test('that sends one frame byte by byte costs no more memory than that is worth', async () => {
    const { caller, state } = openRelay();
    caller.push(frame(2, '', { length: BigInt(MiB) }));
    for (let sent = 0; sent < 70_000; sent += 1) caller.push(Buffer.from('x'));
    await turnsUntil(() => state.end !== undefined);
    expect(state.end).toMatchObject({ code: 'invalid-request' });
    expect(caller.told).toEqual([1008]);
  });

  test('that announces too long a message is refused before it has sent it, in one frame or many', async () => {
    const limit = { maxRequestBytes: 100, maxAnswerBytes: 50 };
    const reason = 'A message to this service may have at most 100 bytes.';
    const announced = [
      frame(1, '', { length: 101n }),
      Buffer.concat([frame(1, 'x'.repeat(60), { fin: false }), frame(0, '', { fin: false, length: 41n })]),
      Buffer.concat([
        frame(1, 'x'.repeat(100), { fin: false }),
        frame(9, 'ping'),
        frame(0, '', { length: 1n }),
      ]),
    ];
    for (const bytes of announced) {
      const { caller, upstream, state } = openRelay({}, limit);
      caller.push(Buffer.concat([frame(1, 'x'.repeat(100)), bytes]));
      await turnsUntil(() => state.end !== undefined);
      expect(state.end).toMatchObject({ code: 'body-too-large', message: reason });
      expect(upstream.told).toEqual(['x'.repeat(100), 1009]);
      for (const side of [caller, upstream])
        expect(side.frames.at(-1)?.payload.subarray(2).toString()).toBe(reason);
    }
    const { caller, upstream, state } = openRelay({}, limit);
    upstream.push(Buffer.concat([from(1, 'x'.repeat(50)), from(2, 'x'.repeat(51)).subarray(0, 2)]));
    await turnsUntil(() => state.end !== undefined);
    expect(state.end).toMatchObject({ code: 'upstream-invalid' });
    expect([caller.told, upstream.told]).toEqual([['x'.repeat(50), 1009], [1009]]);
  });
});
