// Which files may hold keys, told by their names, and how each is read. A new format is a parser and a line here.
import { basename, dirname, join } from 'node:path';
import type { Parsed } from './found-value.ts';
import { parseDotenv } from './parse-dotenv.ts';
import { parseHosts } from './parse-hosts.ts';
import { parseIni } from './parse-ini.ts';
import { parseMcp } from './parse-mcp.ts';
import { parseNetrc } from './parse-netrc.ts';

export type Format = 'dotenv' | 'aws' | 'netrc' | 'gh' | 'mcp';

export const PARSERS: Readonly<Record<Format, (text: string) => Parsed>> = {
  dotenv: parseDotenv,
  aws: parseIni,
  netrc: parseNetrc,
  gh: parseHosts,
  mcp: parseMcp,
};

/** Patterns of a path's last part, or of its last two. */
const KNOWN: readonly (readonly [Format, RegExp])[] = [
  ['dotenv', /(?:^|\/)(?:\.env(?:\.[\w.-]+)?|[\w.-]+\.env|\.envrc|\.dev\.vars)$/],
  ['aws', /(?:^|\/)\.aws\/credentials$/],
  ['netrc', /(?:^|\/)[._]netrc$/],
  ['gh', /(?:^|\/)gh\/hosts\.yml$/],
  ['mcp', /(?:^|\/)(?:\.?mcp\.json|claude_desktop_config\.json|\.claude\.json)$/],
];
/** What stands in for such a file where it is shared: by their nature they hold no keys. */
const SAMPLE = /[._-](?:example|sample|template|dist|defaults?)(?:\.env)?$/;

/** The format of a file that is known by its name; undefined: it is not one that holds keys. */
export function knownFormat(path: string): Format | undefined {
  const end = join(basename(dirname(path)), basename(path));
  if (SAMPLE.test(end)) return undefined;
  return KNOWN.find(([, pattern]) => pattern.test(end))?.[0];
}

/** The format of a file that somebody named: by its name, else by how it begins. */
export function formatOf(path: string, text: string): Format {
  const known = knownFormat(path);
  if (known !== undefined) return known;
  const name = basename(path);
  const beginning = text.slice(0, 4096).replace(/^(?:\s+|[#;][^\r\n]*)+/, '');
  if (beginning.startsWith('{')) return 'mcp';
  if (name === 'credentials' || beginning.startsWith('[')) return 'aws';
  if (name === 'hosts.yml' || name === 'hosts.yaml') return 'gh';
  if (/^(?:machine|default)\s/.test(beginning)) return 'netrc';
  return 'dotenv';
}

/** Where the programs of a person keep such files, below the home directory. */
export const HOME_PLACES: readonly string[] = [
  '.env',
  '.aws/credentials',
  '.netrc',
  '.config/gh/hosts.yml',
  '.claude.json',
  '.cursor/mcp.json',
  '.config/Code/User/mcp.json',
  'Library/Application Support/Code/User/mcp.json',
  '.config/Claude/claude_desktop_config.json',
  'Library/Application Support/Claude/claude_desktop_config.json',
];

/** What a project keeps, seen from its directory. */
export const PROJECT_PLACES: readonly string[] = ['.mcp.json', '.cursor/mcp.json', '.vscode/mcp.json'];
