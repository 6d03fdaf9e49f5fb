// The settings of a service's guards, as `doorward service protect` reads them from their schema.
import { expect, test } from 'vitest';
import { isSetting, isText, settingsOf } from '../../src/cli/service/settings.ts';
import { protectionSettings } from '../../src/core/protection/protection.ts';

test('are named by part and field, to any depth', () => {
  const names = settingsOf(protectionSettings({})).map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['transport.minTls', 'transport.timeouts.totalMs', 'transport.ca']),
  );
  for (const name of names) expect(isSetting(name)).toBe(true);
  for (const name of ['transport', 'transport.timeouts', 'transport.nothing', ''])
    expect(isSetting(name)).toBe(false);
});

test('that are texts stay texts, also where they look like numbers', () => {
  expect(['transport.minTls', 'transport.clientCertificate', 'transport.ca'].map(isText)).toEqual([
    true,
    true,
    true,
  ]);
  expect(['transport.timeouts.totalMs', 'transport.maxAnswerBytes'].map(isText)).toEqual([false, false]);
});

test('of content are one for every class, or one for each', () => {
  for (const name of [
    'content.request',
    'content.answer.email',
    'content.answer.national-id',
    'content.preview',
  ])
    expect(isSetting(name)).toBe(true);
});

test('that are long texts are shown by their first line', () => {
  const ca = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const { transport } = protectionSettings({});
  const shown = settingsOf(protectionSettings({ transport: { ...transport, ca } }));
  expect(shown.find(({ name }) => name === 'transport.ca')?.value).toBe('-----BEGIN CERTIFICATE----- …');
});
