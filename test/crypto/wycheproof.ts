// Project Wycheproof's vectors, which lie beside the checkout and not in it: runs them where they are, and where they
// are not puts one test in their place that says so, or fails under CI.
import type { JsonWebKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const FOLDER =
  process.env.DOORWARD_WYCHEPROOF_DIR ??
  fileURLToPath(new URL('../../../shared/vectors/wycheproof', import.meta.url));

interface WycheproofTest {
  readonly tcId: number;
  readonly comment: string;
  readonly result: 'valid' | 'invalid';
}

export interface AeadGroup {
  readonly ivSize: number;
  readonly keySize: number;
  readonly tagSize: number;
  readonly tests: readonly (WycheproofTest & {
    readonly key: string;
    readonly iv: string;
    readonly aad: string;
    readonly msg: string;
    readonly ct: string;
    readonly tag: string;
  })[];
}

interface HkdfGroup {
  readonly tests: readonly (WycheproofTest & {
    readonly ikm: string;
    readonly salt: string;
    readonly info: string;
    readonly size: number;
    readonly okm: string;
  })[];
}

interface Ed25519Group {
  readonly publicKeyJwk: JsonWebKey;
  readonly tests: readonly (WycheproofTest & { readonly msg: string; readonly sig: string })[];
}

interface GroupOfFile {
  readonly 'aes_gcm_test.json': AeadGroup;
  readonly 'xchacha20_poly1305_test.json': AeadGroup;
  readonly 'hkdf_sha512_test.json': HkdfGroup;
  readonly 'ed25519_test.json': Ed25519Group;
}

/** `run` gets the file's groups and registers the tests over them. */
export function describeWycheproof<File extends keyof GroupOfFile>(
  file: File,
  run: (groups: readonly GroupOfFile[File][]) => void,
): void {
  const path = `${FOLDER}/${file}`;
  describe(`Wycheproof ${file}`, () => {
    if (existsSync(path)) {
      run((JSON.parse(readFileSync(path, 'utf8')) as { testGroups: GroupOfFile[File][] }).testGroups);
      return;
    }
    it('did not run: its vectors are not beside this checkout', () => {
      console.log(
        `Wycheproof ${file} did not run: ${path} is absent (DOORWARD_WYCHEPROOF_DIR names another folder)`,
      );
      expect(process.env.CI, 'with CI set the vectors must be there').toBeFalsy();
    });
  });
}
