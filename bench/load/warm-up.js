// Calls before the first window: a server is measured once its code is compiled and its connections are there.

/** @typedef {import('./generator.js').Order} Order */

const ENOUGH_REQUESTS = 4000;
const MOST_TIMES = 4;

/**
 * Goes on, within reason, where the machine is so slow that the time given did not see enough calls.
 * @param {{ ask: (order: Order) => Promise<any> }} generator @param {Order} order
 */
export async function warmUp(generator, order) {
  let requests = 0;
  for (let i = 0; i < MOST_TIMES && requests < ENOUGH_REQUESTS; i += 1) {
    const measured = await generator.ask(order);
    requests += measured.requests;
    if (order.connections < 2 || order.windowMs < 1000) return; // a run that is no measurement
  }
}

/** Forwards in one round, backwards in the next: nobody is always the one after another. @template T @param {readonly T[]} all @param {number} round */
export function inTurn(all, round) {
  return round % 2 === 1 ? [...all] : [...all].reverse();
}
