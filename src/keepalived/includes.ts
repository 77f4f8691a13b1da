/** `include` and its variants: which of them take a missing file for an error. */
import type { Severity } from "./diagnostic.ts";
import type { PlacedText } from "./placedText.ts";

interface IncludeRule {
  /** A file that is named in full is missing or cannot be read. */
  missing: Severity;
  /** A pattern matches nothing. */
  noMatch: Severity | undefined;
}

/**
 * keepalived goes on without a file that a plain `include` names, and logs a line. Here it is an error: half a configuration
 * would withdraw what the other half holds. A pattern may match nothing, as in `include conf.d/*.conf`.
 */
const rules: Record<string, IncludeRule> = {
  include: { missing: "error", noMatch: undefined },
  includer: { missing: "warning", noMatch: undefined },
  includem: { missing: "error", noMatch: undefined },
  includew: { missing: "error", noMatch: "error" },
  includeb: { missing: "error", noMatch: "error" },
  includea: { missing: "error", noMatch: "error" },
};

export interface Include extends IncludeRule {
  pattern: PlacedText;
}

/** The pattern is the rest of the line, blanks and quotes included, as keepalived takes it. */
export function readInclude(line: PlacedText): Include | undefined {
  const match = /^(include[rmwba]?)\s+\S/.exec(line.text);
  const rule = match?.[1] === undefined ? undefined : rules[match[1]];
  return match && rule ? { ...rule, pattern: line.slice(match[0].length - 1).trim() } : undefined;
}
