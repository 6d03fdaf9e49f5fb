// A core dump is the server's memory in a file. Judged by the limit of the server that runs, else of this process.
import { readFileSync } from 'node:fs';
import { type Check, pass, warn, withConfiguration } from './check.ts';
import { serverPid } from './server-view.ts';

export const coreDumps: Check = {
  name: 'core-dumps',
  area: 'process',
  run: withConfiguration(({ config }) => {
    const pid = serverPid(config.dataDirectory);
    const limit = coreLimit(pid === undefined ? 'self' : String(pid));
    if (limit === undefined) return [];
    const whose = pid === undefined ? 'a server started here' : `the server (process ${pid})`;
    if (limit === '0') return [pass(`No core dump is written of ${whose}`)];
    return [
      warn(
        `A crash of ${whose} may write its memory, keys included, to a core dump (limit: ${limit})`,
        'ulimit -c 0 before the start, LimitCORE=0 in a systemd unit, or ulimits: { core: 0 } in a compose file',
      ),
    ];
  }),
};

/** The soft limit as the kernel tells it; undefined where there is no /proc or it may not be read. */
function coreLimit(process: string): string | undefined {
  try {
    return /^Max core file size\s+(\S+)/m.exec(readFileSync(`/proc/${process}/limits`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
