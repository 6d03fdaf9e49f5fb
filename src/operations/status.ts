// Status: what runs here, and in plain words what an agent under the same user could read.
import { statusShow } from './contracts/status.ts';
import { type OperationDeps, reading } from './operation.ts';

export const showStatus = reading(statusShow, async (deps) => {
  const { server, database, authority, keyring } = deps;
  const { frozen } = authority;
  return {
    version: server.version,
    url: server.publicUrl(),
    installation: keyring.installation,
    replica: server.replica,
    startedAt: server.startedAt.toISOString(),
    database: { kind: database.kind, version: database.version },
    rootKeyProvider: server.rootKeyProvider,
    frozen: frozen === undefined ? null : { since: frozen.since.toISOString(), reason: frozen.reason },
    counts: authority.counts,
    exposure: exposure(deps),
  };
});

/** Nothing here may claim more than what is in force. */
function exposure({ server, database }: OperationDeps): string[] {
  const files = server.exposedFiles.join(', ');
  const sentences = [
    `Any program under this user can read the server's memory and ${files}; only what \`doorward run\` starts inside bubblewrap can not.`,
  ];
  if (server.rootKeyProvider === 'file') {
    sentences.push(
      'With the root key and the owner credential in files, such a program can open every secret. Set DOORWARD_ROOT_KEY_PROVIDER=passphrase on a fresh installation, or run the server under another user, to close that.',
    );
  }
  if (database.kind === 'embedded') {
    sentences.push(
      'The embedded database survives a killed process; against a power cut, administrative changes are on disk before they are answered, audit events within a second.',
    );
  }
  return sentences;
}
