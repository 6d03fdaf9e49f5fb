// A process of its own that runs one command in the sandbox, as `doorward run` does; its arguments
// are an installation of Doorward and the request.
const [, , folder, text = ''] = process.argv;
const { runChild } = await import(`${folder}/dist/runner/child.js`);
const { chooseSandbox } = await import(`${folder}/dist/runner/registry.js`);

const request = JSON.parse(text);
const { launch, hides, reason } = chooseSandbox(request, 'auto');
if (!hides) throw new Error(`the sandbox does not work here: ${reason}`);
process.exitCode = await runChild({
  launch,
  environment: request.environment,
  sharesTerminal: process.stdin.isTTY,
});
