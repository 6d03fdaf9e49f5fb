// When the first byte of each request is written to an upstream, seen at the socket itself. Everything in this process
// runs on one thread, so the order of what is written here and of answers that are received here is exact.
import { Socket } from 'node:net';
import { onTestFinished } from 'vitest';

const REQUEST_HEAD = /^[A-Z]+ (\S+) HTTP\/1\.1\r\n/;

/** The path of every request written to `port` from now on, in order, until the test has finished. */
export function watchFirstBytes(port: number): readonly string[] {
  const paths: string[] = [];
  // Sockets inherit `write` from their stream; a TLS socket inherits this one, and gets the text before it is encrypted.
  const watched = function (this: Socket, ...given: Parameters<Socket['write']>): boolean {
    const path = this.remotePort === port ? REQUEST_HEAD.exec(String(given[0]))?.[1] : undefined;
    if (path !== undefined) paths.push(path);
    return inherited.apply(this, given);
  };
  const inherited = Socket.prototype.write;
  Socket.prototype.write = watched as Socket['write'];
  onTestFinished(() => {
    Socket.prototype.write = inherited;
  });
  return paths;
}
