// An owner's token of a world, for requests that its own `admin` does not make.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from '../support/world.ts';

export async function ownerToken(world: World): Promise<string> {
  const credential = (await readFile(join(world.keysDirectory, 'owner.credential'), 'utf8')).trim();
  return await world.token('owner', credential);
}
