// What the CLI's own tests talk to: a server on a socket in a fresh data directory that answers from a table and
// remembers what it was sent, and a terminal whose streams are in memory. Whole stories run on the real server.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { main } from '../../src/cli/main.ts';

interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

export type Answers = Readonly<Record<string, (request: SeenRequest) => Answer>>;

export interface StandIn {
  readonly dataDirectory: string;
  readonly seen: SeenRequest[];
  readonly cli: (argv: readonly string[], options?: CliOptions) => Promise<Ended>;
  readonly close: () => Promise<void>;
}

export interface CliOptions {
  readonly stdin?: string | Buffer;
  readonly environment?: Readonly<Record<string, string>>;
  /** Columns of a terminal on stdout; without it stdout is a pipe. */
  readonly columns?: number;
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const OWNER_CREDENTIAL = 'dw_owner_of_the_stand_in';

/** Routes are `METHOD /path`, without the query; `POST /oauth/token` is there unless it is given. */
export async function createStandIn(answers: Answers): Promise<StandIn> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'doorward-cli-'));
  const credentialFile = join(dataDirectory, 'owner.credential');
  writeFileSync(credentialFile, OWNER_CREDENTIAL, { mode: 0o600 });
  const seen: SeenRequest[] = [];
  const routes: Answers = {
    'POST /oauth/token': () => ({
      body: { access_token: 'admin-token', token_type: 'Bearer', expires_in: 900 },
    }),
    ...answers,
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const one = { method, path, headers, body: Buffer.concat(chunks).toString() };
      seen.push(one);
      const { status = 200, body } = routes[`${method} ${path.split('?')[0] ?? ''}`]?.(one) ?? {
        status: 404,
        body: {},
      };
      const type = status < 400 ? 'application/json' : 'application/problem+json';
      response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(join(dataDirectory, 'admin.sock'), resolve));
  return {
    dataDirectory,
    seen,
    cli: async (argv, options = {}) =>
      cli(argv, { ...options, environment: { DOORWARD_DATA_DIR: dataDirectory, ...options.environment } }),
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      rmSync(dataDirectory, { recursive: true });
    },
  };
}

/** Runs one command line in this process. */
export async function cli(argv: readonly string[], options: CliOptions = {}): Promise<Ended> {
  const stdout = collector(options.columns);
  const stderr = collector();
  const code = await main(argv, {
    stdin: Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    environment: options.environment ?? {},
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function collector(columns?: number) {
  const chunks: Buffer[] = [];
  const stream = new PassThrough().on('data', (chunk: Buffer) => chunks.push(chunk));
  if (columns !== undefined) Object.assign(stream, { isTTY: true, columns });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}
