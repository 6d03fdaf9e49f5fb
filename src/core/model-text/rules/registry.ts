// All rules there are, and some of them once more for text that was turned around or had its letters shifted.
import type { RuleSet } from '../rule.ts';
import { ANY_LANGUAGE } from './any-language.ts';
import { disguised } from './disguised.ts';
import { CHINESE, JAPANESE, KOREAN } from './east-asian.ts';
import { ENGLISH_PRETENCE } from './english-pretence.ts';
import { ENGLISH } from './english.ts';
import { FRENCH, ITALIAN } from './french.ts';
import { DUTCH, GERMAN } from './german.ts';
import { EUROPEAN_ORDERS } from './orders-european.ts';
import { OTHER_ORDERS } from './orders-elsewhere.ts';
import { POLISH, RUSSIAN, UKRAINIAN } from './slavic.ts';
import { ARABIC, HINDI, INDONESIAN, SWEDISH, TURKISH, VIETNAMESE } from './southern.ts';
import { PORTUGUESE, SPANISH } from './spanish.ts';
import { WRITTEN } from './written.ts';

export const WRITTEN_RULES: readonly RuleSet[] = [
  ANY_LANGUAGE,
  ENGLISH,
  ENGLISH_PRETENCE,
  WRITTEN,
  GERMAN,
  DUTCH,
  FRENCH,
  ITALIAN,
  SPANISH,
  PORTUGUESE,
  RUSSIAN,
  UKRAINIAN,
  POLISH,
  CHINESE,
  JAPANESE,
  KOREAN,
  ARABIC,
  HINDI,
  TURKISH,
  INDONESIAN,
  VIETNAMESE,
  SWEDISH,
  ...EUROPEAN_ORDERS,
  ...OTHER_ORDERS,
];

/** Every rule set that text is read under. */
export function allRules(): readonly RuleSet[] {
  return [...WRITTEN_RULES, disguised()];
}
