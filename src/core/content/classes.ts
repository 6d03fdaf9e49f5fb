// The kinds of content that a service can look for, and what it can do about each. Names only: the settings, the commands
// and the audit log speak of them without loading what finds them.

/** Numbers by which a country knows its people, by country and name. */
export const IDENTIFIERS = [
  'us-ssn',
  'gb-nhs',
  'gb-nino',
  'de-steuer-id',
  'fr-nir',
  'it-codice-fiscale',
  'es-dni',
  'nl-bsn',
  'be-rrn',
  'pl-pesel',
  'se-personnummer',
  'fi-hetu',
  'br-cpf',
  'br-cnpj',
  'in-aadhaar',
  'in-pan',
  'cn-resident-id',
] as const;

export const CONTENT_CLASSES = ['email', 'phone', 'card', 'iban', 'credential', ...IDENTIFIERS] as const;
export type ContentClass = (typeof CONTENT_CLASSES)[number];

/** In the order of how much they do. */
export const CONTENT_ACTIONS = ['off', 'flag', 'mask', 'block'] as const;
export type ContentAction = (typeof CONTENT_ACTIONS)[number];
