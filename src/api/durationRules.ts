/** What durations must fulfil beyond being some. What is none holds: its own field says so. See rules.ts. */
import { durationPattern, parseDuration } from "./duration.ts";
import type { Rule } from "./rules.ts";

interface Bounds {
  /** Go durations. */
  least: string;
  most?: string;
  /** The kernel counts in seconds. */
  wholeSeconds?: boolean;
}

const isDuration = (text: string) => `${text}.matches(${JSON.stringify(durationPattern.source)})`;

/** A rule over an object that has the duration as one of its fields. */
export function durationRule<Field extends string>(
  field: Field,
  { least, most, wholeSeconds = false }: Bounds,
): Rule<{ [Name in Field]?: string }> {
  const text = `self.${field}`;
  const bounds = [
    `duration(${text}) >= duration('${least}')`,
    ...(most ? [`duration(${text}) <= duration('${most}')`] : []),
    ...(wholeSeconds ? [`duration(${text}).getMilliseconds() % 1000 == 0`] : []),
  ];
  return {
    cel: `!has(${text}) || !${isDuration(text)} || (${bounds.join(" && ")})`,
    holds: (value) => {
      const given: string = value[field] ?? "";
      if (!durationPattern.test(given)) return true;
      const milliseconds = parseDuration(given) ?? Number.NaN;
      const isWhole = !wholeSeconds || Math.trunc(milliseconds) % 1000 === 0;
      return isWhole && milliseconds >= millisecondsOf(least) && (most === undefined || milliseconds <= millisecondsOf(most));
    },
    message: `${field} must be ${wholeSeconds ? "whole seconds, " : ""}at least ${least}${most ? ` and at most ${most}` : ""}`,
    field,
  };
}

function millisecondsOf(text: string): number {
  return parseDuration(text) ?? Number.NaN;
}
