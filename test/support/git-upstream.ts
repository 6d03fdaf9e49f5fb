// A real git server: `git http-backend` behind a loopback upstream that checks the real credential.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface GitUpstream {
  readonly url: string;
  /** `Authorization` of every request, in order. */
  readonly seen: (string | undefined)[];
  close(): Promise<void>;
}

/** Serves the bare repositories in `root`; whoever does not send `pair` as Basic gets 401. */
export async function startGitUpstream(root: string, pair: string): Promise<GitUpstream> {
  const good = `Basic ${Buffer.from(pair).toString('base64')}`;
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const { authorization, 'content-type': type, 'content-length': length } = request.headers;
    seen.push(authorization);
    if (authorization !== good) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    const url = new URL(request.url ?? '/', 'http://git');
    const backend = spawn('git', ['http-backend'], {
      env: {
        PATH: process.env['PATH'],
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        REMOTE_USER: 'robot',
        REQUEST_METHOD: request.method,
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: type,
        CONTENT_LENGTH: length,
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
        GIT_PROTOCOL: request.headers['git-protocol']?.toString(),
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    backend.stdin.on('error', () => undefined);
    request.pipe(backend.stdin);
    let head = Buffer.alloc(0);
    backend.stdout.on('data', function onHead(chunk: Buffer) {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      backend.stdout.off('data', onHead);
      const lines = head.toString('latin1', 0, end).split('\r\n');
      const pairs = lines.map((line) => line.split(/: */, 2) as [string, string]);
      const status = pairs.find(([name]) => name.toLowerCase() === 'status')?.[1] ?? '200';
      for (const [name, value] of pairs) if (name.toLowerCase() !== 'status') response.setHeader(name, value);
      response.writeHead(Number.parseInt(status, 10));
      response.write(head.subarray(end + 4));
      backend.stdout.pipe(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
