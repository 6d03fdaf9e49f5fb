// TLS to a database on another host: without it, rows and the password's proof cross the network in the open.
import { type Check, pass, warn } from './check.ts';
import { onPostgres } from './database-answer.ts';

const FIX =
  'Add ?sslmode=verify-full to the database URLs; for an authority of your own set NODE_EXTRA_CA_CERTS to its file';

export const databaseTls: Check = {
  name: 'database-tls',
  area: 'database',
  run: onPostgres(({ tls }, { config }) => {
    const url = config.databaseUrl ?? '';
    if (isLocal(url)) return [pass('The database is on this host')];
    if (tls?.isOn !== true) return [warn('The connection to the database is not encrypted', FIX)];
    const isChecked = /[?&]sslmode=verify-(full|ca)\b/.test(url);
    const version = tls.version ?? 'TLS';
    if (!isChecked)
      return [
        warn(
          `The connection to the database is encrypted (${version}), but nobody checks its certificate`,
          FIX,
        ),
      ];
    return [pass(`The connection to the database is encrypted (${version}) and its certificate checked`)];
  }),
};

/** Every host of the URL is this one; a socket's directory counts. */
export function isLocal(url: string): boolean {
  const hosts = /^[^:]+:\/\/(?:[^@/?]*@)?([^/?]*)/.exec(url)?.[1] ?? '';
  return hosts
    .split(',')
    .map((host) => host.replace(/:\d+$/, ''))
    .every((host) => /^(localhost|127(\.\d+){3}|\[::1\]|%2f.*|)$/i.test(host));
}
