// Whether `dist` is there, and whether it still says what `src` says. Loaded at every start: nothing heavy here.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = new URL('../', import.meta.url);

/** Its modification time is when the build began. */
const STAMP = fileURLToPath(new URL('dist/.built', ROOT));

const MAIN = fileURLToPath(new URL('dist/main.js', ROOT));
const SOURCE = fileURLToPath(new URL('src', ROOT));

export function isBuilt() {
  return existsSync(MAIN);
}

/** True when there is something to build from and `dist` is missing or older than it. */
export function isStale() {
  if (!existsSync(SOURCE)) return false;
  if (!isBuilt() || !existsSync(STAMP)) return true;
  return newestMs(SOURCE) > statSync(STAMP).mtimeMs;
}

/**
 * The newest modification below a directory; a removed or renamed file shows in its directory's own time.
 * @param {string} directory
 */
function newestMs(directory) {
  let newest = statSync(directory).mtimeMs;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = `${directory}/${entry.name}`;
    newest = Math.max(
      newest,
      entry.isDirectory() ? newestMs(path) : (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0),
    );
  }
  return newest;
}
