// Root key, owner credential, admin socket and audit heads: each a file of its own, of the server's user, mode 0600.
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { type Check, type Configured, fail, type Finding, pass, warn, withConfiguration } from './check.ts';
import { fileState, privacyFindings } from './file-state.ts';

const KEY_BYTES = 32;

interface PrivateFile {
  readonly what: string;
  readonly path: string;
  /** How its absence is judged, where an installation is there already. */
  readonly ifMissing?: Finding;
  readonly judge?: (stats: Stats) => Finding[];
}

export const privateFiles: Check = {
  name: 'private-files',
  area: 'files',
  run: withConfiguration((configured) => filesOf(configured).flatMap(examine)),
};

function filesOf({ config, socketPath }: Configured): PrivateFile[] {
  const { dataDirectory, rootKeyProvider, rootKeyFile, ownerCredentialFile, databaseUrl } = config;
  const isThere = (name: string) => fileState(join(dataDirectory, name), '').kind === 'there';
  // A first start that was cut off has made a database, but no key: the next one begins anew.
  const hasData = databaseUrl === undefined && isThere('db') && !isThere('db.unfinished');
  const rootKey: PrivateFile = {
    what: 'The root key file',
    path: rootKeyFile,
    judge: ({ size }) =>
      size === KEY_BYTES
        ? []
        : [
            fail(
              `The root key file ${rootKeyFile} holds ${size} bytes and not ${KEY_BYTES}`,
              'Restore it from your copy',
            ),
          ],
    ...(hasData && {
      ifMissing: fail(
        `The root key file ${rootKeyFile} is missing, and the database holds data`,
        'Restore the file from your copy: a new one opens nothing',
      ),
    }),
  };
  const ownerCredential: PrivateFile = {
    what: 'The owner credential',
    path: ownerCredentialFile,
    judge: ({ size }) =>
      size > 0
        ? []
        : [fail(`The owner credential ${ownerCredentialFile} is empty`, 'Restore it from your copy')],
  };
  const heads = join(dataDirectory, 'audit-heads.json');
  const headFile: PrivateFile = {
    what: 'The audit head file',
    path: heads,
    ...(hasData && {
      ifMissing: warn(
        `The audit head file ${heads} is missing: newest events cut from the audit log would not be noticed`,
        'Find out who removed it; the next start writes a new one. Then: doorward audit verify',
      ),
    }),
  };
  const socket: PrivateFile = {
    what: 'The admin socket',
    path: socketPath,
    judge: (stats) =>
      stats.isSocket()
        ? []
        : [fail(`${socketPath} is not a socket`, 'Move it away: the server listens there')],
  };
  return [...(rootKeyProvider === 'file' ? [rootKey] : []), ownerCredential, headFile, socket];
}

function examine({ what, path, ifMissing, judge }: PrivateFile): Finding[] {
  const state = fileState(path, what);
  if (state.kind === 'unreachable') return [state.finding];
  if (state.kind === 'missing') return ifMissing === undefined ? [] : [ifMissing];
  const { stats } = state;
  if (stats.isSymbolicLink() || stats.isDirectory()) {
    return [
      fail(`${what} ${path} is not a file of its own (a symbolic link is refused)`, 'Name the file itself'),
    ];
  }
  const findings = [...privacyFindings(path, stats, what), ...(judge?.(stats) ?? [])];
  return findings.length > 0 ? findings : [pass(`${what} ${path} is private`)];
}
