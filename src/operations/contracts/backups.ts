// Backups of the whole installation, and the end of the freeze that a restored vault begins with.
import { z } from 'zod';
import { contract, FileAnswer, Moment } from '../contract.ts';

/** A backup holds every secret: its passphrase is all that stands before them. */
const MIN_PASSPHRASE_LENGTH = 12;

export const backupCreate = contract({
  name: 'backup.create',
  method: 'POST',
  path: '/v1/backups',
  permission: 'backup:create',
  summary: 'Make an encrypted backup of everything, while calls and changes go on',
  file: 'application/octet-stream',
  input: z.strictObject({
    passphrase: z.string().min(MIN_PASSPHRASE_LENGTH).max(1024).optional().describe('Exactly one of both.'),
    recipients: z
      .array(z.string().min(1).max(4096))
      .min(1)
      .max(20)
      .optional()
      .describe('age recipients, such as `age1…`.'),
    keys: z
      .boolean()
      .default(true)
      .describe("False: nothing opens the backup's secrets but the root key of this installation."),
  }),
  output: FileAnswer,
});

export const restoreAccept = contract({
  name: 'restore.accept',
  method: 'POST',
  path: '/v1/restore/accept',
  permission: 'vault:unfreeze',
  summary: 'Let a restored vault work again: tokens are issued and calls are made',
  problems: ['not-found'],
  input: z.strictObject({}),
  output: z.strictObject({
    frozenAt: Moment,
    reason: z.string(),
    agents: z.number().int(),
    grants: z.number().int(),
  }),
});
