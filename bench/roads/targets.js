// Where a road begins, and the bytes sent there: made once, sent by the load generator as they are.

/** @typedef {{ port: number, request: string }} Target */

const TOKEN_RENEWAL_MS = 300_000;

/** @param {number} port @param {string} path @param {readonly string[]} [headers] */
export function requestTo(port, path, headers = []) {
  const lines = [`Host: 127.0.0.1:${port}`, 'Accept: application/json', ...headers];
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/**
 * Requests of an agent to one or more replicas. Its access token is renewed long before it ends.
 * @param {readonly Pick<import('../installation.js').Doorward, 'token' | 'port'>[]} replicas
 * @param {{ agent: string, key: string, path: string }} options
 */
export function callTargets(replicas, { agent, key, path }) {
  let untilMs = 0;
  /** @type {Target[]} */
  let targets = [];
  return async () => {
    if (performance.now() > untilMs) {
      const token = await replicas[0]?.token(agent, key);
      targets = replicas.map(({ port }) => ({
        port,
        request: requestTo(port, path, [`Authorization: Bearer ${token}`]),
      }));
      untilMs = performance.now() + TOKEN_RENEWAL_MS;
    }
    return targets;
  };
}
