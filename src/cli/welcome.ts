// What a server that has started says: its address, and the next three commands as they can be copied.
import { realpathSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { defaultDataDirectory, type Environment, type ServerConfig } from '../config.ts';
import { findExecutable } from '../runner/executable.ts';
import { quoted } from './quoted.ts';

interface Started {
  /** Where it listens, and where agents are told to call: not the same behind a proxy. */
  readonly address: string;
  readonly url: string;
  readonly isFirstStart: boolean;
  /** The whole vault, as after a restore: nothing else is worth doing before that has ended. */
  readonly isFrozen: boolean;
}

const FIRST_STEPS = ['add openai', 'run -- claude', 'log -f'];
const AFTER_RESTORE = ['status', 'agent list', 'restore accept'];

export function welcome(
  { address, url, isFirstStart, isFrozen }: Started,
  config: ServerConfig,
  environment: Environment,
): string {
  const doorward = commandName(environment);
  const lines = [
    `Doorward listens on ${address}`,
    ...(url === address ? [] : [`Agents call it at ${url}`]),
    ...(isFirstStart ? firstStart(config) : []),
    ...(isFrozen
      ? ['The vault is frozen, as it is after a restore: no token is issued and no call is made.']
      : []),
    'Next, in another terminal:',
    ...exported(config, environment),
    ...(isFrozen ? AFTER_RESTORE : FIRST_STEPS).map((verb) => `  ${doorward} ${verb}`),
  ];
  return `${lines.join('\n')}\n`;
}

function firstStart({ rootKeyProvider, rootKeyFile, databaseUrl, dataDirectory }: ServerConfig): string[] {
  const what = databaseUrl === undefined ? `Its data is in ${dataDirectory}. ` : '';
  const key = rootKeyProvider === 'file' ? rootKeyFile : 'the passphrase';
  return [`${what}Keep a copy of ${key} elsewhere: without it no secret can be opened again.`];
}

/** The other terminal does not have this one's variables; those that the commands need must be set there. */
function exported(config: ServerConfig, environment: Environment): string[] {
  const usual = defaultDataDirectory(environment);
  const dataDirectory = resolve(config.dataDirectory);
  const variables: [name: string, value: string, isUsual: boolean][] = [
    ['DOORWARD_DATA_DIR', dataDirectory, usual !== undefined && dataDirectory === resolve(usual)],
    ...FILES.map(([name, read, fallback]): [string, string, boolean] => {
      const path = resolve(read(config));
      return [name, path, path === resolve(dataDirectory, fallback)];
    }),
  ];
  const set = variables
    .filter(([, , isUsual]) => !isUsual)
    .map(([name, value]) => `${name}=${quoted(value)}`);
  return set.length === 0 ? [] : [`  export ${set.join(' ')}`];
}

const FILES = [
  [
    'DOORWARD_OWNER_CREDENTIAL_FILE',
    (config: ServerConfig) => config.ownerCredentialFile,
    'owner.credential',
  ],
  ['DOORWARD_ROOT_KEY_FILE', (config: ServerConfig) => config.rootKeyFile, 'root.key'],
] as const;

/** `doorward` where PATH leads to this program, else the path it was started by. */
function commandName(environment: Environment): string {
  const program = realpathSync(process.argv[1] ?? '');
  const found = findExecutable('doorward', environment);
  if (found !== undefined && realpathSync(found) === program) return 'doorward';
  const near = relative(process.cwd(), program);
  return quoted(near.startsWith('..') ? program : `./${near}`);
}
