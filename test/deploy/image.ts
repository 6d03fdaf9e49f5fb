// An image without an engine: each stage is a directory that stands for its root file system, on which the steps of a
// Dockerfile are carried out in order inside bubblewrap. What the base image brings is this machine's /usr and its Node.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isInContext, type Instruction, parseDockerfile, type Stage } from './dockerfile.ts';

export interface Image {
  readonly root: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly volumes: readonly string[];
  readonly uid: number;
  readonly gid: number;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
}

const PATH = '/opt/bin:/usr/local/bin:/usr/bin';
const STEP_TIMEOUT_MS = 300_000;

/** Carries out every step below `scratch`. Throws with the output of the step that fails. */
export function buildImage(project: string, scratch: string): Image {
  const stages = parseDockerfile(readFileSync(join(project, 'Dockerfile'), 'utf8'));
  const context = join(scratch, 'context');
  const ignored = readFileSync(join(project, '.dockerignore'), 'utf8');
  for (const name of readdirSync(project).filter((each) => isInContext(ignored, each))) {
    cpSync(join(project, name), join(context, name), { recursive: true });
  }
  const built = new Map<string, Image>();
  let last: Image | undefined;
  for (const [at, stage] of stages.entries()) {
    last = buildStage(stage, { root: join(scratch, `stage-${at}`), context, built });
    if (stage.name !== undefined) built.set(stage.name, last);
  }
  if (last === undefined) throw new Error('the Dockerfile has no stage');
  return last;
}

interface Place {
  readonly root: string;
  readonly context: string;
  readonly built: ReadonlyMap<string, Image>;
}

function buildStage({ instructions }: Stage, place: Place): Image {
  const image = { ...emptyImage(place.root) };
  for (const instruction of instructions) carryOut(instruction, image, place);
  return image;
}

type Draft = { -readonly [K in keyof Image]: Image[K] };

function emptyImage(root: string): Draft {
  for (const folder of ['usr', 'etc', 'proc', 'dev', 'tmp', 'opt/bin', 'opt/npm', 'opt/npm-cache']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) symlinkSync(`usr/${name}`, join(root, name));
  for (const file of [...OF_THE_NETWORK, '/opt/bin/node', '/opt/bin/npm', '/opt/driver.js']) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  mkdirSync(join(root, 'etc/ssl'));
  return {
    root,
    environment: {},
    workingDirectory: '/',
    volumes: [],
    uid: 0,
    gid: 0,
    entrypoint: [],
    command: [],
    healthCheck: [],
  };
}

function carryOut(step: Instruction, image: Draft, { root, context, built }: Place): void {
  const inside = (path: string) => join(root, resolve(image.workingDirectory, path));
  switch (step.kind) {
    case 'workdir':
      image.workingDirectory = resolve(image.workingDirectory, step.path);
      mkdirSync(inside('.'), { recursive: true });
      return;
    case 'copy': {
      const source = step.from === undefined ? context : built.get(step.from)?.root;
      if (source === undefined) throw new Error(`COPY from a stage that is not there: ${step.from}`);
      const isFolder = step.target.endsWith('/') || step.sources.length > 1;
      for (const name of step.sources) {
        const target = isFolder ? join(inside(step.target), basename(name)) : inside(step.target);
        cpSync(join(source, name), target, { recursive: true, verbatimSymlinks: true });
      }
      return;
    }
    case 'run':
      runStep(image, step.command);
      return;
    case 'env':
      image.environment = { ...image.environment, ...step.variables };
      return;
    case 'user':
      Object.assign(image, { uid: step.uid, gid: step.gid });
      return;
    case 'volume':
      image.volumes = [...image.volumes, step.path];
      return;
    case 'entrypoint':
      image.entrypoint = step.command;
      return;
    case 'cmd':
      image.command = step.command;
      return;
    case 'healthcheck':
      image.healthCheck = step.command;
      return;
    case 'told':
      return;
  }
}

function runStep(image: Image, command: string): void {
  const npm = (name: string) => spawnSync('npm', ['config', 'get', name], { encoding: 'utf8' }).stdout.trim();
  const options = [
    '--bind',
    image.root,
    '/',
    ...baseImage(),
    '--bind',
    npm('cache'),
    '/opt/npm-cache',
    '--setenv',
    'npm_config_cache',
    '/opt/npm-cache',
    '--setenv',
    'npm_config_registry',
    npm('registry'),
    '--setenv',
    'npm_config_prefer_offline',
    'true',
    '--setenv',
    'HOME',
    '/tmp',
  ];
  const done = spawnSync('bwrap', [...options, ...shared(image), '--', 'sh', '-c', command], {
    encoding: 'utf8',
    timeout: STEP_TIMEOUT_MS,
  });
  if (done.status !== 0)
    throw new Error(`RUN ${command}\n${done.error?.message ?? ''}${done.stdout}${done.stderr}`);
}

/** Runs a program of this test's own inside the image, whose file system it can not write; `volumes` says what it can. */
export function runInImage(
  image: Image,
  driver: string,
  { volumes, input }: { readonly volumes: Readonly<Record<string, string>>; readonly input: object },
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const options = [
    '--ro-bind',
    image.root,
    '/',
    ...baseImage(),
    '--ro-bind',
    driver,
    '/opt/driver.js',
    '--unshare-net',
    ...Object.entries(volumes).flatMap(([path, folder]) => ['--bind', folder, path]),
  ];
  const command = ['node', '/opt/driver.js', JSON.stringify(input)];
  return spawnSync('bwrap', [...options, ...shared(image), '--', ...command], {
    encoding: 'utf8',
    timeout: STEP_TIMEOUT_MS,
  });
}

/** Nobody else's processes and variables; one user, who is the image's and has no capability. */
function shared({ uid, gid, workingDirectory, environment }: Image): string[] {
  const variables = Object.entries({ PATH, ...environment }).flatMap(([name, value]) => [
    '--setenv',
    name,
    value,
  ]);
  return [
    '--unshare-user',
    '--uid',
    String(uid === 0 ? IMAGE_USER : uid),
    '--gid',
    String(gid === 0 ? IMAGE_USER : gid),
    '--unshare-pid',
    '--die-with-parent',
    '--new-session',
    '--chdir',
    workingDirectory,
    ...variables,
  ];
}

/** No other user can be made without an engine: steps of root run as the one the image is for. */
const IMAGE_USER = 1000;
const OF_THE_NETWORK = ['/etc/resolv.conf', '/etc/hosts', '/etc/nsswitch.conf'];
const OF_TLS = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_DIR'];

function baseImage(): string[] {
  const npm = realpathSync(spawnSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).stdout.trim());
  const package_ = dirname(dirname(npm));
  const trust = OF_TLS.flatMap((name) => {
    const path = process.env[name] ?? '';
    return path === '' ? [] : ['--setenv', name, path];
  });
  return [
    '--clearenv',
    '--ro-bind',
    '/usr',
    '/usr',
    '--ro-bind',
    realpathSync(process.execPath),
    '/opt/bin/node',
    '--ro-bind',
    package_,
    '/opt/npm',
    '--ro-bind',
    NPM,
    '/opt/bin/npm',
    ...OF_THE_NETWORK.flatMap((path) => ['--ro-bind-try', realPath(path), path]),
    '--ro-bind-try',
    '/etc/ssl',
    '/etc/ssl',
    ...trust,
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--tmpfs',
    '/tmp',
  ];
}

const NPM = join(import.meta.dirname, 'npm.sh');

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
