// Why a backup can not be read or restored, as one sentence for the one who tried.

export type BackupTrouble =
  /** It does not open with what was given. */
  | 'wrong-key'
  /** It is not whole, or not what was written. */
  | 'damaged'
  /** It can not be used here: made by a later version, or of no use without its root key. */
  | 'unusable';

export class BackupFailure extends Error {
  override readonly name = 'BackupFailure';
  readonly trouble: BackupTrouble;

  constructor(trouble: BackupTrouble, sentence: string, cause?: unknown) {
    super(sentence, { cause });
    this.trouble = trouble;
  }
}

export function damaged(sentence: string, cause?: unknown): BackupFailure {
  return new BackupFailure(
    'damaged',
    `The backup is damaged: ${sentence}. Use another copy; nothing was changed.`,
    cause,
  );
}
