// A Dockerfile, read as an engine would read it: stages of instructions. Throws at anything it does not know.

export interface Stage {
  readonly base: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

export type Instruction =
  | { readonly kind: 'run'; readonly command: string }
  | {
      readonly kind: 'copy';
      readonly from: string | undefined;
      readonly sources: readonly string[];
      readonly target: string;
    }
  | { readonly kind: 'workdir'; readonly path: string }
  | { readonly kind: 'env'; readonly variables: Readonly<Record<string, string>> }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number }
  | { readonly kind: 'volume'; readonly path: string }
  | { readonly kind: 'entrypoint' | 'cmd' | 'healthcheck'; readonly command: readonly string[] }
  | { readonly kind: 'told'; readonly name: string; readonly text: string };

export function parseDockerfile(text: string): readonly Stage[] {
  const stages: { base: string; name: string | undefined; instructions: Instruction[] }[] = [];
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  for (const line of lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'FROM') {
      const [, base = '', stage] = /^(\S+)(?: AS (\S+))?$/.exec(rest) ?? [];
      stages.push({ base, name: stage, instructions: [] });
    } else {
      const stage = stages.at(-1);
      if (stage === undefined) throw new Error(`before the first FROM: ${line}`);
      stage.instructions.push(parseInstruction(name, rest));
    }
  }
  return stages;
}

function parseInstruction(name: string, rest: string): Instruction {
  switch (name) {
    case 'RUN':
      return { kind: 'run', command: rest };
    case 'COPY': {
      const from = /^--from=(\S+)\s+/.exec(rest);
      const words = rest.slice(from?.[0].length ?? 0).split(/\s+/);
      const target = words.pop() ?? '';
      if (words.some((word) => word.startsWith('--'))) throw new Error(`COPY ${rest}`);
      return { kind: 'copy', from: from?.[1], sources: words, target };
    }
    case 'WORKDIR':
      return { kind: 'workdir', path: rest };
    case 'ENV':
      return { kind: 'env', variables: Object.fromEntries(rest.split(/\s+/).map((pair) => pair.split('='))) };
    case 'USER': {
      const [, uid, gid] = /^(\d+):(\d+)$/.exec(rest) ?? [];
      if (uid === undefined) throw new Error(`USER ${rest}`);
      return { kind: 'user', uid: Number(uid), gid: Number(gid) };
    }
    case 'VOLUME':
      return { kind: 'volume', path: rest };
    case 'ENTRYPOINT':
    case 'CMD':
      return { kind: name === 'CMD' ? 'cmd' : 'entrypoint', command: parseWords(rest) };
    case 'HEALTHCHECK':
      return { kind: 'healthcheck', command: parseWords(rest.replace(/^(--\S+\s+)*CMD\s+/, '')) };
    case 'LABEL':
    case 'EXPOSE':
    case 'STOPSIGNAL':
      return { kind: 'told', name, text: rest };
    default:
      throw new Error(`an instruction this test does not know: ${name} ${rest}`);
  }
}

/** The exec form; the other one would need a shell in front of the signals. */
function parseWords(text: string): string[] {
  return JSON.parse(text) as string[]; // throws for the shell form
}

/** What of a directory goes to the engine: the last pattern of .dockerignore that matches a top-level name decides. */
export function isInContext(ignoreText: string, name: string): boolean {
  let isIn = true;
  for (const line of ignoreText.split('\n').filter((each) => !/^\s*(#|$)/.test(each))) {
    const isException = line.startsWith('!');
    const pattern = isException ? line.slice(1) : line;
    if (!/^(\*|[\w.-]+)$/.test(pattern)) throw new Error(`a pattern this test does not know: ${line}`);
    if (pattern === '*' || pattern === name) isIn = isException;
  }
  return isIn;
}
