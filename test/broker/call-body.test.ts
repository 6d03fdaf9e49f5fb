// The body of a call in memory: how much, together with how many others, and what a stream is left with.
import { randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { CallBody, HeldBodies, MAX_HELD_BODY_BYTES } from '../../src/broker/call-body.ts';

const ROOM = 64;

function bodyOf(memory: HeldBodies, bytes: Buffer, isLengthKnown = true): CallBody {
  const contentLength = isLengthKnown ? bytes.length : undefined;
  return new CallBody(memory, { body: Readable.from(piecesOf(bytes), { objectMode: false }), contentLength });
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024);
}

async function sent(body: CallBody): Promise<Buffer> {
  const { body: outgoing } = body.outgoing();
  if (!(outgoing instanceof Readable)) return outgoing ?? Buffer.alloc(0);
  return Buffer.concat(await outgoing.toArray());
}

describe('a body', () => {
  test.each([
    ['one byte', 1, true],
    ['as much as may be held', MAX_HELD_BODY_BYTES, true],
    ['one byte more', MAX_HELD_BODY_BYTES + 1, false],
    ['much more', 5 * MAX_HELD_BODY_BYTES, false],
  ])('of %s goes out whole, whether its length is told or not', async (_what, length, isHeld) => {
    for (const isLengthKnown of [true, false]) {
      const bytes = randomBytes(length);
      const body = bodyOf(new HeldBodies(), bytes, isLengthKnown);
      await body.hold();
      await body.hold();
      expect([body.canBeSentAgain, body.held !== undefined]).toEqual([isHeld, isHeld]);
      expect((await sent(body)).equals(bytes)).toBe(true);
      if (isHeld) expect((await sent(body)).equals(bytes)).toBe(true);
    }
  });

  test('that is none, or was never held, stays as it is', async () => {
    const none = new CallBody(new HeldBodies(), { body: undefined, contentLength: undefined });
    await none.hold();
    expect([none.canBeSentAgain, none.held, none.outgoing().body]).toEqual([true, undefined, undefined]);
    const streamed = bodyOf(new HeldBodies(), Buffer.from('streamed'));
    expect([streamed.canBeSentAgain, (await sent(streamed)).toString()]).toEqual([false, 'streamed']);
  });

  test.each([
    ['while it is read', (source: PassThrough) => setImmediate(() => source.destroy())],
    ['before', (source: PassThrough) => source.destroy()],
    ['with an error', (source: PassThrough) => setImmediate(() => source.destroy(new Error('reset')))],
  ])('that breaks off %s is the caller’s mistake', async (_when, breakOff) => {
    const source = new PassThrough();
    source.on('error', () => undefined);
    source.write('half');
    const memory = new HeldBodies();
    const body = new CallBody(memory, { body: source, contentLength: 100 });
    breakOff(source);
    await expect(body.hold()).rejects.toMatchObject({ code: 'invalid-request' });
    body.release();
    expect(memory.take(ROOM * MAX_HELD_BODY_BYTES)).toBe(true);
  });

  test('is held as long as there is room for all of them, and streamed beyond', async () => {
    const memory = new HeldBodies();
    const bytes = randomBytes(MAX_HELD_BODY_BYTES);
    const bodies = Array.from({ length: ROOM + 1 }, () => bodyOf(memory, bytes));
    for (const body of bodies) await body.hold();
    expect(bodies.map((body) => body.canBeSentAgain)).toEqual([...Array(ROOM).fill(true), false]);
    bodies[0]?.release();
    bodies[0]?.release(); // counts once
    const [after, tooMany] = [bodyOf(memory, bytes), bodyOf(memory, Buffer.from('a'))];
    await after.hold();
    await tooMany.hold();
    expect([after.canBeSentAgain, tooMany.canBeSentAgain]).toEqual([true, false]);
  });

  test('of unknown length takes only as much room as it needs', async () => {
    const memory = new HeldBodies();
    for (let count = 0; count < 4 * ROOM; count += 1) {
      const body = bodyOf(memory, Buffer.from('short'), false);
      await body.hold();
      expect(body.canBeSentAgain).toBe(true);
    }
  });
});
