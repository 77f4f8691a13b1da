/** The probe of a health check, by its kind. */
import { type HealthCheck, type HealthCheckKind, healthCheckKinds } from "../../api/healthCheck.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { Connector, Target } from "../checks/connector.ts";
import type { EchoSockets } from "../checks/echoSockets.ts";
import { FileProbe } from "../checks/fileProbe.ts";
import { HttpProbe, type HttpSubject, parseStatuses } from "../checks/httpProbe.ts";
import { IcmpProbe } from "../checks/icmpProbe.ts";
import { type Probe, Unasked } from "../checks/probe.ts";
import { TcpProbe } from "../checks/tcpProbe.ts";
import type { TlsMaterial, TlsOptions } from "../checks/tls.ts";
import type { ProgramRunner } from "../programs/programRunner.ts";
import { HealthBodyReader } from "./bodyReader.ts";
import { DnsProbe } from "./dnsProbe.ts";
import { GrpcProbe } from "./grpcProbe.ts";
import type { HealthTarget } from "./healthTarget.ts";
import { SmtpProbe } from "./smtpProbe.ts";
import { UdpProbe } from "./udpProbe.ts";
import { HealthExecProbe, HealthFileProbe } from "./weightProbes.ts";

export interface HealthTools {
  connector: Connector;
  echoes: EchoSockets;
  programs: ProgramRunner;
  /** Of a Secret in the agent's namespace; undefined while it is not there. */
  certificates?: (name: string) => TlsMaterial | undefined;
  /** Name of the node, said to mail servers. */
  node: string;
  log: Logger;
  clock: Clock;
}

type Subject<Kind extends HealthCheckKind> = NonNullable<HealthCheck[Kind]>;
type Factory<Kind extends HealthCheckKind> = (subject: Subject<Kind>, target: Target, tools: HealthTools) => Probe;

const factories: { [Kind in HealthCheckKind]: Factory<Kind> } = {
  tcp: (_, target, { connector }) => new TcpProbe(target, connector),
  http: (subject, target, tools) => new HttpProbe(httpSubject(subject, target, tools), tools.connector),
  grpc: ({ service, tls }, target, tools) => new GrpcProbe({ target, service, tls: tls && tlsOptions(tls, tools) }, tools.connector),
  smtp: ({ helo }, target, { connector, node }) => new SmtpProbe(target, helo ?? node, connector),
  dns: (subject, target, { connector }) => new DnsProbe(target, subject, connector),
  udp: (subject, target, { connector }) => new UdpProbe(target, subject, connector),
  icmp: (_, { host, interface: device, firewallMark }, { echoes }) => new IcmpProbe({ host, interface: device, firewallMark }, echoes),
  exec: (subject, _, { programs }) => new HealthExecProbe(subject, programs),
  file: ({ path, weight }, _, { clock, log }) => new HealthFileProbe(new FileProbe({ path }, { clock, log, initialFiles: "None" }), weight),
};

/** The first kind that the check gives. */
export function healthCheckKind(check: HealthCheck): HealthCheckKind | undefined {
  return (Object.keys(healthCheckKinds) as HealthCheckKind[]).find((kind) => check[kind] !== undefined);
}

/** Whom it asks. Pure. */
export function targetOf({ address, port, check }: HealthTarget): Target {
  const { host, port: otherPort, sourceAddress, sourcePort, interface: device, firewallMark } = check;
  return { host: host ?? address, port: otherPort ?? port, sourceAddress, sourcePort, interface: device, firewallMark };
}

export function createHealthProbe<Kind extends HealthCheckKind>(kind: Kind, target: HealthTarget, tools: HealthTools): Probe {
  return factories[kind](target.check[kind] as Subject<Kind>, targetOf(target), tools);
}

function httpSubject({ scheme, version, requests, tls }: Subject<"http">, target: Target, tools: HealthTools): HttpSubject {
  return {
    target,
    version,
    ...(scheme === "HTTPS" && { tls: tlsOptions(tls ?? { verify: false }, tools) }),
    queries: requests.map(({ path, method, hostHeader, statuses, digest, bodyMatch }) => ({
      path,
      method,
      hostHeader,
      statuses: parseStatuses(statuses),
      body: () => new HealthBodyReader({ digest, bodyMatch }),
    })),
  };
}

function tlsOptions(
  { verify, serverName, certificateRef }: NonNullable<Subject<"grpc">["tls"]>,
  { certificates }: HealthTools,
): TlsOptions {
  const name = certificateRef?.name;
  return { verify, serverName, ...(name !== undefined && { material: () => certificates?.(name) ?? missing(name) }) };
}

/** Without what it shall present, a check would fail for a reason that is not the server's. */
function missing(name: string): never {
  throw new Unasked(`there is no Secret ${name}`);
}
