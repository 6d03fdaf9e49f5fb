// The test runner. On a fresh clone no durations are known: what takes minutes starts first, so that it is not waited for.
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONGEST_FIRST = [
  'test/security/revocation.',
  'test/security/revocation-cut-off.', // waits more than it works, so that it goes well with the one above
  'test/deploy/image.',
  'test/security/revocation-bodies.', // so do these, and each goes well with work of others
  'test/e2e/',
  'test/security/revocation-cold.',
  'test/docs/',
  'test/security/revocation-stopped.',
  'test/cli/',
  'test/security/',
  'test/',
];

class Sequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      LONGEST_FIRST.findIndex((part) => moduleId.includes(part));
    return [...(await super.sort(files))].sort((a, b) => rank(a) - rank(b));
  }
}

const SHARING = [
  'broker',
  'catalogue',
  'cli',
  'contracts',
  'core',
  'crypto',
  'docs',
  'e2e',
  'egress',
  'http',
  'mcp',
  'operations',
  'providers',
  'runner',
  'store',
  'telemetry',
  'vault',
].map((room) => `test/${room}/**/*.test.ts`);

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 30_000 } },
    pool: 'forks',
    // The embedded database is WebAssembly: no test lasts until optimised code of it has paid for itself.
    execArgv: ['--liftoff-only'],
    maxWorkers: 2,
    sequence: { sequencer: Sequencer },
    projects: [
      // These leave nothing behind in their process, so the next file goes on in it, with everything already loaded.
      { extends: true, test: { name: 'rooms', include: SHARING, isolate: false } },
      {
        extends: true,
        test: {
          name: 'processes',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...SHARING],
        },
      },
    ],
  },
});
