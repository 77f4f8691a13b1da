/** When checks run and when a result counts: a checker's own words, else its real server's, else the virtual server's, else keepalived's. */
import type { HealthCheckInput } from "../../../api/healthCheck.ts";
import type { CheckedBlock } from "../../checkedBlock.ts";
import { durationOf } from "./seconds.ts";

/** Seconds. */
export interface Timing {
  alpha?: boolean;
  retry?: number;
  delay_before_retry?: number;
  warmup?: number;
  delay_loop?: number;
  connect_timeout?: number;
}

/** What keepalived 2.2.7 has where nobody says anything. */
export const serverTiming = { alpha: false, delay_loop: 60, connect_timeout: 5 } as const satisfies Timing;

/** What a kind of checker has instead. */
export interface KindTiming {
  retries: number;
  /** Undefined: delay_loop. */
  retryDelay?: number;
}

const times = ["retry", "delay_before_retry", "warmup", "delay_loop", "connect_timeout"] as const;

export function readTiming(block: CheckedBlock): Timing {
  const alpha = block.flag("alpha");
  const written = times.flatMap((keyword) => {
    const value = block.number(keyword);
    return value === undefined ? [] : [[keyword, value] as const];
  });
  return { ...(alpha !== undefined && { alpha }), ...Object.fromEntries(written) };
}

/** More attempts than these change nothing: they take longer than an outage may. */
const mostRetries = 1000;

type Times = Required<Pick<HealthCheckInput, "interval" | "timeout" | "retries" | "retryDelay" | "warmup">> &
  Pick<HealthCheckInput, "initial">;

/** `timeout` in seconds where it is not connect_timeout that counts. */
export function planTiming(timing: Timing, kind: KindTiming, timeout?: number): Times {
  const { alpha, delay_loop: interval, connect_timeout: connectTimeout } = { ...serverTiming, ...timing };
  return {
    interval: durationOf(interval),
    timeout: durationOf(timeout ?? connectTimeout),
    retries: Math.min(timing.retry ?? kind.retries, mostRetries),
    retryDelay: durationOf(timing.delay_before_retry ?? kind.retryDelay ?? interval),
    warmup: durationOf(timing.warmup ?? interval),
    ...(alpha && { initial: "Down" as const }),
  };
}
