// Variables as a shell, a program or a dotenv file reads them.
import { visibleJson } from '../visible-text.ts';

export const FORMATS = ['shell', 'json', 'dotenv'] as const;
export type Format = (typeof FORMATS)[number];

interface Variables {
  readonly set: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
}

export function formatVariables(format: Format, { set, unset }: Variables): string {
  const entries = Object.entries(set);
  switch (format) {
    case 'shell':
      return lines([
        ...unset.map((name) => `unset ${name}`),
        ...entries.map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`),
      ]);
    case 'json':
      return `${visibleJson(set, 2)}\n`;
    case 'dotenv':
      return lines(entries.map(([name, value]) => `${name}=${dotenvValue(value)}`));
  }
}

/** Bare where every reader of such files agrees on it; in single quotes nothing is substituted. */
function dotenvValue(value: string): string {
  return /^[A-Za-z0-9_./:@+-]*$/.test(value) ? value : `'${value}'`;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
