// A process of its own that runs one command in the sandbox, as `doorward run` does; its argument is the request.
const rooms = new URL('../../dist/runner/', import.meta.url);
const { runChild } = await import(new URL('child.js', rooms).href);
const { chooseSandbox } = await import(new URL('registry.js', rooms).href);

const request = JSON.parse(process.argv[2] ?? '');
const { launch, hides, reason } = chooseSandbox(request, 'auto');
if (!hides) throw new Error(`the sandbox does not work here: ${reason}`);
process.exitCode = await runChild({
  launch,
  environment: request.environment,
  sharesTerminal: process.stdin.isTTY === true,
});
