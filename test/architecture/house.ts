// The rules of the house as data: who may import whom, which package belongs where, sizes, words.

/**
 * Room → what its files may import: rooms, or single files. The longest matching key counts, `OWN` is the key itself.
 * Arrows only point down: ground `core`; floor 0 the rooms that touch the world; 1 `vault`; 2 `operations` and
 * `broker`; 3 and 4 the shells; 5 what starts and joins them.
 */
export const OWN = 'OWN';
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [OWN],
  crypto: [OWN, 'core'],
  egress: [OWN, 'core'],
  catalogue: [OWN, 'core'],
  telemetry: [OWN, 'core'],
  store: [OWN, 'core'],
  'providers/credentials': [OWN, 'core', 'crypto', 'egress'],
  'providers/materials': [OWN, 'core', 'crypto'],
  'providers/root-keys': [OWN, 'core', 'crypto', 'egress'],
  vault: [OWN, 'core', 'crypto', 'store', 'providers', 'telemetry'],
  // What the vault sends: a new secret version tried before it is used, and requests for access tokens.
  'vault/probe.ts': ['vault', 'core', 'store', 'providers', 'egress'],
  'vault/minting-request.ts': ['vault', 'core', 'providers', 'egress'],
  operations: [
    OWN,
    'core',
    'catalogue',
    'store',
    'vault',
    'crypto/secret-bytes.ts', // the request parser is where a value enters its SecretBytes
    'crypto/opaque-token.ts', // agent keys and placeholders are made where they are answered, once
  ],
  // What HTTP, the CLI and the docs know of an operation must not draw in its code.
  'operations/contract.ts': ['core'],
  'operations/contracts.ts': ['operations/contracts'],
  'operations/contracts': [OWN, 'core', 'operations/contract.ts'],
  broker: [OWN, 'core', 'egress', 'store', 'vault', 'telemetry'],
  jobs: [OWN, 'core', 'store', 'vault', 'telemetry'],
  runner: [OWN, 'core'],
  http: [
    OWN,
    'core',
    'telemetry',
    'operations',
    'broker',
    'vault/tokens.ts',
    'vault/client-credentials.ts', // what the token endpoint grants by
    'mcp',
  ],
  mcp: [OWN, 'core', 'catalogue', 'operations', 'broker'],
  'config.ts': ['core'],
  'ground.ts': [
    'config.ts',
    'core',
    'http/server.ts',
    'http/starting.ts',
    'store/data-directory.ts',
    'store/database-options.ts',
    'store/directory-marks.ts',
    'store/embedded.ts',
    'telemetry',
  ], // nothing that is slow to load
  'installation.ts': [
    'config.ts',
    'core',
    'ground.ts',
    'opening.ts',
    'providers/root-keys',
    'store',
    'vault/sealing.ts',
  ],
  'compose.ts': [
    'broker',
    'catalogue',
    'config.ts',
    'core',
    'crypto',
    'egress',
    'ground.ts',
    'http',
    'installation.ts',
    'jobs',
    'opening.ts',
    'operations',
    'providers',
    'store',
    'telemetry',
    'vault',
  ],
  cli: [
    OWN,
    'core',
    'catalogue',
    'runner',
    'config.ts',
    'crypto/passphrase.ts', // opens an owner credential that lies under the passphrase
    'operations/contract.ts', // contracts only: the CLI asks the server, it never runs an operation itself
    'operations/contracts.ts',
    'operations/contracts',
    'mcp/stdio.ts', // hands messages on to the server
  ],
  // What an installation is opened with, by a server and by what works without one.
  'opening.ts': ['config.ts', 'core', 'store/database-options.ts'],
  // What is done while no server runs: backups looked at and restored, the move to Postgres.
  'offline.ts': [
    'config.ts',
    'core',
    'crypto/age.ts', // types only: it is loaded where a backup is opened
    'opening.ts',
    'providers/root-keys',
    'store',
    'vault/backup',
  ],
  'cli/offline.ts': [
    'cli',
    'core',
    'crypto/randomness.ts',
    'config.ts',
    'offline.ts',
    'vault/backup/failure.ts',
  ],
  // Keeps files in the age format before it changes them.
  'cli/import': ['cli', 'core', 'catalogue', 'config.ts', 'crypto/age.ts', 'operations/contracts'],
  // Looks at an installation without opening it for work.
  'inspect.ts': [
    'config.ts',
    'core',
    'crypto/randomness.ts',
    'egress/own-addresses.ts',
    'egress/proxied.ts',
    'egress/resolve.ts',
    'egress/trust.ts',
    'egress/try-connection.ts',
    'providers/root-keys',
    'store/directory-marks.ts',
    'store/inspect.ts',
  ],
  'cli/doctor': [
    'cli',
    'core',
    'runner',
    'config.ts',
    'inspect.ts',
    'operations/contracts', // what a running server is asked
  ],
  // The one command that is the server.
  'cli/serve.ts': [
    'cli',
    'core',
    'crypto/randomness.ts',
    'config.ts',
    'ground.ts',
    'compose.ts',
    'telemetry',
  ],
  // Attacks a broker from outside: by sockets, processes and SQL of its own, never by the code that it attacks.
  attack: [OWN],
  'cli/commands/attack.ts': ['cli', 'attack', 'operations/contracts'],
  'main.ts': ['cli'],
};

