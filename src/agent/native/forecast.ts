/** What the engine would do, asked in virtual time. */
import type { DesiredRouter } from "./desiredState.ts";

/** A node as it takes part in one election now. */
export interface ForecastCandidate {
  /** With the priority after tracking. */
  router: DesiredRouter;
  /** That it sends from. */
  address: string;
}

/** What comes when the MASTER is lost. */
export interface LossForecast {
  /** It falls silent: ms from its last advert to the successor's first. */
  killed: TakeoverForecast;
  /** It resigns: ms from its advert of priority 0. */
  stopped: TakeoverForecast;
}

export interface TakeoverForecast {
  /** Place among the candidates; absent when nobody takes over. */
  successor?: number;
  takeoverMs: number;
}
