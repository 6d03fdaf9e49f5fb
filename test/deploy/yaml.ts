// The part of YAML that deploy/compose.yaml is written in: maps, lists, flow lists, scalars. Throws at anything else.

type Yaml = string | null | readonly Yaml[] | { readonly [key: string]: Yaml };

interface Line {
  readonly indent: number;
  readonly text: string;
}

export function parseYaml(text: string): Yaml {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trimEnd())
    .filter((line) => line !== '')
    .map((line) => ({ indent: line.length - line.trimStart().length, text: line.trimStart() }));
  const rest = [...lines];
  const value = parseBlock(rest, 0);
  if (rest.length > 0) throw new Error(`left over: ${rest[0]?.text}`);
  return value;
}

function parseBlock(lines: Line[], indent: number): Yaml {
  return lines[0]?.text.startsWith('- ') === true ? parseList(lines, indent) : parseMap(lines, indent);
}

function parseList(lines: Line[], indent: number): Yaml {
  const items: Yaml[] = [];
  while (lines[0]?.indent === indent) {
    const { text } = lines.shift() as Line; // looked at above
    if (!text.startsWith('- ')) throw new Error(`not an item of a list: ${text}`);
    items.push(parseScalar(text.slice(2)));
  }
  return items;
}

function parseMap(lines: Line[], indent: number): Yaml {
  const map: Record<string, Yaml> = {};
  while (lines[0]?.indent === indent) {
    const { text } = lines.shift() as Line; // looked at above
    const [, key, value] = /^([\w.-]+):(?: (.*))?$/.exec(text) ?? [];
    if (key === undefined || key in map)
      throw new Error(`not a field, or one that is there already: ${text}`);
    const next = lines[0];
    if (value !== undefined) map[key] = parseScalar(value);
    else map[key] = next !== undefined && next.indent > indent ? parseBlock(lines, next.indent) : null;
  }
  return map;
}

function parseScalar(text: string): Yaml {
  if (text.startsWith('[')) {
    if (!text.endsWith(']')) throw new Error(`a list over several lines: ${text}`);
    return (text.slice(1, -1).match(/"[^"]*"|[^\s,"][^,"]*/g) ?? []).map(parseScalar);
  }
  if (/^[{&*!|>']/.test(text)) throw new Error(`not in this part of YAML: ${text}`);
  return text.startsWith('"') ? String(JSON.parse(text)) : text;
}
