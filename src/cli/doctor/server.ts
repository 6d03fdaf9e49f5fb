// The server: whether one runs here, whether calls may be sent to it, and whether its clock is this machine's.
import { type Check, fail, type Finding, pass, warn, withConfiguration } from './check.ts';
import type { ServerTold, ServerView } from './server-view.ts';
import { readVersion } from '../version.ts';

const MAX_CLOCK_DIFFERENCE_MS = 5000;

export const server: Check = {
  name: 'server',
  area: 'server',
  run: withConfiguration(async ({ config, server: view }) => {
    const found = await view();
    switch (found.state) {
      case 'answers':
        return judgeServer(found);
      case 'absent':
        return [
          pass(found.isKilled ? KILLED : 'No server runs on this data directory; doorward serve starts one'),
        ];
      case 'unreachable':
        return config.url === undefined
          ? [warn(found.reason, 'Run the command as the user that runs the server')]
          : [fail(found.reason, 'Check DOORWARD_URL or --url')];
    }
  }),
};

const KILLED = 'No server runs; one was killed and left its admin socket, which the next start clears away';

export function judgeServer(view: ServerView & { readonly state: 'answers' }): Finding[] {
  const wrong = Object.entries(view.checks).filter(([, found]) => found !== 'ok');
  const findings = wrong.map(([name, found]) =>
    fail(
      `The server is not ready: ${name}: ${found}`,
      'Its own output says more; doorward doctor again in a moment',
    ),
  );
  if (view.isReady) findings.push(pass('The server answers and is ready for calls'));
  else if (wrong.length === 0)
    findings.push(fail('The server answers, but is not ready for calls', 'See its own output'));
  const { clockDifferenceMs: difference, told, whyNotTold } = view;
  if (difference !== undefined && Math.abs(difference) > MAX_CLOCK_DIFFERENCE_MS) {
    findings.push(
      warn(
        `The server's clock is ${Math.round(difference / 1000)} s from this machine's`,
        'Set both by NTP: timedatectl set-ntp true',
      ),
    );
  }
  if (told === undefined)
    findings.push(pass(`What only the owner is told was not asked: ${whyNotTold ?? ''}`));
  else findings.push(...judgeStatus(told.status));
  return findings;
}

function judgeStatus({ version, frozen }: ServerTold['status']): Finding[] {
  const own = readVersion();
  const versions =
    version === own
      ? pass(`The server is this version, ${version}`)
      : warn(
          `The server is version ${version}, and this command ${own}`,
          'Restart the server with this version, or use the command of the other one',
        );
  if (frozen === null) return [versions];
  return [
    versions,
    warn(
      `The vault has been frozen since ${frozen.since}: ${frozen.reason}`,
      'Revoke what was revoked since, then: doorward restore accept',
    ),
  ];
}
