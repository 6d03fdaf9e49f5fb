// The number of a secret version, as flags take it.
import { InvalidArgumentError } from 'commander';

export function parseVersionNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) {
    throw new InvalidArgumentError('The number of a version is needed; see doorward secret versions.');
  }
  return Number(text);
}
