// `doorward service catalogue` and `describe`: answered from the files of the program, without any server.
import { describe, expect, test } from 'vitest';
import { readCatalogue, readEntry } from '../../src/catalogue/catalogue.ts';
import { cli } from './stand-in.ts';

describe('service catalogue', () => {
  test('lists every service, a line each in a pipe', async () => {
    const { code, stdout, stderr } = await cli(['service', 'catalogue']);
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split('\t')[0])).toEqual(readCatalogue().map(({ id }) => id));
    expect(lines).toContain('tavily\tTavily\tTAVILY_API_KEY\tno\tsearch, extract, crawl, usage');
    expect(lines.find((line) => line.startsWith('aws\t'))).toMatch(/\tnot supported yet\t-$/);
  });

  test('finds by words, in a table on a terminal', async () => {
    const { code, stdout } = await cli(['service', 'catalogue', 'openai', 'azure'], {
      columns: 200,
      environment: { NO_COLOR: '1' },
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ID +NAME +KEY VARIABLES +VERIFIED +ACTIONS\nazure-openai +Azure OpenAI +/);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
  });

  test('prints whole entries as JSON', async () => {
    const { stdout } = await cli(['service', 'catalogue', 'sendgrid', '--json']);
    expect(JSON.parse(stdout)).toEqual({ items: [readEntry('sendgrid')] });
  });

  test('says what to do where nothing is found', async () => {
    const { code, stdout, stderr } = await cli(['service', 'catalogue', 'no', 'such', 'vendor']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/"no such vendor".*doorward service add/s);
  });
});

describe('service describe', () => {
  test('shows placement, test call, actions with their risk, and denied calls', async () => {
    const { code, stdout } = await cli(['service', 'describe', 'Stripe']);
    expect(code).toBe(0);
    const fields = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(fields).toEqual(
      expect.arrayContaining([
        ['base url', 'https://api.stripe.com'],
        ['auth', 'bearer'],
        ['test call', 'GET /v1/balance'],
        ['refund', 'spend: Refund (POST /v1/refunds; POST /v1/refunds/{id}/cancel)'],
        ['denied', '* /v1/ephemeral_keys/**'],
      ]),
    );
  });

  test('explains the variables of a base URL', async () => {
    const { stdout } = await cli(['service', 'describe', 'jira']);
    expect(stdout).toContain('{subdomain}\tname before .atlassian.net, such as mycompany\n');
  });

  test.each(readCatalogue().map(({ id }) => id))('%s as JSON is its entry', async (id) => {
    const { code, stdout } = await cli(['service', 'describe', id, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(readEntry(id));
  });

  test.each(['acme', '../package', '', 'openai/..'])('says so where there is none: "%s"', async (id) => {
    const { code, stdout, stderr } = await cli(['service', 'describe', id]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/doorward service catalogue/);
  });
});
