// How a service is reached: whom its TLS believes and who it says it is, how long it may take, and how much may pass.
import { z } from 'zod';
import { Name } from '../ids.ts';

const DAY_MS = 86_400_000;
const CERTIFICATES = /^(?:\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----)+\s*$/;

const Timeouts = z.strictObject({
  connectMs: z
    .number()
    .int()
    .min(100)
    .max(300_000)
    .default(10_000)
    .describe('Until a connection stands, the look-up of the name included.'),
  firstByteMs: z
    .number()
    .int()
    .min(0)
    .max(DAY_MS)
    .default(300_000)
    .describe('From the end of the request until the answer begins; 0: no end.'),
  idleMs: z
    .number()
    .int()
    .min(0)
    .max(DAY_MS)
    .default(300_000)
    .describe('Between two pieces of an answer; 0: no end.'),
  totalMs: z.number().int().min(0).max(DAY_MS).default(3_600_000).describe('Of a whole call; 0: no end.'),
});

const Bytes = z
  .number()
  .int()
  .min(1)
  .max(2 ** 50)
  .nullable()
  .default(null);

export const TransportProtection = z
  .strictObject({
    ca: z
      .string()
      .max(262_144)
      .regex(CERTIFICATES, 'PEM certificates and nothing else: a private key belongs into a secret')
      .nullable()
      .default(null)
      .describe('Certificates of the authorities of this service, PEM.'),
    caUse: z
      .enum(['only', 'added'])
      .default('only')
      .describe('Whether its authorities are believed alone, or beside the public ones.'),
    clientCertificate: Name.nullable()
      .default(null)
      .describe('The secret whose value is a client certificate with its private key, both PEM.'),
    minTls: z.enum(['1.2', '1.3']).default('1.2').describe('The lowest version of TLS.'),
    timeouts: Timeouts.prefault({}),
    maxRequestBytes: Bytes.describe(
      'The longest body that is sent, and message of a WebSocket; none: no end.',
    ),
    maxAnswerBytes: Bytes.describe(
      'The longest answer that is passed on, decoded, and message of a WebSocket; none: no end.',
    ),
  })
  .meta({ id: 'TransportProtection' });
export type TransportProtection = z.output<typeof TransportProtection>;

const PATIENCE = [
  ['connectMs', 'a connection'],
  ['firstByteMs', 'the beginning of an answer'],
  ['idleMs', 'the next piece of an answer'],
  ['totalMs', 'the end of a call'],
] as const;
const DEFAULTS = Timeouts.parse({});

export function transportWeaknesses({ ca, caUse, timeouts }: TransportProtection): string[] {
  const patient = PATIENCE.filter(([name]) => timeouts[name] === 0 || timeouts[name] > DEFAULTS[name]);
  return [
    ...(ca !== null && caUse === 'added'
      ? ['Authorities of its own are believed beside the public ones: each of them can speak for its host.']
      : []),
    ...patient.map(([name, what]) =>
      timeouts[name] === 0
        ? `Calls wait for ${what} without end.`
        : `Calls wait for ${what} for ${timeouts[name] / 1000} s, longer than the ${DEFAULTS[name] / 1000} s unless told.`,
    ),
  ];
}
