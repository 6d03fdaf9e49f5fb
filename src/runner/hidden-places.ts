// What a run's child must not see, as real paths that a sandbox can cover.
import { readdirSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import type { HiddenPlaces } from './sandbox.ts';

export interface PrivatePaths {
  readonly dataDirectory: string;
  /** Root key, owner credential, admin socket, passphrase file: wherever they lie. */
  readonly files: readonly string[];
}

/**
 * The data directory, and for each file outside it its directory if that holds nothing else: a file hidden alone shows
 * again once another is renamed over it. What does not exist needs no hiding.
 */
export function findHiddenPlaces({ dataDirectory, files }: PrivatePaths): HiddenPlaces {
  const directories = new Set(realPath(dataDirectory));
  const single = new Set<string>();
  const real = files.flatMap(realPath);
  for (const file of real) {
    const directory = dirname(file);
    const isOursAlone = list(directory).every((name) => real.includes(join(directory, name)));
    if (isOursAlone) directories.add(directory);
    else single.add(file);
  }
  const outermost = [...directories].filter(
    (path) => ![...directories].some((other) => other !== path && isWithin(path, other)),
  );
  const alone = [...single].filter((path) => !outermost.some((directory) => isWithin(path, directory)));
  return { directories: outermost, files: alone };
}

/** The hidden directory that holds `path`, if one does. */
export function findHider(hidden: HiddenPlaces, path: string): string | undefined {
  const [real] = realPath(path);
  if (real === undefined) return undefined;
  return [...hidden.directories, ...hidden.files].find((place) => isWithin(real, place));
}

/** None or one path: through every link, or nothing where there is nothing. */
function realPath(path: string): readonly string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return [];
  }
}

/** A directory that can not be listed is taken to hold other things too. */
function list(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return ['?'];
  }
}

function isWithin(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return way === '' || (!isAbsolute(way) && way.split('/')[0] !== '..');
}
