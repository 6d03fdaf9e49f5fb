// Why a server did not start, as one message that says what to do next.
import { Problem } from '../core/problem.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'this user may not. Check its owner and mode',
  EPERM: 'this user may not. Check its owner and mode',
  EROFS: 'its file system is read-only. Choose another place with DOORWARD_DATA_DIR',
  ENOSPC: 'the disk is full. Make room, or choose another place with DOORWARD_DATA_DIR',
  EDQUOT: 'the quota is used up. Make room, or choose another place with DOORWARD_DATA_DIR',
  ENOTDIR: 'a part of the path is no directory',
  EISDIR: 'it is a directory',
  ELOOP: 'it is a symbolic link, which is refused',
  EMFILE: 'too many files are open. Raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine',
};

/** A failure of `compose` for the one who started the server; anything unforeseen is given back as it is. */
export function explainStart(error: unknown): unknown {
  if (error instanceof Problem) {
    return error.code === 'invalid-input'
      ? error
      : new CommandFailure(EXIT.failed, sentence(error), { cause: error });
  }
  if (!(error instanceof Error) || !('code' in error) || !('path' in error)) return error;
  const advice = ADVICE[String(error.code)];
  if (advice === undefined) return error;
  return new CommandFailure(EXIT.failed, `${String(error.path)} can not be used: ${advice}.`, {
    cause: error,
  });
}

/** What stands only in the log of a running server is for this reader, too. */
function sentence({ message, internal }: Problem): string {
  return internal === undefined ? message : `${message} (${internal})`;
}
