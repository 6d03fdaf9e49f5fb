// Every package this project is allowed to install, by name. A package that comes in by another's update, or by a slip,
// is not here and fails the test (A59): read it, then add its line.

export const RUNTIME = [
  '@clack/prompts',
  '@electric-sql/pglite',
  '@electric-sql/pglite-prepopulatedfs',
  '@hono/node-server',
  '@noble/ciphers',
  'cli-table3',
  'commander',
  'drizzle-orm',
  'hono',
  'ipaddr.js',
  'lru-cache',
  'pino',
  'postgres',
  'typeid-js',
  'undici',
  'zod',
];

export const DEVELOPMENT = [
  '@biomejs/biome',
  '@types/node',
  'drizzle-kit',
  'fast-check',
  'jose',
  'knip',
  'openai',
  'oxc-parser',
  'oxlint',
  'oxlint-tsgolint',
  'typescript',
  'vitest',
];

/** What the runtime packages bring along: all of it runs beside the keys. */
export const RUNTIME_TRANSITIVE = [
  '@clack/core',
  '@colors/colors',
  '@pinojs/redact',
  'ansi-regex',
  'atomic-sleep',
  'emoji-regex',
  'fast-string-truncated-width',
  'fast-string-width',
  'fast-wrap-ansi',
  'is-fullwidth-code-point',
  'on-exit-leak-free',
  'pino-abstract-transport',
  'pino-std-serializers',
  'process-warning',
  'quick-format-unescaped',
  'real-require',
  'safe-stable-stringify',
  'sisteransi',
  'sonic-boom',
  'split2',
  'string-width',
  'strip-ansi',
  'thread-stream',
  'uuid',
];

/** Packages that carry an install script. None may need it: everything is installed with scripts off. */
export const WITH_INSTALL_SCRIPT = ['esbuild'];
