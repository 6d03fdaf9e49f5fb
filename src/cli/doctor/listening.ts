// Where agents are told to call: an address they can reach, that is served, and that others can not listen in on.
import type { ServerConfig } from '../../config.ts';
import { type Check, type Finding, pass, warn, withConfiguration } from './check.ts';

export const listening: Check = {
  name: 'listening',
  area: 'server',
  run: withConfiguration(({ config }) => [judgeListening(config)]),
};

export function judgeListening({ listen, publicUrl }: Pick<ServerConfig, 'listen' | 'publicUrl'>): Finding {
  if (publicUrl === undefined) {
    if (isLoopback(listen.host)) return pass('Agents on this host can call, and nobody else');
    return warn(
      `The server listens for other hosts (${listen.host}), but only knows itself by this one's names: others are refused`,
      'Set DOORWARD_PUBLIC_URL to the address agents use',
    );
  }
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol === 'http:' && !isLoopback(hostname)) {
    return warn(
      `Agents are told to call ${hostname} without TLS: tokens and answers cross the network in the open`,
      'Put a TLS proxy in front, and set DOORWARD_PUBLIC_URL to its https:// address',
    );
  }
  return pass(`Agents are told to call ${protocol}//${hostname}`);
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host);
}
