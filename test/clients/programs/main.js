// An agent's program: `main.js NAME` makes the calls of programs/NAME.js with the client of that name, which reads its key and
// its address from the environment, and prints what each call gave: a line of JSON a step.
const [, , name = ''] = process.argv;
const { steps } = await import(`./${name}.js`);

for (const [step, call] of Object.entries(steps)) {
  let outcome;
  try {
    outcome = { text: await call() };
  } catch (error) {
    const status = error.status ?? error.statusCode ?? error.code;
    outcome = { error: classesOf(error), status, message: String(error.message) };
  }
  console.log(JSON.stringify({ step, ...outcome }));
}

/** The names of an error's class and of those it extends, nearest first. */
function classesOf(error) {
  const names = [];
  for (
    let at = Object.getPrototypeOf(error);
    at !== Object.prototype && at !== null;
    at = Object.getPrototypeOf(at)
  )
    names.push(at.constructor.name);
  return names;
}
