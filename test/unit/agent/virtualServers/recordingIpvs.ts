/** An IPVS that has at once what it is told, and records it. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { CoreError, CoreResult } from "../../../../src/agent/native/core.ts";
import type { Ipvs, IpvsEvent, IpvsOptions, IpvsSnapshot } from "../../../../src/agent/native/ipvs.ts";
import type { IpvsServiceKey, IpvsState } from "../../../../src/agent/native/ipvsState.ts";

const nothing = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };

export class RecordingIpvs implements Ipvs {
  readonly applied: IpvsState[] = [];
  /** What was called, in order. */
  readonly calls: string[] = [];
  owned: readonly IpvsServiceKey[] | undefined;
  answer: (state: IpvsState) => CoreResult = () => ({ ok: true });
  /** Keys, as JSON, of services that the kernel refuses. */
  refused = new Set<string>();
  foreign: IpvsServiceKey[] = [];
  /** Addresses, as they were told last. */
  carried: string[] = [];
  /** Why IPVS cannot be used. */
  message = "";
  /** Whether it tells by itself that all is applied. */
  tells = true;
  #onEvents: (batch: IpvsEvent[]) => void = () => {};

  start(
    options: IpvsOptions,
    onEvents: (batch: IpvsEvent[]) => void = () => {},
  ): { ok: true; ipvs: Ipvs } | { ok: false; error: CoreError } {
    this.owned = structuredClone(options.owned);
    this.#onEvents = onEvents;
    return { ok: true, ipvs: this };
  }

  get last(): IpvsState {
    return this.applied.at(-1) ?? { services: [] };
  }

  apply(state: IpvsState): CoreResult {
    this.calls.push("apply");
    const whole = this.#wholeOf(structuredClone(state));
    const result = this.answer(whole);
    if (!result.ok) return result;
    this.applied.push(whole);
    if (this.tells) this.tell({ type: "applied", programmed: this.#isProgrammed });
    return result;
  }

  /** With what it keeps. */
  #wholeOf({ kept = [], ...state }: IpvsState): IpvsState {
    const former = kept.map((key) => this.last.services.find((service) => isDeepStrictEqual(service.key, key)));
    assert.ok(
      former.every((service) => service !== undefined),
      "what was not there cannot be kept",
    );
    return { ...state, services: [...state.services, ...former] };
  }

  tell(...events: IpvsEvent[]): void {
    this.#onEvents(events);
  }

  carry(addresses: string[]): CoreResult {
    this.carried = addresses;
    return { ok: true };
  }

  tellConnections(): Promise<void> {
    this.calls.push("tellConnections");
    return Promise.resolve();
  }

  snapshot(): Promise<IpvsSnapshot> {
    this.calls.push("snapshot");
    const own = this.last.services.map(({ key, scheduler, destinations }) => {
      const isRefused = this.refused.has(JSON.stringify(key));
      const standing = isRefused ? [] : destinations;
      return {
        key,
        scheduler,
        statistics: { ...nothing, connections: 2 ** 40, inPackets: 7 },
        destinations: standing.map((destination) => ({
          ...destination,
          activeConnections: 3,
          inactiveConnections: 2,
          persistentConnections: 1,
          statistics: { ...nothing, inBytes: 9 },
          draining: false,
        })),
        ours: true,
        message: isRefused ? "refused" : "",
      };
    });
    const foreign = this.foreign.map((key) => ({ key, scheduler: "rr", statistics: nothing, destinations: [], ours: false, message: "" }));
    return Promise.resolve({
      programmed: this.#isProgrammed,
      services: [...own, ...foreign],
      daemons: this.last.daemons ?? [],
      repairs: 4,
      failures: 5,
      message: this.message,
    });
  }

  stop(options: { keep?: boolean } = {}): Promise<CoreResult> {
    this.calls.push(options.keep ? "keep" : "remove");
    return Promise.resolve({ ok: true });
  }

  get #isProgrammed(): boolean {
    return this.message === "" && this.last.services.every(({ key }) => !this.refused.has(JSON.stringify(key)));
  }
}
