#!/usr/bin/env node
// Starts Doorward. In a checkout it builds `dist` first when that is missing or older than `src`; a published
// package has no `src` and never builds.
import { isStale, ROOT } from './built.js';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `doorward: Node 20.19 or newer is needed; this is ${process.versions.node} (${process.execPath}).\n`,
  );
  process.exit(1);
}

if (isStale()) {
  const { buildOnce } = await import('./build.js');
  if (buildOnce() === 'failed') process.exit(1);
}
await import(new URL('dist/main.js', ROOT).href);
