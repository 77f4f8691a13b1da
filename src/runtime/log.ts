/** JSON logs on standard error, one object a line. The text is constant; what varies is in the fields. */
import pino from "pino";

export type Logger = pino.Logger;

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * A logger for the whole process; give each part its own with `logger.child({ component: "reporter" })`.
 * Writing is synchronous, so that the last lines before an exit are not lost.
 */
export function createLogger(level: LogLevel, fields: Record<string, unknown> = {}): Logger {
  const destination = pino.destination({ fd: 2, sync: true });
  // Whoever read standard error has gone. Addresses matter more than log lines.
  destination.on("error", () => {});
  return pino(
    {
      level,
      base: fields,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.errWithCause },
    },
    destination,
  );
}

/** A logger that writes nothing. */
export const silentLogger: Logger = pino({ level: "silent" });
