/** A process that does what it is told with IPVS, and nothing else: the tests start it in a network namespace. */
import { loadAddon } from "../../src/agent/native/addon.ts";
import type { CoreResult } from "../../src/agent/native/core.ts";
import type { Ipvs, IpvsSnapshot } from "../../src/agent/native/ipvs.ts";
import type { IpvsServiceKey, IpvsState } from "../../src/agent/native/ipvsState.ts";
import { serve, tell } from "../support/remoteControl.ts";

export type Request =
  | { do: "start"; owned: IpvsServiceKey[] }
  | { do: "apply"; state: IpvsState }
  | { do: "snapshot" }
  | { do: "stop"; keep: boolean };

export interface Answers {
  start: CoreResult;
  apply: CoreResult;
  snapshot: IpvsSnapshot;
  stop: CoreResult;
}

if (process.send) {
  let ipvs: Ipvs | undefined;
  serve((request: Request) => {
    if (request.do === "start") {
      ipvs = start(request.owned);
      return { ok: true };
    }
    if (!ipvs) throw new Error("not started");
    if (request.do === "apply") return ipvs.apply(request.state);
    return request.do === "stop" ? ipvs.stop(request) : ipvs.snapshot();
  });
}

function start(owned: IpvsServiceKey[]): Ipvs {
  const started = loadAddon().startIpvs({ owned }, tell);
  if (!started.ok) throw new Error(started.error.message);
  return started.ipvs;
}
