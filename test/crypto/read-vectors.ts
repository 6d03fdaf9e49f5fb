// Reads the vector files of this folder; their shape is what the asking test says it is.
import { readFileSync } from 'node:fs';

export interface Vectors<Case> {
  readonly source: string;
  readonly cases: readonly Case[];
}

export function readVectors<Case>(name: string): Vectors<Case> {
  return JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), 'utf8')) as Vectors<Case>;
}

export function fromHex(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}
