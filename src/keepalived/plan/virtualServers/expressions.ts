/** `regex` of a url, which PCRE2 reads in keepalived → what JavaScript reads, where both mean the same. */
import { problemOfExpression } from "../../../api/healthCheckRules.ts";
import type { CheckedBlock } from "../../checkedBlock.ts";
import { type Diagnostics, quote } from "../../diagnostic.ts";

interface BodyMatch {
  pattern: string;
  flags?: string;
  negate?: boolean;
  minimumOffset?: number;
  maximumOffset?: number;
}

/** Options that have a flag here, and those that change nothing or only the speed. */
const flagOf: Record<string, string> = { caseless: "i", multiline: "m", dotall: "s", utf: "u", ucp: "u" };
const harmless = new Set([
  "never_ucp",
  "never_utf",
  "no_auto_possess",
  "no_dotstar_anchor",
  "no_start_optimize",
  "never_backslash_c",
  "use_offset_limit",
]);

/** What JavaScript reads without complaint, and as something else: anchors, classes and escapes of PCRE2, classes of POSIX. */
const otherMeaning = /(?<!\\)(?:\\\\)*(?:\\(?:[AZzGhHRKQEXCNoaeg]|x\{|[pP](?!\{))|\[\[[:.=])/;

export function planBodyMatch(url: CheckedBlock, diagnostics: Diagnostics): BodyMatch | undefined {
  const regex = url.last("regex");
  const pattern = regex?.text();
  if (!regex || pattern === undefined) return undefined;
  const flags = readFlags(url, diagnostics);
  const strange = otherMeaning.exec(pattern)?.[0];
  const problem = strange === undefined ? problemOfExpression({ pattern, flags }) : `${quote(strange)} is PCRE2's own`;
  if (problem !== undefined) {
    diagnostics.error("not-offered", regex.position, `this expression is not offered, it must be one of JavaScript: ${problem}`);
    return undefined;
  }
  const [least, most] = [url.number("regex_min_offset"), url.number("regex_max_offset")];
  return {
    pattern,
    ...(flags !== "" && { flags }),
    ...(url.last("regex_no_match") && { negate: true }),
    ...(least && { minimumOffset: least }),
    ...(most !== undefined && { maximumOffset: most }),
  };
}

function readFlags(url: CheckedBlock, diagnostics: Diagnostics): string {
  const options = url.last("regex_options");
  const words = options?.values("options").map(String) ?? [];
  const strange = words.find((word) => flagOf[word] === undefined && !harmless.has(word));
  if (options && strange !== undefined)
    diagnostics.error("not-offered", options.position, `regex_options ${quote(strange)} is not offered`);
  return [...new Set(words.flatMap((word) => flagOf[word] ?? []))].sort().join("");
}
