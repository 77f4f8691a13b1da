/** One line for each step that takes longer than a moment, and a sign of life while it runs. */

const quietSeconds = 1;
const signOfLifeSeconds = 15;

/**
 * Runs `step` and returns its result. Prints "title …" once the step has taken a second, "title … 30 s" from time to time, and the total at the end;
 * a step that is quicker prints nothing. Writes to standard error: standard output belongs to results.
 */
export async function withProgress<T>(title: string, step: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 1000);
  let announced = false;
  const announce = setTimeout(() => {
    announced = true;
    process.stderr.write(`${title} …\n`);
  }, quietSeconds * 1000);
  const signOfLife = setInterval(() => process.stderr.write(`${title} … ${seconds()} s\n`), signOfLifeSeconds * 1000);
  try {
    const result = await step();
    if (announced) process.stderr.write(`${title}: done in ${seconds()} s\n`);
    return result;
  } finally {
    clearTimeout(announce);
    clearInterval(signOfLife);
  }
}
