/** Texts of flags that several commands share → values. Each throws an Error that ends a sentence begun with the flag and its text. */
import { type LogLevel, logLevels } from "../runtime/log.ts";

export interface ListenAddress {
  host: string;
  port: number;
}

/** "127.0.0.1:9105", "[::1]:9105", ":9105" for all addresses, or "off" → undefined. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  if (text === "off") return undefined;
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65535) throw new Error('must be ADDRESS:PORT such as 127.0.0.1:9105 or [::1]:9105, or "off"');
  return { host: match[1] ?? (match[2] || "::"), port };
}

export const logLevelFlag = {
  placeholder: "LEVEL",
  help: `one of ${logLevels.join(", ")}`,
  parse: parseLogLevel,
  default: "info",
} as const;

function parseLogLevel(text: string): LogLevel {
  const level = logLevels.find((known) => known === text);
  if (!level) throw new Error(`must be one of ${logLevels.join(", ")}`);
  return level;
}

export type Format = "table" | "json";

export function parseFormat(text: string): Format {
  if (text !== "table" && text !== "json") throw new Error("must be table or json");
  return text;
}
