// docs/threat-model.md names attacks that exist, leaves no attack and no promise of docs/security.md out, and says what is not
// built as the suite does.
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ATTACKERS } from '../../src/attack/attack.ts';
import { ATTACKS, NOT_BUILT } from '../../src/attack/registry.ts';
import { readPage, ROOT } from './fences.ts';

const page = readPage('docs/threat-model.md');
const guarantees = rowsOf(page, 'guarantee');
/** A folder, or the beginning of a name and an asterisk; a file as docs/security.md names it. */
const PLACE = /`(test\/[\w./-]+)\*?`/g;

/** Cells of the table whose first title is this. */
function rowsOf(text: string, title: string): string[][] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.startsWith(`| ${title} |`));
  const table = lines.slice(from + 2);
  const end = table.findIndex((line) => !line.startsWith('|'));
  return table.slice(0, end).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

const placesIn = (text: string) => [...text.matchAll(PLACE)].map(([, place = '']) => place);

describe('the threat model', () => {
  it('names attacks that exist, and each of them', () => {
    const named = guarantees.flatMap(([, , attacks = '']) => attacks.split(', '));
    expect(new Set(named)).toEqual(new Set(ATTACKS.map(({ id }) => id)));
    expect(guarantees.length).toBeGreaterThan(15);
  });

  it('covers every promise by one of its tests', () => {
    const covered = guarantees.flatMap(([, , , tests = '']) => placesIn(tests));
    const promises = rowsOf(readPage('docs/security.md'), 'promise');
    expect(promises.length).toBeGreaterThan(40);
    const left = promises.filter(([, tests = '']) =>
      placesIn(tests).every((test) => !covered.some((place) => test.startsWith(place))),
    );
    expect(left.map(([promise]) => promise)).toEqual([]);
  });

  it('points to tests that are there', () => {
    const places = guarantees.flatMap(([, , , tests = '']) => placesIn(tests));
    const isThere = (place: string) =>
      existsSync(`${ROOT}${place}`) ||
      readdirSync(`${ROOT}${dirname(place)}`).some((name) => name.startsWith(basename(place)));
    expect(places.filter((place) => !isThere(place))).toEqual([]);
  });

  it('knows the attackers of the suite', () => {
    const listed = rowsOf(page, 'short').map(([short]) => short);
    expect(new Set([...listed, 'any'])).toEqual(new Set(Object.keys(ATTACKERS)));
  });

  it('says what is not built as the suite does', () => {
    const part = page.slice(page.indexOf('Rows whose capability'));
    const named = [...part.matchAll(/A(\d\d)(?: to A(\d\d))?/g)].flatMap(([, from, to]) => {
      const first = Number(from);
      const last = Number(to ?? from);
      return Array.from({ length: last - first + 1 }, (_, at) => `A${first + at}`);
    });
    expect(named.toSorted()).toEqual(NOT_BUILT.map(({ id }) => id).toSorted());
  });
});
