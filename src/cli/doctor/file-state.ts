// How a private file or directory lies: what the server would refuse, found before it starts.
import { lstatSync, type Stats } from 'node:fs';
import { quoted } from '../quoted.ts';
import { fail, type Finding, warn } from './check.ts';

export type FileState =
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreachable'; readonly finding: Finding }
  | { readonly kind: 'there'; readonly stats: Stats };

/** Links are not followed. `what` opens sentences: "The root key file". */
export function fileState(path: string, what: string): FileState {
  try {
    return { kind: 'there', stats: lstatSync(path) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT') return { kind: 'missing' };
    const fix = 'Run the command as the user that runs the server, or correct the path';
    return { kind: 'unreachable', finding: fail(`${what} ${path} can not be reached (${code})`, fix) };
  }
}

/** Owner and mode, as far as they are wrong. */
export function privacyFindings(path: string, stats: Stats, what: string): Finding[] {
  const findings: Finding[] = [];
  const user = process.getuid?.();
  if (user !== undefined && stats.uid !== user) {
    const summary = `${what} ${path} belongs to user ${stats.uid}, and this is user ${user}`;
    // Root may look at everything; the server then most likely runs as the owner.
    findings.push(
      user === 0
        ? warn(
            summary,
            `Run the command as that user: setpriv --reuid=${stats.uid} --clear-groups doorward doctor`,
          )
        : fail(
            summary,
            `chown ${user} ${quoted(path)}, or run the server and this command as user ${stats.uid}`,
          ),
    );
  }
  if ((stats.mode & 0o077) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    const wanted = stats.isDirectory() ? '700' : '600';
    findings.push(fail(`Other users can reach ${path} (mode ${mode})`, `chmod ${wanted} ${quoted(path)}`));
  }
  return findings;
}
