/** What the operator's process takes, and what the API server is asked for. */
import { readFileSync } from "node:fs";
import type { KubeClient } from "../../src/kube/client.ts";

export interface ProcessReading {
  /** Processor time so far. */
  cpuMs: number;
  /** Read and written so far: the connections to the API server above all. */
  bytes: number;
  residentMB: number;
  /** The greatest so far. */
  peakMB: number;
}

/** Of USER_HZ: the unit of /proc/PID/stat on all architectures. */
const msPerTick = 10;

export function readProcess(pid: number): ProcessReading {
  const text = (file: string) => readFileSync(`/proc/${pid}/${file}`, "utf8");
  const field = (file: string, name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text(file))?.[1] ?? 0);
  const stat = text("stat");
  // After the name, which may hold anything: state is the third field, utime the fourteenth.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * msPerTick,
    bytes: field("io", "rchar") + field("io", "wchar"),
    residentMB: field("status", "VmRSS") / 1024,
    peakMB: field("status", "VmHWM") / 1024,
  };
}

/** How many requests there were, by "VERB resource/subresource". */
export type Requests = ReadonlyMap<string, number>;

const series = /^apiserver_request_total\{(.*)\} ([0-9.e+]+)$/;

export async function readRequests(client: KubeClient): Promise<Requests> {
  const requests = new Map<string, number>();
  for (const line of (await client.getRaw("/metrics")).split("\n")) {
    const [, labels, value] = series.exec(line) ?? [];
    if (labels === undefined) continue;
    const label = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? "";
    const subresource = label("subresource");
    const name = `${label("verb")} ${label("resource")}${subresource && `/${subresource}`}`;
    requests.set(name, (requests.get(name) ?? 0) + Number(value));
  }
  return requests;
}

export interface Rates {
  seconds: number;
  /** What changes something, a second, by who must have sent it. */
  operator: number;
  agents: number;
  leases: number;
  /** By "VERB resource/subresource", of the operator, a second. */
  byKind: Map<string, number>;
}

const reading = new Set(["GET", "LIST", "WATCH", "CONNECT"]);
/** What this benchmark does itself, and the API server for itself. */
const others =
  /^(POST|PUT|APPLY|DELETE) (services|endpointslices|nodes|addresspools|namespaces)$| (tokenreviews|subjectaccessreviews|endpoints|apiservices.*|flowschemas.*|prioritylevelconfigurations.*|clusterrole.*|role.*|serviceaccounts.*|ipaddresses|servicecidrs.*|customresourcedefinitions.*|configmaps|priorityclasses|selfsubject.*)$/;

export function ratesBetween(before: Requests, after: Requests, seconds: number): Rates {
  const rates: Rates = { seconds, operator: 0, agents: 0, leases: 0, byKind: new Map() };
  for (const [name, count] of after) {
    const rate = (count - (before.get(name) ?? 0)) / seconds;
    const [verb = "", kind = ""] = name.split(" ");
    if (rate === 0 || reading.has(verb) || others.test(name)) continue;
    if (kind === "leases") rates.leases += rate;
    else if (kind === "nodeagents/status") rates.agents += rate;
    else {
      rates.operator += rate;
      rates.byKind.set(name, rate);
    }
  }
  return rates;
}
