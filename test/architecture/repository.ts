// The project as files: which there are, what must not stand in any of them, and what package.json may ask for.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEVELOPMENT, RUNTIME, RUNTIME_TRANSITIVE, WITH_INSTALL_SCRIPT } from './dependencies.ts';

const NOT_OURS = /^(\.git|node_modules|dist|\.dist-.*|coverage|\.doorward)$|\.tsbuildinfo$/;

/** Paths from the project's top, of what a clone holds. */
export function listFiles(root: string, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !NOT_OURS.test(name))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return listFiles(root, path);
      return entry.isFile() ? [path] : [];
    });
}

const NOWHERE: readonly (readonly [string, RegExp])[] = [
  ['a path of one machine', /(?<![\w.$}>/-])\/(work|farm|root|Users)\/[A-Za-z.]/],
  // The full stop in brackets keeps this line from being one.
  [
    'a registry host',
    /registry[.](npmjs|yarnpkg)[.]|npm[.]pkg[.]github[.]|(files[.]pythonhosted|pypi)[.]org/,
  ],
];

/** Lines of `text` that tie the project to one machine or one package registry. */
export function localMarks(path: string, text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      NOWHERE.filter(([, pattern]) => pattern.test(line)).map(([what]) => `${path}:${index + 1} ${what}`),
    );
}

export function readText(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const INSTALL_SCRIPTS =
  /^(pre|post)?(install|prepare|pack)$|^(pre|post)?publish$|^prepublishOnly$|^dependencies$/;

/** Loose versions, packages nobody agreed to, and scripts that would run when somebody installs. */
export function manifestTrouble(manifest: Manifest): string[] {
  const {
    dependencies = {},
    devDependencies = {},
    optionalDependencies = {},
    peerDependencies = {},
  } = manifest;
  const all = { ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies };
  return [
    ...Object.keys(manifest.scripts ?? {})
      .filter((name) => INSTALL_SCRIPTS.test(name))
      .map((name) => `the script ${name} runs at installation`),
    ...Object.entries(all)
      .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${name} ${version} is not one exact version`),
    ...strangers(Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }), RUNTIME),
    ...strangers(Object.keys(devDependencies), DEVELOPMENT),
  ];
}

export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly hasInstallScript?: boolean;
}

/** Packages without a hash, bound to one registry, running scripts, or in the runtime without being agreed to. */
export function lockTrouble({ packages }: Lock): string[] {
  const installed = Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, locked]) => ({ ...locked, name: path.replace(/^.*node_modules\//, '') }));
  const runtime = installed.filter(({ dev, devOptional }) => dev !== true && devOptional !== true);
  return [
    ...installed
      .filter((locked) => locked.integrity?.startsWith('sha512-') !== true && !isForOtherSystems(locked))
      .map(({ name }) => `${name} has no hash`),
    ...installed
      .filter(({ resolved }) => resolved !== undefined)
      .map(({ name }) => `${name} names its address`),
    ...strangers(
      installed.filter(({ hasInstallScript }) => hasInstallScript === true).map(({ name }) => name),
      WITH_INSTALL_SCRIPT,
    ).map((complaint) => `${complaint} (install script)`),
    ...strangers(
      runtime.map(({ name }) => name),
      [...RUNTIME, ...RUNTIME_TRANSITIVE],
    ),
  ];
}

/** Tools' native parts for other systems: a registry that does not serve them can't tell their hash. See complete-lock. */
function isForOtherSystems({ dev, optional, os, integrity }: LockedPackage): boolean {
  return dev === true && optional === true && os !== undefined && integrity === undefined;
}

function strangers(names: readonly string[], known: readonly string[]): string[] {
  return names.filter((name) => !known.includes(name)).map((name) => `nobody agreed to ${name}`);
}
