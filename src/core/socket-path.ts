// Where the admin socket of a data directory lies. The store listens there and the CLI connects there, so both take
// the path from here.
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';

/** Paths of unix sockets are cut off at 104 bytes on some systems, and Node does not say so. */
export const MAX_SOCKET_PATH_BYTES = 100;

/**
 * `admin.sock` in the data directory or, where that path is too long, in a folder of its own below the runtime
 * directory (`$XDG_RUNTIME_DIR`), else below one of this user's in /tmp. May still be too long: the listener checks.
 */
export function adminSocketPath(dataDirectory: string, runtimeDirectory: string | undefined): string {
  const absolute = resolve(dataDirectory);
  const direct = join(absolute, 'admin.sock');
  if (Buffer.byteLength(direct) <= MAX_SOCKET_PATH_BYTES) return direct;
  const name = createHash('sha256').update(absolute).digest('hex').slice(0, 16);
  const runtime = runtimeDirectory ?? `/tmp/doorward-${String(process.getuid?.() ?? 0)}`;
  return join(resolve(runtime), `doorward-${name}`, 'admin.sock');
}
