// `~/.aws/credentials`: profiles in brackets, and a field a line. Each profile is a scope of its own; fields are named as
// the variables that hold the same thing.
import { decodeUtf8, type FoundValue, lineCounter, type Parsed } from './found-value.ts';

const LINE = /[^\r\n]+/g;
const SECTION = /^[ \t]*\[[ \t]*([^\]]*?)[ \t]*\]/;
const FIELD = /^([A-Za-z_][\w.-]*)[ \t]*=[ \t]*(.*?)[ \t]*$/;

export function parseIni(text: string): Parsed {
  const values: FoundValue[] = [];
  const troubles: string[] = [];
  const lineOf = lineCounter(text);
  let scope = '';
  for (const { index, 0: line } of text.matchAll(LINE)) {
    const section = SECTION.exec(line);
    const field = FIELD.exec(line);
    if (section !== null) scope = decodeUtf8(section[1] ?? '');
    else if (field !== null) {
      const [whole, name = '', value = ''] = field;
      const start = index + whole.length - trailing(whole) - value.length;
      values.push({
        name: name.toUpperCase(),
        value: decodeUtf8(value),
        start,
        end: start + value.length,
        line: lineOf(index),
        scope,
      });
    } else if (!/^[ \t]*(?:[#;].*)?$/.test(line) && !/^[ \t]/.test(line)) {
      // An indented line belongs to the field before it.
      troubles.push(`Line ${String(lineOf(index))} is neither a profile nor a field.`);
    }
  }
  return { values, troubles };
}

function trailing(text: string): number {
  return text.length - text.replace(/[ \t]+$/, '').length;
}
