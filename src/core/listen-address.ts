// Where a service listens for itself: `HOST:PORT`, port 0 for any that is free, or `unix:/absolute/path`.
import { Problem } from './problem.ts';

export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Longer ones are cut off by the kernel. */
const MAX_SOCKET_PATH_BYTES = 100;
const TCP = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)):(0|[1-9]\d{0,4})$/;
const UNIX = /^unix:((?:\/(?!\.{1,2}(?:\/|$))[\x21-\x2e\x30-\x7e]+)+)$/;

/** Throws `invalid-input`. */
export function parseListenAddress(text: string): ListenAddress {
  const path = UNIX.exec(text)?.[1];
  if (path !== undefined && path.length <= MAX_SOCKET_PATH_BYTES) {
    return { kind: 'unix', path };
  }
  const [, bracketed, plain, port = ''] = TCP.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined && Number(port) <= 65_535) return { kind: 'tcp', host, port: Number(port) };
  throw new Problem('invalid-input', {
    detail: `listen: an address of this machine such as 127.0.0.1:0 (any free port) or 127.0.0.1:9001, or unix:/run/doorward/github.sock (an absolute path of at most ${MAX_SOCKET_PATH_BYTES} bytes).`,
  });
}
