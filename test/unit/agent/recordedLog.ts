import pino from "pino";
import type { Logger } from "../../../src/runtime/log.ts";

export interface LogLine {
  level: number;
  msg: string;
  [field: string]: unknown;
}

/** A logger that keeps what it is told. */
export function recordedLog(level = "info"): { log: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  return { log: pino({ level, base: {} }, { write: (line: string) => lines.push(JSON.parse(line) as LogLine) }), lines };
}
