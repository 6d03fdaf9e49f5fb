// Whether this Node still gets security fixes.
import { type Check, pass, warn } from './check.ts';

/** Ends of life by major version, https://github.com/nodejs/Release. */
const ENDS: Readonly<Record<number, string>> = {
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
};
const SOON_DAYS = 60;
const DAY_MS = 86_400_000;
const FIX = 'Install a Node that is kept, such as 24, and start the server with it';

export const nodeVersion: Check = {
  name: 'node-version',
  area: 'process',
  run: ({ clock }) => [judgeNode(process.versions.node, clock.now())],
};

export function judgeNode(version: string, today: Date) {
  const end = ENDS[Number(version.split('.')[0])];
  if (end === undefined) return pass(`Node ${version}`);
  const daysLeft = Math.ceil((Date.parse(end) - today.getTime()) / DAY_MS);
  if (daysLeft < 0) return warn(`Node ${version} has had no security fixes since ${end}`, FIX);
  if (daysLeft <= SOON_DAYS) return warn(`Node ${version} gets security fixes only until ${end}`, FIX);
  return pass(`Node ${version}, with security fixes until ${end}`);
}