/** Package → rooms or files of `src` that may import it. What is not here is imported nowhere in `src`. */
export const PACKAGE_ROOMS: Readonly<Record<string, readonly string[]>> = {
  zod: [
    'core',
    'catalogue',
    'crypto',
    'providers/materials',
    'vault',
    'operations',
    'http',
    'mcp',
    'cli',
    'config.ts',
  ],
  'ipaddr.js': ['core'],
  'libphonenumber-js': ['core/content'], // slow to load: with the first call that needs it
  'typeid-js': ['core'],
  '@noble/ciphers': ['crypto'],
  'age-encryption': ['crypto/age.ts'], // slow to load: only where a backup is made or opened
  'drizzle-orm': ['store'],
  postgres: ['store', 'attack/targets'], // there by somebody who writes to the database past every right
  '@electric-sql/pglite': ['store'],
  '@electric-sql/pglite-prepopulatedfs': ['store'],
  '@modelcontextprotocol/sdk': ['mcp'],
  undici: ['egress'],
  ws: ['broker'],
  'lru-cache': ['vault', 'broker', 'operations'],
  hono: ['http'],
  '@hono/node-server': ['http'],
  pino: ['telemetry'],
  'prom-client': ['telemetry'],
  commander: ['cli'],
  'cli-table3': ['cli'],
  oauth4webapi: ['cli/connect'],
  '@clack/prompts': ['cli'],
};

/** Modules of Node that reach other machines or start processes → rooms or files that may import them. */
export const REACHING_ROOMS: Readonly<Record<string, readonly string[]>> = {
  'node:child_process': ['runner', 'attack'],
  'node:dns/promises': ['egress', 'attack'],
  'node:http': ['http', 'cli', 'attack'],
  'node:https': ['cli'],
  'node:http2': ['http'],
  'node:net': ['egress', 'http', 'cli', 'store', 'attack'],
  'node:tls': ['egress', 'attack'],
  'node:worker_threads': ['store'],
};

/** Time, chance, environment, network and terminal come through ports and parameters everywhere else. */
export const AMBIENT_ROOMS = ['compose.ts', 'config.ts', 'egress', 'telemetry', 'cli'] as const;

export const MAX_FILE_LINES = 400;
export const MAX_FUNCTION_LINES = 70;
export const MAX_PARAMETERS = 4;
export const MAX_OPENING_LINES = 5;

/** Names that say nothing about what is inside. */
export const BANNED_FILES = [
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'types',
  'index',
  'manager',
  'base',
];

/** Words of other glossaries, matched on whole words of an identifier (`masterKeyId` holds `master key`). */
export const BANNED_WORDS = [
  'acl',
  'auth type',
  'cipher blob',
  'connector',
  'consent',
  'cred',
  'creds',
  'dlp',
  'dummy',
  'enrollment',
  'entitlement',
  'fake key',
  'impersonator',
  'integration',
  'invoker',
  'master key',
  'notifier',
  'proposal',
  'proxy token',
  'requester',
  'sanitise',
  'sanitize',
  'scrub',
  'tenant key',
  'unseal key',
];
