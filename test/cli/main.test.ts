// The command line itself: help, wrong use, exit codes, and the refusal of values in the arguments.
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/registry.ts';
import { cli } from './stand-in.ts';

describe('help', () => {
  test('lists every command, examples first, on stdout', async () => {
    const { code, stdout, stderr } = await cli(['--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^Examples:\n {2}\$ doorward /);
    for (const { name, summary } of COMMANDS)
      expect(stdout).toMatch(new RegExp(`^  ${name} .*${summary}$`, 'm'));
  });

  test('is what a bare call shows', async () => {
    expect(await cli([])).toEqual(await cli(['--help']));
  });

  test.each(COMMANDS.map(({ name }) => name))(
    '%s opens its help and that of each verb with two examples',
    async (name) => {
      const group = await cli([name, '--help']);
      expect(group.code).toBe(0);
      const verbs = [...group.stdout.matchAll(/^ {2}([a-z]+)(?:\|[a-z]+)?(?: [<[].*)? {2,}\S/gm)].map(
        ([, verb = '']) => verb,
      );
      const helps = [group, ...(await Promise.all(verbs.map(async (verb) => cli([name, verb, '--help']))))];
      for (const { stdout } of helps) expect(stdout).toMatch(/^Examples:\n( {2}\$ .*\n){2}\nUsage: doorward/);
    },
  );

  test.each([
    ['exit-codes', /^ +130 {2}interrupted$/m],
    ['environment', /^ {2}DOORWARD_DATA_DIR {2,}Directory/m],
    ['secret', /^Usage: doorward secret/m],
  ])('help %s', async (topic, expected) => {
    const { code, stdout } = await cli(['help', topic]);
    expect(code).toBe(0);
    expect(stdout).toMatch(expected);
  });

  test('--version prints the version', async () => {
    expect(await cli(['--version'])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    });
  });
});

describe('wrong use ends with 2 and says what was meant', () => {
  test.each([
    [['sercet', 'list'], /Did you mean secret\?/],
    [['--url', 'http://127.0.0.1:1', 'agnet'], /Did you mean agent\?/],
    [['secret', 'lst'], /Did you mean list\?/],
    [['secret', 'add', 'openai', '--keep-newlin'], /Did you mean --keep-newline\?/],
    [['secret', 'show'], /missing required argument 'name'/],
    [['service', 'add', 'openai'], /--base-url/],
    [['run', 'claude'], /No command/],
    [['log', '-n', '0'], /1 to 500/],
    [['status', '--url', 'ftp://somewhere'], /must be a URL/],
    [['grant', 'add', 'claude', 'openai', '--expires', 'soon'], /8h/],
  ])('%j', async (argv, expected) => {
    const { code, stdout, stderr } = await cli(argv);
    expect(stderr).toMatch(expected);
    expect(stderr).toMatch(/^doorward: /);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('a group without a verb shows its help on stderr', async () => {
    const { code, stdout, stderr } = await cli(['secret']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Examples:/);
  });
});

describe('a value in the arguments', () => {
  const value = 'sk-live-3f9a1c77';
  test.each([
    [['secret', 'add', 'openai', value]],
    [['secret', 'add', 'openai', '--value', value]],
    [['secret', 'add', 'openai', `--value=${value}`]],
    [['secret', 'add', 'openai', '--force', value]],
    [['secret', 'add', '--value', value, 'openai']],
  ])('is refused with the reason and not repeated: %j', async (argv) => {
    const { code, stdout, stderr } = await cli(argv, { stdin: 'other' });
    expect(code).toBe(2);
    expect(stdout + stderr).not.toContain(value);
    expect(stderr).toMatch(/shell history/);
    expect(stderr).toMatch(/--from-file/);
  });

  test('in a flag that does not exist is not repeated either', async () => {
    const { code, stderr } = await cli(['secret', 'add', 'openai', `--key=${value}`]);
    expect(code).toBe(2);
    expect(stderr).toContain("unknown option '--key'");
    expect(stderr).not.toContain(value);
  });
});
