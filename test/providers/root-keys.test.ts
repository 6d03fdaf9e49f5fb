// Root key providers: one contract for all of them, and what the file provider refuses.
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import type { RootKeyOptions, RootKeyProvider } from '../../src/providers/root-keys/provider.ts';
import { ROOT_KEY_PROVIDERS } from '../../src/providers/root-keys/registry.ts';

type RootKeyProviderName = keyof typeof ROOT_KEY_PROVIDERS;

const randomness = { bytes: (length: number) => randomBytes(length) };
const ids = { clock: { now: () => new Date(), monotonicMs: () => performance.now() }, randomness };
const context = () => ({ installation: newId(ids, 'ins'), slot: newId(ids, 'slt') });

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'doorward-root-keys-'));
});
afterAll(() => rmSync(root, { recursive: true }));

let rootKeyFile: string;
beforeEach(() => {
  rootKeyFile = join(mkdtempSync(join(root, 'a-')), 'root.key');
});

function open(name: RootKeyProviderName, options: Partial<RootKeyOptions> = {}): Promise<RootKeyProvider> {
  const passphrase = () => Promise.resolve('correct horse battery staple');
  return ROOT_KEY_PROVIDERS[name]({ rootKeyFile, passphrase, mayCreate: true, ...options }, randomness);
}

describe.each(Object.keys(ROOT_KEY_PROVIDERS) as RootKeyProviderName[])('the %s provider', (name) => {
  test('opens what it wrapped, also when it was opened anew', async () => {
    const storeKey = randomBytes(32);
    const slot = context();
    const wrapped = await (await open(name)).wrap(Buffer.from(storeKey), slot);
    expect(wrapped.record.includes(storeKey)).toBe(false);
    const again = await open(name, { mayCreate: false });
    expect(await again.unwrap(wrapped, slot)).toEqual(storeKey);
  });

  test('opens nothing of another slot, another installation or with a flipped bit', async () => {
    const provider = await open(name);
    const slot = context();
    const wrapped = await provider.wrap(randomBytes(32), slot);
    expect(await provider.unwrap(wrapped, { ...slot, slot: newId(ids, 'slt') })).toBeUndefined();
    expect(await provider.unwrap(wrapped, { ...slot, installation: newId(ids, 'ins') })).toBeUndefined();
    const record = Buffer.from(wrapped.record);
    record.writeUInt8(record.readUInt8(record.length - 1) ^ 1, record.length - 1);
    expect(await provider.unwrap({ ...wrapped, record }, slot)).toBeUndefined();
  });

  test('with another key opens nothing', async () => {
    const slot = context();
    const wrapped = await (await open(name)).wrap(randomBytes(32), slot);
    const other = await open(name, {
      rootKeyFile: join(root, `${name}-other.key`),
      passphrase: () => Promise.resolve('quite another passphrase'),
    });
    expect(await other.unwrap(wrapped, slot)).toBeUndefined();
  });
});

describe('a root key file', () => {
  test('is made once, for its owner alone, also by those who come at the same moment', async () => {
    const providers = await Promise.all(Array.from({ length: 8 }, () => open('file')));
    expect(new Set(providers.map(({ keyId }) => keyId)).size).toBe(1);
    expect(statSync(rootKeyFile).size).toBe(32);
    expect((statSync(rootKeyFile).mode & 0o777).toString(8)).toBe('600');
    expect(readdirSync(join(rootKeyFile, '..'))).toEqual(['root.key']);
  });

  test('that is missing is not made anew where there is data', async () => {
    await expect(open('file', { mayCreate: false })).rejects.toThrow(/is missing.*Restore the file/);
    expect(existsSync(rootKeyFile)).toBe(false);
  });

  test.each([
    ['readable by the group', () => chmodSync(rootKeyFile, 0o640), /others may read it/],
    ['readable by all', () => chmodSync(rootKeyFile, 0o604), /others may read it/],
    ['too short', () => writeFileSync(rootKeyFile, randomBytes(31)), /exactly 32 bytes/],
    ['too long', () => writeFileSync(rootKeyFile, randomBytes(33)), /exactly 32 bytes/],
    ['empty', () => writeFileSync(rootKeyFile, ''), /exactly 32 bytes/],
    [
      'a symbolic link',
      () => {
        rmSync(rootKeyFile);
        writeFileSync(`${rootKeyFile}.elsewhere`, randomBytes(32), { mode: 0o600 });
        symlinkSync(`${rootKeyFile}.elsewhere`, rootKeyFile);
      },
      /symbolic links are refused/,
    ],
    [
      'a dangling link',
      () => {
        rmSync(rootKeyFile);
        symlinkSync(`${rootKeyFile}.nowhere`, rootKeyFile);
      },
      /symbolic links are refused/,
    ],
    [
      'a directory',
      () => {
        rmSync(rootKeyFile);
        mkdirSync(rootKeyFile);
      },
      /not a regular file/,
    ],
  ])('that is %s is refused and left as it is', async (_, spoil, message) => {
    writeFileSync(rootKeyFile, randomBytes(32), { mode: 0o600 });
    spoil();
    const before = readdirSync(join(rootKeyFile, '..'));
    await expect(open('file')).rejects.toThrow(message);
    expect(readdirSync(join(rootKeyFile, '..'))).toEqual(before);
  });
});

describe('a passphrase', () => {
  test('that is new has at least twelve characters; an older one may have fewer', async () => {
    const passphrase = () => Promise.resolve('eleven char');
    await expect(open('passphrase', { passphrase })).rejects.toThrow(/at least 12 characters/);
    await expect(open('passphrase', { passphrase, mayCreate: false })).resolves.toBeDefined();
  });

  test('is asked for as a new one only where nothing is there yet, and leaves no file', async () => {
    const asked: boolean[] = [];
    const passphrase = (isNew: boolean) => {
      asked.push(isNew);
      return Promise.resolve('correct horse battery staple');
    };
    await open('passphrase', { passphrase });
    await open('passphrase', { passphrase, mayCreate: false });
    expect(asked).toEqual([true, false]);
    expect(existsSync(rootKeyFile)).toBe(false);
    await expect(open('passphrase', { passphrase: undefined })).rejects.toThrow(/DOORWARD_PASSPHRASE_FILE/);
  });
});
