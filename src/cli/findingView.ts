/** Findings of the doctor for people. Pure. */
import type { Finding, Severity } from "../api/finding.ts";

export interface PlacedFinding extends Finding {
  /** "node n1", "VirtualServer web/shop"; absent: here. */
  where?: string;
}

/** The exit status: a note is no trouble. */
export const isTrouble = ({ severity }: Finding) => severity !== "Note";

const severities: readonly Severity[] = ["Error", "Warning", "Note"];
const indent = " ".repeat(10);

/** Worst first, each with its reason and its fix; the last line counts them. */
export function findingLines(findings: readonly PlacedFinding[]): string[] {
  if (findings.length === 0) return ["nothing is wrong"];
  const ordered = severities.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
  const counts = severities.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count > 0 ? [`${count} ${severity.toLowerCase()}${count > 1 ? "s" : ""}`] : [];
  });
  return [...ordered.flatMap(describe), counts.join(", ")];
}

function describe({ severity, where, what, why, fix }: PlacedFinding): string[] {
  const place = where === undefined ? "" : `${where}: `;
  return [`${severity.toUpperCase().padEnd(indent.length)}${place}${what}`, `${indent}${why}`, `${indent}fix: ${fix}`, ""];
}
