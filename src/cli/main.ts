import { runCli } from "./cli.ts";

const status = await runCli(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  error: (text) => process.stderr.write(`${text}\n`),
});
if (status !== undefined) process.exitCode = status;
