// How many events a command asks for.
import { InvalidArgumentError } from 'commander';

/** A whole number from 1 to 500, as the server takes them. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 500) {
    throw new InvalidArgumentError('A number from 1 to 500 is needed.');
  }
  return count;
}
