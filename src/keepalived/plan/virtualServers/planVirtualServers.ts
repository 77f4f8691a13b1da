/** virtual_server, with what it refers to → VirtualServers. What the file leaves open is as keepalived 2.2.7 has it. */
import type { Family } from "../../../api/ipAddress.ts";
import type { NodeAgentSpec } from "../../../api/nodeAgent.ts";
import { type VirtualServerInput, virtualServerSpecSchema } from "../../../api/virtualServer.ts";
import type { CheckedBlock, CheckedStatement } from "../../checkedBlock.ts";
import { type Diagnostics, quote } from "../../diagnostic.ts";
import type { BlockReading } from "../../keptBlocks.ts";
import { type GlobalSettings, joinBlocks } from "../globalSettings.ts";
import { dnsLabel, UniqueNames } from "../names.ts";
import { type Forwarding, planForwarding } from "./forwarding.ts";
import { familyOf, type Head, type Part, readHead, splitHead } from "./heads.ts";
import { namespace, type PlannedVirtualServer, type TlsFiles } from "./plannedVirtualServer.ts";
import { planQuorum } from "./quorum.ts";
import { forwardingOf, type PlannedServer, planRealServers, planSorryServer, type ServerContext } from "./realServers.ts";
import { planOnePacket, planPersistence, planScheduler } from "./scheduling.ts";
import { planServiceNotify } from "./serverNotify.ts";
import { reportSharedServices } from "./sharedServices.ts";

export interface VirtualServersOptions {
  globals: GlobalSettings;
  routers: NodeAgentSpec["virtualRouters"];
  diagnostics: Diagnostics;
  blocks?: BlockReading<MadeServers> | undefined;
}

/** What a virtual_server became, whatever is before and behind it. */
export interface MadeServers {
  parts: UnnamedServer[];
  /** A check of it presents a certificate. */
  usesTls: boolean;
}

type UnnamedServer = Omit<PlannedVirtualServer, "name" | "statement" | "group"> & { label: string };

/** What every part of a virtual server is planned with. */
interface Subject extends VirtualServersOptions {
  statement: CheckedStatement;
  block: CheckedBlock;
  head: Head;
  tls: TlsFiles | undefined;
  trackFiles: ReadonlyMap<string, CheckedBlock>;
}

export interface PlannedVirtualServers {
  virtualServers: PlannedVirtualServer[];
  /** By their index: the real servers. */
  servers: PlannedServer[][];
  tlsFiles?: TlsFiles;
}

export function planVirtualServers(config: CheckedBlock, options: VirtualServersOptions): PlannedVirtualServers {
  const { routers, diagnostics } = options;
  const names = new UniqueNames();
  const tls = readTlsFiles(config);
  const trackFiles = new Map(
    config.all("track_file").flatMap((line) => (line.block ? [[line.text("name") ?? "", line.block] as const] : [])),
  );
  const holders = new Map(
    routers.flatMap(({ virtualIP, addresses }) => addresses.map(({ address }) => [hostOf(address), virtualIP] as const)),
  );
  const plan = (statement: CheckedStatement): PlannedParts => {
    const { block } = statement;
    const head = readHead(statement, config, diagnostics);
    // keepalived makes no service without a real server; the check has told of it.
    if (!block || !head || block.all("real_server").length === 0) return { parts: [], servers: [], usesTls: false };
    const parts = planParts({ ...options, statement, block, head, tls, trackFiles }, holders);
    const usesTls = block.all("real_server").some((server) => server.block?.last("SSL_GET"));
    return { parts: parts.map(({ part }) => part), servers: parts.map(({ servers }) => servers), group: head.group, usesTls };
  };
  const planned = config.all("virtual_server").map((statement) => ({ statement, ...planOrKeep(statement, plan, options) }));
  const virtualServers = planned.flatMap(({ statement, parts, group }) =>
    parts.map(({ label, ...part }) => ({ ...part, name: names.take(label), statement, ...(group && { group }) })),
  );
  reportSharedServices(virtualServers, diagnostics);
  const isUsed = planned.some(({ usesTls }) => usesTls);
  return { virtualServers, servers: planned.flatMap(({ servers = [] }) => servers), ...(tls && isUsed && { tlsFiles: tls }) };
}

interface PlannedParts extends MadeServers {
  /** Of each part, unless they were planned before. */
  servers?: PlannedServer[][];
  group?: CheckedStatement | undefined;
}

function planOrKeep(
  statement: CheckedStatement,
  plan: (statement: CheckedStatement) => PlannedParts,
  { blocks, diagnostics }: VirtualServersOptions,
): PlannedParts {
  const { position } = statement;
  const before = blocks?.before(position);
  const said = diagnostics.count;
  const planned = before ?? plan(statement);
  if (diagnostics.count === said) blocks?.keep(position, { parts: planned.parts, usesTls: planned.usesTls });
  return planned;
}

const hostOf = (address: string) => address.split("/")[0] ?? "";

function readTlsFiles(config: CheckedBlock): TlsFiles | undefined {
  if (!config.last("SSL")) return undefined;
  const block = joinBlocks(config, "SSL");
  const [certificate, key, authority, passphrase] = ["certificate", "key", "ca", "password"].map((keyword) => block.text(keyword));
  return {
    name: "keepalived-ssl",
    ...(certificate !== undefined && { certificate }),
    ...(key !== undefined && { key }),
    ...(authority !== undefined && { authority }),
    ...(passphrase !== undefined && { passphrase }),
  };
}

type Planned = { part: UnnamedServer; servers: PlannedServer[] };

