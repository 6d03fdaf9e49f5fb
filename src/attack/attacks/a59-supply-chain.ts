// A59: a package that nobody agreed to, one without a hash, and scripts that run when somebody installs.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Attack } from '../attack.ts';
import type { Scene } from '../scene.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const EXACT = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;
const ON_INSTALLATION = /^(pre|post)?(install|prepare)$|^prepublish$/;

interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface Locked {
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

export const a59: Attack = {
  id: 'A59',
  who: ['any'],
  title: 'Slip in a package, a version without a hash, or a script that runs at installation',
  mustHold: 'the installation is refused, and there is nothing of the kind now',
  needs: ['checkout'],
  without: {
    caller: 'it is about what is installed, not about calls',
    upstream: 'it is about what is installed, not about calls',
    log: 'it is about what is installed, not about calls',
  },
  run: async (scene) => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Readonly<Record<string, Locked>>;
    };
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    const loose = versions.filter(([, version]) => !EXACT.test(version));
    scene.equal('beside', 'every version asked for is exact', loose, []);
    const scripts = Object.keys(manifest.scripts ?? {}).filter((name) => ON_INSTALLATION.test(name));
    scene.equal('beside', 'no script of its own runs at installation', scripts, []);
    const installed = Object.entries(packages).filter(([path]) => path !== '');
    scene.claim('beside', 'there is a lock to look at', installed.length > 100, installed.length);
    const unhashed = installed.filter(
      ([, { integrity, link, dev, optional }]) =>
        integrity === undefined && link !== true && !(dev === true && optional === true),
    );
    scene.equal(
      'beside',
      'every package that is installed has its hash',
      unhashed.map(([path]) => path),
      [],
    );
    const scripted = installed.filter(
      ([, { hasInstallScript, dev }]) => hasInstallScript === true && dev !== true,
    );
    scene.equal(
      'beside',
      'none that runs beside the keys has an installation script',
      scripted.map(([path]) => path),
      [],
    );
    await Promise.resolve(refusesAnother(scene, manifest));
  },
};

/** npm itself must refuse what the lock does not know. */
function refusesAnother(scene: Scene, manifest: Manifest): void {
  const folder = mkdtempSync(join(tmpdir(), 'doorward-attack-'));
  try {
    copyFileSync(join(ROOT, 'package-lock.json'), join(folder, 'package-lock.json'));
    const changed = { ...manifest, dependencies: { ...manifest.dependencies, 'left-pad': '1.3.0' } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(changed));
    const { status, error } = spawnSync(
      'npm',
      ['ci', '--dry-run', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'],
      { cwd: folder, stdio: 'ignore' },
    );
    scene.claim(
      'beside',
      'npm refuses a package that the lock does not know',
      error !== undefined || status !== 0,
      status,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
