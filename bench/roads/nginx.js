// nginx as an injecting reverse proxy with one worker, where it is installed: what a header costs without a broker.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { canRun, freePort } from '../postgres.js';
import { waitFor } from '../processes.js';

/** @returns {{ path: string, version: string } | undefined} */
export function findNginx() {
  const folders = ['/usr/sbin', '/usr/local/sbin', ...(process.env['PATH'] ?? '').split(delimiter)];
  const path = folders.map((folder) => join(folder, 'nginx')).find(canRun);
  if (path === undefined) return undefined;
  const version = /nginx\/([\d.]+)/.exec(spawnSync(path, ['-v'], { encoding: 'utf8' }).stderr ?? '')?.[1];
  return version === undefined ? undefined : { path, version };
}

/** @param {import('../processes.js').Stage} stage @param {string} path @param {number} upstreamPort */
export async function startNginx(stage, path, upstreamPort) {
  const folder = join(stage.directory, 'nginx');
  mkdirSync(folder, { mode: 0o700 });
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration(folder, port, upstreamPort));
  const server = await stage.startServer({
    name: 'nginx',
    command: [path, '-p', folder, '-c', file, '-e', 'stderr'],
  });
  await waitFor(server, () => isListening(port));
  return { port, pid: server.pid, stop: server.stop };
}

/** @param {string} folder @param {number} port @param {number} upstreamPort */
function configuration(folder, port, upstreamPort) {
  const root = process.getuid?.() === 0 ? 'user root;' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
${root}
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  upstream bench { server 127.0.0.1:${upstreamPort}; keepalive 512; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://bench;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer sk-bench-injected-by-nginx";
    }
  }
}
`;
}

/** @param {number} port @returns {Promise<true | undefined>} */
function isListening(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(undefined));
  });
}