/** All parts have the same real servers, and their checks are the same: only the first of them tells of changes. */
function planParts(subject: Subject, holders: ReadonlyMap<string, string>): Planned[] {
  const { head, block, statement, diagnostics } = subject;
  const parts = splitHead(head, serversFamily(block, diagnostics), holders);
  if (parts.some(({ mark }) => mark === undefined) && !block.last("protocol"))
    diagnostics.warning("default", statement.position, `virtual_server ${head.name}: \`protocol UDP\` is assumed, as in keepalived`);
  return parts.flatMap((part, index) => planPart(part, index === 0, subject) ?? []);
}

/** Of a firewall mark: as it is said, or that of the servers that packets are not tunnelled to, or of those that all are. */
function serversFamily(block: CheckedBlock, diagnostics: Diagnostics): Family {
  const said = familyOf(block.text("ip_family"));
  if (said) return said;
  const usual = forwardingOf({ block, diagnostics });
  const all = [
    ...block.all("real_server").map((server) => [server, planForwarding(server.block?.last("lvs_method"), diagnostics)] as const),
    ...block.all("sorry_server").map((server) => [server, planForwarding(block.last("sorry_server_lvs_method"), diagnostics)] as const),
  ];
  const familyIn = (servers: readonly (readonly [CheckedStatement, Forwarding | undefined])[]) => servers[0]?.[0].address()?.family;
  const direct = familyIn(all.filter(([, own]) => (own ?? usual).forwarding !== "TUN"));
  if (direct) return direct;
  const granularity = block.text("persistence_granularity");
  if (granularity !== undefined) return granularity.includes(".") ? "IPv4" : "IPv6";
  const families = new Set(all.map(([server]) => server.address()?.family));
  return families.size === 1 && families.has("IPv6") ? "IPv6" : "IPv4";
}

function planPart(part: Part, isFirst: boolean, subject: Subject): Planned | undefined {
  const { statement, block, globals, tls, trackFiles, diagnostics } = subject;
  const context: ServerContext = { block, globals, ports: part.ports, families: part.families, tls, trackFiles, diagnostics };
  const servers = planRealServers(context);
  const written = planSpec(part, isFirst, servers, context, subject);
  const parsed = virtualServerSpecSchema.safeParse(written);
  // After other errors they would repeat them.
  for (const { path, message } of diagnostics.hasErrors ? [] : (parsed.error?.issues ?? []))
    diagnostics.error("value", placeOf(path, servers, statement).position, `VirtualServer ${path.join(".")}: ${message}`);
  if (!parsed.data) return undefined;
  const unnamed: UnnamedServer = {
    namespace,
    label: labelOfPart(part, isFirst, subject),
    ...(part.virtualIP !== undefined && { virtualIP: part.virtualIP }),
    addresses: part.addresses,
    spec: parsed.data,
    written,
  };
  return { part: unnamed, servers };
}

function placeOf(path: readonly PropertyKey[], servers: readonly PlannedServer[], statement: CheckedStatement): CheckedStatement {
  const [list, index] = path;
  return (list === "realServers" && typeof index === "number" ? servers[index]?.statement : undefined) ?? statement;
}

function labelOfPart({ mark }: Part, isFirst: boolean, { head, block }: Subject): string {
  const protocol = block.text("protocol");
  const own = mark !== undefined && head.group ? ` fwmark ${mark}` : "";
  const kind = mark === undefined && protocol !== "TCP" ? ` ${protocol ?? "UDP"}` : "";
  return dnsLabel(`${head.name}${isFirst ? "" : own}${kind}`, "virtual-server");
}

type Protocol = NonNullable<VirtualServerInput["protocol"]>;

function planSpec(
  { addresses, ports, mark, families }: Part,
  isFirst: boolean,
  servers: readonly PlannedServer[],
  context: ServerContext,
  { statement, block, head, globals, diagnostics }: Subject,
): VirtualServerInput {
  const protocol = (block.text("protocol") ?? "UDP") as Protocol;
  const sorryServer = planSorryServer(servers, context);
  const notify = isFirst ? planServiceNotify(block, globals, diagnostics) : undefined;
  return {
    ...(mark === undefined
      ? { addresses, protocol, ...(ports.length > 0 && { ports: ports.map((port) => ({ port })) }) }
      : { firewallMark: mark, ...(families[0] === "IPv6" && { firewallMarkFamilies: families }) }),
    ...planScheduler(block, diagnostics),
    ...planOnePacket(block, mark !== undefined || protocol === "UDP", diagnostics),
    ...planPersistence(block, {
      families,
      allPorts: mark === undefined && ports.length === 0,
      at: statement,
      isGroup: head.group !== undefined,
      diagnostics,
    }),
    ...forwardingOf(context),
    ...(block.last("weight") && { weight: block.number("weight") }),
    realServers: servers.map(({ server }) => (isFirst ? server : withoutNotify(server))),
    ...(block.flag("inhibit_on_failure") && { onFailure: "Drain" as const }),
    ...(sorryServer && { sorryServer }),
    ...planQuorum(
      block,
      servers.reduce((sum, { weight }) => sum + weight, 0),
      diagnostics,
    ),
    ...(notify && { notify }),
    drainTimeout: "0s",
    ...planSuspension(block, mark !== undefined, diagnostics),
  };
}

function withoutNotify<Server extends { notify?: unknown }>({ notify: _, ...server }: Server): Omit<Server, "notify"> {
  return server;
}

/** No node holds a mark. */
function planSuspension(block: CheckedBlock, isMark: boolean, diagnostics: Diagnostics): Pick<VirtualServerInput, "suspendWithoutAddress"> {
  const statement = block.last("ha_suspend");
  if (!statement) return {};
  if (!isMark) return { suspendWithoutAddress: true };
  diagnostics.warning("ignored", statement.position, `${quote("ha_suspend")} is ignored: a firewall mark is no address`);
  return {};
}
