// One file, parsed: what it imports, the functions in it, the identifiers it uses. Everything else is judged elsewhere.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

interface Import {
  readonly line: number;
  readonly specifier: string;
  readonly how: 'static' | 'dynamic' | 'export' | 'type' | 'url';
  /** The imported file from the project's top, where the specifier is relative. */
  readonly target: string | undefined;
}

interface FunctionShape {
  readonly line: number;
  readonly lines: number;
  readonly parameters: number;
}

export interface Source {
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionShape[];
  readonly identifiers: readonly { readonly line: number; readonly name: string }[];
  /** Lines where the clock is read by a `Date` that was given nothing. */
  readonly bareDates: readonly number[];
  readonly defaultExports: readonly number[];
  /** Lines of comment the file opens with. */
  readonly openingLines: number;
  /** Nothing but other files' exports. */
  readonly isBarrel: boolean;
}

type Program = ReturnType<typeof parseSync>['program'];
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

export function readSource(root: string, path: string): Source {
  return parseSource(path, readFileSync(join(root, path), 'utf8'));
}

/** Throws when the text does not parse: a file nobody could read is not a file without violations. */
export function parseSource(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const lineOf = createLineOf(text);
  const imports: Import[] = [];
  const functions: FunctionShape[] = [];
  const identifiers: { line: number; name: string }[] = [];
  const bareDates: number[] = [];
  const defaultExports: number[] = [];

  const importing = (node: Node, specifier: string, how: Import['how']) => {
    const target = specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : undefined;
    imports.push({ line: lineOf(node.start), specifier, how, target });
  };
  const functionOf = (node: Node & { readonly params: readonly unknown[] }) => {
    const lines = lineOf(node.end) - lineOf(node.start) + 1;
    functions.push({ line: lineOf(node.start), lines, parameters: node.params.length });
  };
  const identifier = (node: Node & { readonly name: string }) => {
    identifiers.push({ line: lineOf(node.start), name: node.name });
  };
  const dateOf = (node: Node & { readonly callee: Node; readonly arguments: readonly Node[] }) => {
    const { callee } = node;
    const isDate = 'name' in callee && callee.name === 'Date';
    if (isDate && (node.arguments.length === 0 || node.type === 'CallExpression'))
      bareDates.push(lineOf(node.start));
  };

  new Visitor({
    ImportDeclaration: (node) =>
      importing(node, node.source.value, node.importKind === 'type' ? 'type' : 'static'),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) importing(node, node.source.value, 'export');
      for (const { exported, start } of node.specifiers)
        if ('name' in exported && exported.name === 'default') defaultExports.push(lineOf(start));
    },
    ExportAllDeclaration: (node) => importing(node, node.source.value, 'export'),
    ExportDefaultDeclaration: (node) => void defaultExports.push(lineOf(node.start)),
    ImportExpression: (node) => importing(node, textOf(node.source), 'dynamic'),
    TSImportType: (node) => importing(node, node.source.value, 'type'),
    NewExpression: (node) => {
      dateOf(node);
      const [address, base] = node.arguments;
      const isUrl = 'name' in node.callee && node.callee.name === 'URL' && base?.type === 'MemberExpression';
      if (isUrl && address !== undefined && /^\..*\.[jt]s$/.test(textOf(address)))
        importing(node, textOf(address), 'url');
    },
    CallExpression: dateOf,
    FunctionDeclaration: functionOf,
    FunctionExpression: functionOf,
    ArrowFunctionExpression: functionOf,
    Identifier: identifier,
    PrivateIdentifier: identifier,
  }).visit(program);

  return {
    path,
    lines: text.replace(/\n$/, '').split('\n').length,
    imports,
    functions,
    identifiers,
    bareDates,
    defaultExports,
    openingLines: openingLines(text, comments),
    isBarrel: isBarrel(program),
  };
}

/** A specifier that is put together at run time can't be checked, and shows as this. */
export const COMPUTED = '(computed)';

function textOf(node: Node): string {
  return 'value' in node && typeof node.value === 'string' ? node.value : COMPUTED;
}

function createLineOf(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

function openingLines(
  text: string,
  comments: readonly { readonly start: number; readonly end: number }[],
): number {
  const hashbang = text.startsWith('#!') ? text.indexOf('\n') + 1 : 0;
  let at = hashbang;
  let lines = 0;
  for (const { start, end } of comments) {
    if (start < hashbang) continue; // in plain JavaScript the hashbang counts as a comment
    if (start !== at) break;
    lines += text.slice(start, end).split('\n').length;
    at = end + 1;
  }
  return lines;
}

function isBarrel({ body }: Program): boolean {
  const isForwarding = (statement: Program['body'][number]) =>
    statement.type === 'ImportDeclaration' ||
    statement.type === 'ExportAllDeclaration' ||
    (statement.type === 'ExportNamedDeclaration' && statement.declaration === null);
  return body.some(({ type }) => type.startsWith('Export')) && body.every(isForwarding);
}

/** True when the file an import names is there. */
export function isThere(root: string, target: string): boolean {
  return existsSync(join(root, target));
}
