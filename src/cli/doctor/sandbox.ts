// Whether `doorward run` on this machine can keep an agent away from the keys.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { chooseSandbox } from '../../runner/registry.ts';
import { type Check, pass, warn, withConfiguration } from './check.ts';

const IN_A_CONTAINER = ['/.dockerenv', '/run/.containerenv'];

export const sandbox: Check = {
  name: 'sandbox',
  area: 'runs',
  run: withConfiguration(({ config }, { environment }) => {
    const { PATH = '/usr/bin:/bin' } = environment;
    const directory = resolve(config.dataDirectory);
    const hidden = { directories: existsSync(directory) ? [directory] : [], files: [] };
    const { hides, reason } = chooseSandbox(
      { command: ['true'], hidden, workingDirectory: '/', environment: { PATH } },
      'auto',
    );
    if (hides) return [pass('bubblewrap works: what `doorward run` starts can not reach the keys')];
    if (
      environment['KUBERNETES_SERVICE_HOST'] !== undefined ||
      IN_A_CONTAINER.some((path) => existsSync(path))
    ) {
      return [pass('No sandbox works in this container: let agents run elsewhere, not beside the keys')];
    }
    return [
      warn(
        `What \`doorward run\` starts can reach the keys: ${reason ?? 'there is no sandbox'}`,
        'apt-get install bubblewrap; or run the server under another user or on another host: docs/security.md',
      ),
    ];
  }),
};
