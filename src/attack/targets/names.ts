// Names whose addresses an attack chooses: told to the replicas by a file that is read at each look-up.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Names } from '../target.ts';

/** `preload` is what a replica loads before its own code. */
export function openNames(file: string): { readonly names: Names; readonly preload: string } {
  const told: Record<string, readonly (readonly string[])[]> = {};
  const write = () => writeFileSync(file, JSON.stringify(told));
  write();
  const hook = new URL('./told-names.js', import.meta.url);
  hook.searchParams.set('file', file);
  const asked = `${file}.asked`;
  return {
    preload: hook.href,
    names: {
      tell: (name, answers) => {
        told[name] = answers;
        write();
      },
      asked: () =>
        existsSync(asked)
          ? readFileSync(asked, 'utf8')
              .split('\n')
              .filter((line) => line !== '')
          : [],
    },
  };
}
