// What imports may point where, and that they run in no circle. Each check gives its violations as lines to print.
import { isBuiltin } from 'node:module';
import { MAY_IMPORT, OWN, PACKAGE_ROOMS, REACHING_ROOMS } from './house.ts';
import { COMPUTED, type Source } from './source.ts';

type IsThere = (target: string) => boolean;

/** Imports of files that are not there, lack their ending or leave the project; in `src` also those only known at run time. */
export function brokenImports(sources: readonly Source[], isThere: IsThere): string[] {
  return eachImport(sources, ({ specifier, target }, { path }) => {
    if (specifier === COMPUTED && path.startsWith('src/'))
      return 'imports something put together at run time';
    if (target === undefined) return undefined;
    if (!/\.[jt]s$/.test(specifier)) return `imports ${specifier} without its ending`;
    if (target.startsWith('..') || !isThere(target)) return `imports ${specifier}, which is not there`;
    return undefined;
  });
}

/** Imports within `src` that the table does not allow, and packages outside their rooms. */
export function forbiddenImports(sources: readonly Source[]): string[] {
  return eachImport(sources, ({ specifier, target }, { path }) => {
    const from = path.slice('src/'.length);
    if (target === undefined) return forbiddenPackage(from, specifier);
    if (!target.startsWith('src/')) return `imports ${target}, which is not part of src`;
    const row = rowOf(from);
    if (row === undefined) return 'is in a room that the table of imports does not know';
    const to = target.slice('src/'.length);
    const rooms = (MAY_IMPORT[row] ?? []).map((room) => (room === OWN ? row : room));
    return isWithin(to, rooms) ? undefined : `imports ${to}: ${row} may import ${rooms.join(', ')}`;
  });
}

function forbiddenPackage(from: string, specifier: string): string | undefined {
  if (isBuiltin(specifier)) {
    if (!specifier.startsWith('node:')) return `imports ${specifier} without node:`;
    const rooms = REACHING_ROOMS[specifier];
    return rooms === undefined || isWithin(from, rooms) ? undefined : `imports ${specifier}`;
  }
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return isWithin(from, PACKAGE_ROOMS[name] ?? []) ? undefined : `imports the package ${name}`;
}

function rowOf(path: string): string | undefined {
  const rows = Object.keys(MAY_IMPORT).filter((row) => isWithin(path, [row]));
  return rows.toSorted((a, b) => b.length - a.length)[0];
}

/** True when `path` is one of the files or lies in one of the rooms. */
export function isWithin(path: string, places: readonly string[]): boolean {
  return places.some((place) => path === place || path.startsWith(`${place}/`));
}

function eachImport(
  sources: readonly Source[],
  judge: (imported: Source['imports'][number], source: Source) => string | undefined,
): string[] {
  return sources.flatMap((source) =>
    source.imports.flatMap((imported) => {
      const complaint = judge(imported, source);
      return complaint === undefined ? [] : [`${source.path}:${imported.line} ${complaint}`];
    }),
  );
}

/** Groups of files that reach each other by imports, types included: Tarjan's strongly connected components. */
export function circles(sources: readonly Source[]): string[] {
  const targets = new Map(
    sources.map(({ path, imports }) => [path, imports.flatMap(({ target }) => target ?? [])]),
  );
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const found: string[] = [];
  const visit = (path: string): number => {
    const number = order.size;
    order.set(path, number);
    lowest.set(path, number);
    open.push(path);
    for (const target of targets.get(path) ?? []) {
      if (!targets.has(target)) continue;
      const reached = order.has(target)
        ? open.includes(target)
          ? order.get(target)
          : undefined
        : visit(target);
      lowest.set(path, Math.min(lowest.get(path) ?? number, reached ?? number));
    }
    const low = lowest.get(path) ?? number;
    if (low !== number) return low;
    const group = open.splice(open.indexOf(path));
    if (group.length > 1 || targets.get(path)?.includes(path) === true)
      found.push(group.toSorted().join(' ↔ '));
    return low;
  };
  for (const path of targets.keys()) if (!order.has(path)) visit(path);
  return found;
}
