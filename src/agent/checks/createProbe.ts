/** The probe of a check, by its kind. */
import { type CheckKind, checkKinds } from "../../api/check.ts";
import type { NodeCheck } from "../../api/nodeAgent.ts";
import { ExecProbe } from "./execProbe.ts";
import { FileProbe } from "./fileProbe.ts";
import { HttpProbe, trackedRequest } from "./httpProbe.ts";
import { IcmpProbe } from "./icmpProbe.ts";
import { PodReadyProbe } from "./podReadyProbe.ts";
import type { Probe, ProbeTools } from "./probe.ts";
import { ProcessProbe } from "./processProbe.ts";
import { TcpProbe } from "./tcpProbe.ts";

type Subject<Kind extends CheckKind> = NonNullable<NodeCheck[Kind]>;

const factories: { [Kind in CheckKind]: (subject: Subject<Kind>, tools: ProbeTools) => Probe } = {
  tcp: (subject, { connector }) => new TcpProbe(subject, connector),
  http: (subject, { connector }) => new HttpProbe(trackedRequest(subject), connector),
  icmp: ({ host }, { echoes }) => new IcmpProbe({ host }, echoes),
  process: (subject, { processes }) => new ProcessProbe(subject, processes),
  file: (subject, tools) => new FileProbe(subject, tools),
  exec: (subject, { programs }) => new ExecProbe(subject, programs),
  podReady: (subject, { pods }) => new PodReadyProbe(subject, pods),
};

/** The first kind that the check gives. */
export function checkKind(check: NodeCheck): CheckKind | undefined {
  return (Object.keys(checkKinds) as CheckKind[]).find((kind) => check[kind] !== undefined);
}

export function createProbe<Kind extends CheckKind>(kind: Kind, check: NodeCheck, tools: ProbeTools): Probe {
  return factories[kind](check[kind] as Subject<Kind>, tools);
}
