/** Runs a test file inside a machine of its own; its line goes to standard output, its totals into the file that is named for it. */
import { writeFileSync } from "node:fs";
import { runFile } from "./test-file.ts";

const [file = "", timeoutMs] = process.argv.slice(2);
const result = await runFile(file, { timeoutMs: Number(timeoutMs) }, new AbortController().signal);
writeFileSync(process.env.ALOFT_REPORT ?? "/dev/stdout", JSON.stringify(result));
