// What the figures were measured on: no host name, no path.
import { cpus, release, totalmem, type } from 'node:os';

/** @param {{ postgres: string | undefined, nginx: string | undefined }} versions */
export function describeMachine({ postgres, nginx }) {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release().split('.', 2).join('.')}`,
    node: process.versions.node,
    postgres: postgres ?? 'not installed',
    nginx: nginx ?? 'not installed',
  };
}
