// Services that are guarded less than a service is unless told: each was said so on purpose once, and may be forgotten since.
import { type Check, type Finding, pass, warn, withConfiguration } from './check.ts';
import type { ServerTold } from './server-view.ts';

export const serviceGuards: Check = {
  name: 'service-guards',
  area: 'egress',
  run: withConfiguration(async ({ server }) => {
    const view = await server();
    const told = view.state === 'answers' ? view.told : undefined;
    return told === undefined
      ? [pass('What guards each service was not asked: only a running server tells its owner')]
      : judgeGuards(told.services);
  }),
};

export function judgeGuards(
  services: readonly Pick<ServerTold['services'][number], 'name' | 'weaknesses'>[],
): readonly Finding[] {
  const findings = services.flatMap(({ name, weaknesses }) =>
    weaknesses.map((sentence) =>
      warn(`${name}: ${sentence}`, `Take it back unless it is meant: doorward service protect ${name}`),
    ),
  );
  return findings.length > 0 ? findings : [pass('No service is guarded less than it is unless told')];
}
