/** One entry of NodeAgent.spec.interfaces → the core's form. Pure. */
import { parseDuration } from "../../api/duration.ts";
import type { NodeInterface } from "../../api/nodeInterface.ts";
import type { DesiredInterface, DesiredRouter } from "../native/desiredState.ts";
import { Refusal } from "./desiredAddress.ts";

const longestDelayMs = 1_000_000;
/** Intervals of silence before a takeover where a router says nothing. */
const usualDownTimerAdverts = 3;

/**
 * A MASTER whose link is down is silent: its fault must count before a peer takes over, or both believe to be MASTER when the link is back.
 * So a delay is shorter than all but one of the intervals that peers wait, as keepalived has it.
 * @throws Refusal
 */
export function desiredInterface(
  { name, downDelay = "0s", upDelay = "0s" }: NodeInterface,
  routers: readonly DesiredRouter[],
  adjusted: (message: string) => void,
): DesiredInterface {
  const limits = routers.flatMap((router) => (router.interface === name ? [limitOf(router)] : []));
  const limitMs = Math.min(longestDelayMs, ...limits);
  const limit = (field: string, text: string) => {
    const milliseconds = Math.round(parseDuration(text) ?? Number.NaN);
    if (!(milliseconds <= longestDelayMs)) throw new Refusal(`${field}: must be at most 1000s, not ${text}`);
    if (milliseconds > limitMs) adjusted(`${field} lowered from ${text} to ${limitMs}ms: a peer would take over before`);
    return Math.min(milliseconds, limitMs);
  };
  return { name, downDelayMs: limit("downDelay", downDelay), upDelayMs: limit("upDelay", upDelay) };
}

function limitOf({ advertisementIntervalMs, downTimerAdverts = usualDownTimerAdverts }: DesiredRouter): number {
  return Math.max(0, Math.floor((downTimerAdverts - 1) * advertisementIntervalMs - advertisementIntervalMs / 256));
}
