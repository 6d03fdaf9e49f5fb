// Every endpoint that the attacked server tells of.
import { request } from './raw-client.ts';
import type { Scene } from './scene.ts';

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Every endpoint that the server tells of, with something in the place of its parameters. */
export async function endpoints(scene: Scene): Promise<readonly (readonly [method: string, path: string])[]> {
  const answer = await request(scene.address(), { target: '/openapi.json' });
  const { paths } = answer.json() as unknown as Described; // what /openapi.json is, by its own standard
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => ['get', 'post', 'put', 'patch', 'delete'].includes(method))
      .map((method) => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'attack')] as const),
  );
}
