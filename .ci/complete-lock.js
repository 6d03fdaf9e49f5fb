// Completes package-lock.json after an installation. npm leaves out optional packages that the registry in use does not
// serve for other systems, and `npm ci` then refuses the lock everywhere. Older npm also forgets the C library a package
// is for. Run after a change of packages, in this order, so that npm 10 (Node 20, 22) and 11 accept the same lock:
//   npx npm@10.8.2 install --package-lock-only --omit-lockfile-registry-resolved && node .ci/complete-lock.js
// A folder as its argument names another lock, such as test/clients.
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * @typedef {{ name?: string, version: string, optionalDependencies?: Record<string, string>, integrity?: string, dev?: boolean,
 *   optional?: boolean, os?: string[], cpu?: string[], libc?: string[] }} Locked
 */

const FILE = new URL(`../${process.argv[2] ?? '.'}/package-lock.json`, import.meta.url);
const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

const lock = JSON.parse(readFileSync(FILE, 'utf8'));
/** @type {Record<string, Locked>} */
const packages = lock.packages;

for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const { os, cpu } = madeFor(name);
    const wanted = aliased(version).version;
    const isLocked = foldersAbove(path).some((folder) => packages[folder + name]?.version === wanted);
    if (os === undefined || cpu === undefined || isLocked) continue;
    const place = placeFor(path, name);
    packages[place] = { ...aliased(version), cpu: [cpu], ...(dev && { dev }), optional: true, os: [os] };
  }
}
for (const [path, locked] of Object.entries(packages)) {
  const { libc } = madeFor(path);
  if (locked.os?.[0] === 'linux' && libc !== undefined) locked.libc = [libc];
}
lock.packages = Object.fromEntries(Object.entries(packages).toSorted(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);

/** One that is published under another's name, `npm:NAME@VERSION`, is locked with that name. @param {string} version */
function aliased(version) {
  const [, name, itsVersion] = /^npm:(.+)@([^@]+)$/.exec(version) ?? [];
  return name === undefined || itsVersion === undefined ? { version } : { name, version: itsVersion };
}

/** What a native package is for, as its name tells. @param {string} name */
function madeFor(name) {
  const words = name.slice(name.lastIndexOf('/') + 1).split('-');
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined;
  return {
    os: SYSTEMS.find((system) => words.includes(system)),
    cpu: PROCESSORS.find((processor) => words.includes(processor)),
    libc,
  };
}

/** Every folder in which Node looks for what the package at `path` asks for, nearest first. @param {string} path */
function foldersAbove(path) {
  const parts = path.split('/node_modules/');
  return [...parts.keys()]
    .map((n) => `${parts.slice(0, parts.length - n).join('/node_modules/')}/node_modules/`)
    .concat('node_modules/');
}

/** On top unless another version is there. @param {string} path @param {string} name */
function placeFor(path, name) {
  const folder = foldersAbove(path).findLast((above) => packages[above + name] === undefined);
  return (folder ?? `${path}/node_modules/`) + name;
}
