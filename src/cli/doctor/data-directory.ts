// The data directory: private to the server's user, and on a file system that keeps what is written.
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ServerConfig } from '../../config.ts';
import { type Check, fail, type Finding, pass, warn, withConfiguration } from './check.ts';
import { fileState, privacyFindings } from './file-state.ts';

const WHAT = 'The data directory';

export const dataDirectory: Check = {
  name: 'data-directory',
  area: 'files',
  run: withConfiguration(({ config }) => {
    const path = resolve(config.dataDirectory);
    const state = fileState(path, WHAT);
    if (state.kind === 'unreachable') return [state.finding];
    if (state.kind === 'missing') return [judgeMissing(path)];
    if (!state.stats.isDirectory()) {
      return [
        fail(
          `${WHAT} ${path} is not a directory of its own (a symbolic link is refused)`,
          'Name the directory itself in DOORWARD_DATA_DIR',
        ),
      ];
    }
    const findings = [
      ...privacyFindings(path, state.stats, WHAT),
      ...judgeWritable(path),
      ...judgeFileSystem(path, config),
    ];
    return findings.some(({ level }) => level === 'fail')
      ? findings
      : [...findings, pass(`${WHAT} ${path} is private`)];
  }),
};

function judgeMissing(path: string): Finding {
  let parent = dirname(path);
  while (!existsSync(parent)) parent = dirname(parent);
  if (isWritable(parent)) return pass(`${WHAT} ${path} is not there yet; the first start makes it`);
  return fail(
    `${WHAT} ${path} is not there, and this user may not make it in ${parent}`,
    'Choose another place with DOORWARD_DATA_DIR, or make it for this user with mode 700',
  );
}

function judgeWritable(path: string): Finding[] {
  if (isWritable(path)) return [];
  return [
    fail(
      `${WHAT} ${path} can not be written by this user`,
      'Check its owner, and that its file system is not mounted read-only',
    ),
  ];
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Magic numbers of file systems, as statfs(2) tells them. */
const NETWORK: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB',
  0x00c36400: 'Ceph',
  0x5346414f: 'AFS',
};
const PASSING: Readonly<Record<number, string>> = {
  0x01021994: 'tmpfs, which a restart of the machine empties',
  0x858458f6: 'ramfs, which a restart of the machine empties',
  0x794c7630: 'overlayfs: in a container, its own layer, which goes with it',
};

function judgeFileSystem(path: string, { databaseUrl }: ServerConfig): Finding[] {
  const { type } = statfsSync(path);
  const network = NETWORK[type];
  if (network !== undefined && databaseUrl === undefined) {
    return [
      warn(
        `The embedded database lies on ${network}, where two hosts can open it at once and destroy it`,
        'Move the data directory to a disk of this host, or use Postgres (DATABASE_URL)',
      ),
    ];
  }
  const passing = PASSING[type];
  if (passing === undefined) return [];
  return [warn(`${WHAT} lies on ${passing}`, 'Mount a volume that lasts and name it in DOORWARD_DATA_DIR')];
}
