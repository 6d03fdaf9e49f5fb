// The callers of streams, a process of its own: opens streams, holds them, cuts them, and times first bytes and events.
import { connect } from 'node:net';

/** @typedef {import('../roads/targets.js').Target} Target */
/**
 * @typedef {{ do: 'open', target: Target, count: number } | { do: 'cut' } | { do: 'first', targets: Record<string, Target>, count: number }
 *   | { do: 'events', target: Target, streams: number, count: number }} Order
 */

const AT_ONCE = 64;
const OPEN_TIMEOUT_MS = 30_000;

/** @type {Set<import('node:net').Socket>} */
const held = new Set();

/**
 * Resolves at the first event, with the milliseconds since the request was sent. Every later event is told.
 * @param {Target} target @param {(lateMs: number) => void} [onEvent] @returns {Promise<{ socket: import('node:net').Socket, firstMs: number }>}
 */
function openStream({ port, request }, onEvent = () => undefined) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const timer = setTimeout(() => socket.destroy(new Error('no event in time')), OPEN_TIMEOUT_MS);
    let sentMs = 0;
    let isOpen = false;
    let text = '';
    socket.once('connect', () => {
      sentMs = performance.now();
      socket.write(request, 'latin1');
    });
    socket.on('data', (chunk) => {
      const nowNs = process.hrtime.bigint();
      text += chunk.toString('latin1');
      if (!isOpen && !text.startsWith('HTTP/1.1 200 ')) {
        socket.destroy(new Error(text.split('\r\n')[0]));
        return;
      }
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const sent = /"sent":"(\d+)"/.exec(text.slice(0, end))?.[1];
        text = text.slice(end + 2);
        if (sent === undefined) continue;
        if (isOpen) onEvent(Number(nowNs - BigInt(sent)) / 1e6);
        else {
          isOpen = true;
          clearTimeout(timer);
          resolve({ socket, firstMs: performance.now() - sentMs });
        }
      }
    });
    socket.on('error', reject);
    socket.once('close', () => {
      clearTimeout(timer);
      held.delete(socket);
      reject(new Error('closed before its first event'));
    });
  });
}

/** @param {Extract<Order, { do: 'open' }>} order */
async function open({ target, count }) {
  let started = 0;
  /** @type {Record<string, number>} */
  const errors = {};
  const openSome = async () => {
    while (started < count) {
      started += 1;
      try {
        held.add((await openStream(target)).socket);
      } catch (error) {
        const what = error instanceof Error ? error.message : String(error);
        errors[what] = (errors[what] ?? 0) + 1;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, openSome));
  return { open: held.size, errors };
}

/** @param {Extract<Order, { do: 'first' }>} order */
async function first({ targets, count }) {
  /** @type {Record<string, number[]>} */
  const times = {};
  for (let i = 0; i < count; i += 1) {
    for (const [name, target] of Object.entries(targets)) {
      const { socket, firstMs } = await openStream(target);
      socket.destroy();
      (times[name] ??= []).push(firstMs);
    }
  }
  return { times };
}

/** Every event but the first of each stream. @param {Extract<Order, { do: 'events' }>} order */
async function events({ target, streams, count }) {
  /** @type {number[]} */
  const lateMs = [];
  const hear = async () => {
    let left = count - 1;
    /** @type {() => void} */
    let finish = () => undefined;
    /** @type {Promise<void>} */
    const heard = new Promise((resolve) => (finish = resolve));
    const { socket } = await openStream(target, (late) => {
      lateMs.push(late);
      left -= 1;
      if (left === 0) finish();
    });
    socket.once('close', finish);
    await heard;
    socket.destroy();
  };
  await Promise.all(Array.from({ length: streams }, hear));
  return { lateMs };
}

/** All at once, without a farewell. */
async function cut() {
  const sockets = [...held];
  for (const socket of sockets) socket.resetAndDestroy();
  return { cut: sockets.length };
}

/** @param {Order} order @returns {Promise<object>} */
async function obey(order) {
  switch (order.do) {
    case 'open':
      return open(order);
    case 'cut':
      return cut();
    case 'first':
      return first(order);
    case 'events':
      return events(order);
  }
}

process.on('disconnect', () => process.exit());
process.on('message', (order) => {
  obey(/** @type {Order} */ (order)).then(
    (result) => process.send?.(result),
    (error) => process.send?.({ failed: String(error) }),
  );
});
