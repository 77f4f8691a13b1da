/** Checked keepalived.conf → what this node runs. Pure. What the file leaves open is as keepalived 2.2.7 has it. */
import { formatDuration } from "../../api/duration.ts";
import { type NodeAgentSpec, type NodeVirtualServer, nodeAgentSpecSchema, type VirtualRouterSpec } from "../../api/nodeAgent.ts";
import type { CheckedBlock, CheckedStatement } from "../checkedBlock.ts";
import { type Diagnostic, Diagnostics, type Position, quote } from "../diagnostic.ts";
import type { BlockReading } from "../keptBlocks.ts";
import { optionText, planAddress } from "./addresses.ts";
import { Checks } from "./checks.ts";
import { reportConflicts } from "./conflicts.ts";
import { reportDispositions } from "./dispositionWalk.ts";
import { type GlobalSettings, readGlobalSettings } from "./globalSettings.ts";
import { type PlannedInstance, planInstance } from "./instance.ts";
import { dnsLabel, UniqueNames } from "./names.ts";
import { planMail } from "./notifications.ts";
import { planPacing } from "./pacing.ts";
import { locate, type Places } from "./places.ts";
import { planRule, RulePriorities } from "./policyRules.ts";
import { planRoute } from "./routes.ts";
import { planGroups, readSyncGroups } from "./syncGroups.ts";
import { MacvlanNames } from "./transport.ts";
import { planIpvs } from "./virtualServers/ipvsSettings.ts";
import type { PlannedVirtualServer, TlsFiles } from "./virtualServers/plannedVirtualServer.ts";
import { type MadeServers, planVirtualServers } from "./virtualServers/planVirtualServers.ts";

/** A password that `passwordRef` of a virtual router refers to. Never to be logged. */
export interface PlannedSecret {
  /** A DNS label, unique in the plan. */
  name: string;
  key: string;
  value: string;
}

/** What concerns the agent and is not in NodeAgent. */
export interface AgentSettings {
  /** script_user: who runs programs that name nobody. */
  scriptUser?: { user: string; group?: string };
}

/** What can be imported and not be run: the agent refuses to start with the message. */
export interface Unsupported {
  virtualIP: string;
  position: Position;
  message: string;
}

export interface KeepalivedPlan {
  spec: NodeAgentSpec;
  /** In the order of the file; spec.virtualServers names them. */
  virtualServers: PlannedVirtualServer[];
  /** What their health checks present; undefined when none does. */
  tlsFiles?: TlsFiles;
  secrets: PlannedSecret[];
  agent: AgentSettings;
  unsupported: Unsupported[];
  /** Worked out when it is asked for: of thousands of real servers they are many. */
  places: () => Places;
  diagnostics: Diagnostic[];
  /** Then the spec lacks something: do not apply it. */
  hasErrors: boolean;
}

export interface PlanOptions {
  /** Name of the node, for the sender of mail. */
  node?: string;
}

/** Never throws, whatever the configuration. */
export function planKeepalived(config: CheckedBlock, { node = "" }: PlanOptions = {}, blocks?: BlockReading<MadeServers>): KeepalivedPlan {
  const diagnostics = new Diagnostics();
  reportDispositions(config, diagnostics, blocks);
  const globals = readGlobalSettings(config);
  const checks = new Checks(config);
  const groups = readSyncGroups(config, diagnostics);
  const rulePriorities = new RulePriorities();
  const standing = planStatic(config, { globals, rulePriorities, diagnostics });
  const macvlans = new MacvlanNames(globals.virtualMACPrefix, config);
  const options = { globals, checks, macvlans, rulePriorities, groups, diagnostics };
  const instances = config.all("vrrp_instance").flatMap((statement) => planInstance(statement, options) ?? []);
  reportConflicts(instances, diagnostics);
  const { routers, secrets, unsupported } = planPasswords(instances);
  const plannedGroups = planGroups(groups.values(), globals, diagnostics);
  const { virtualServers, servers, tlsFiles } = planVirtualServers(config, { globals, routers, diagnostics, blocks });
  const ipvs = planIpvs(config, globals.block);
  const spec: NodeAgentSpec = {
    virtualRouters: routers,
    ...(checks.planned.length > 0 && { checks: checks.planned }),
    ...(virtualServers.length > 0 && { virtualServers: virtualServers.map(nameVirtualServer) }),
    ...(ipvs && { ipvs }),
    ...(plannedGroups.length > 0 && { groups: plannedGroups }),
    ...planNodeNotify(globals, node, virtualServers.length > 0, diagnostics),
    ...(standing && { static: standing }),
    ...planInterfaces(config),
    ...planPacing(config, globals, diagnostics),
    ...(globals.block.last("log_unknown_vrids") && { debugUnknownRouters: true }),
  };
  reportSchemaIssues(spec, config, instances, diagnostics);
  const agent = readAgentSettings(globals);
  let located: Places | undefined;
  const places = () =>
    (located ??= locate({ spec, config, instances: instances.map(({ statement }) => statement), checks, virtualServers, servers }));
  const verdict = { diagnostics: diagnostics.all, hasErrors: diagnostics.hasErrors };
  return { spec, virtualServers, ...(tlsFiles && { tlsFiles }), secrets, agent, unsupported, places, ...verdict };
}

function nameVirtualServer({ namespace, name, virtualIP, addresses }: PlannedVirtualServer): NodeVirtualServer {
  return { namespace, name, ...(virtualIP !== undefined && { virtualIP }), addresses: [...addresses] };
}

/** Of two lines about one interface the last counts. Without the second delay it is 0, whatever the manual says. */
function planInterfaces(config: CheckedBlock): Pick<NodeAgentSpec, "interfaces"> {
  const delay = (line: CheckedStatement, name: string) => formatDuration(Math.round((line.number(name) ?? 0) * 1e6) / 1e3);
  const interfaces = new Map(
    config.items("interface_up_down_delays").map((line) => {
      const name = line.text("name") ?? "";
      return [name, { name, downDelay: delay(line, "down"), upDelay: delay(line, "up") }];
    }),
  );
  return interfaces.size > 0 ? { interfaces: [...interfaces.values()] } : {};
}

interface StaticOptions {
  globals: GlobalSettings;
  rulePriorities: RulePriorities;
  diagnostics: Diagnostics;
}

/** Undefined when nothing is to stand always. */
function planStatic(config: CheckedBlock, { globals, rulePriorities, diagnostics }: StaticOptions): NodeAgentSpec["static"] {
  const addresses = config.items("static_ipaddress").flatMap((line) => {
    const address = planAddress(line, diagnostics);
    return address ? [{ ...address, interface: optionText(line.option("dev")) ?? globals.defaultInterface }] : [];
  });
  const routes = config.items("static_routes").flatMap((line) => planRoute(line, diagnostics) ?? []);
  const rules = config.items("static_rules").flatMap((line) => planRule(line, rulePriorities, diagnostics) ?? []);
  return addresses.length + routes.length + rules.length > 0 ? { addresses, routes, rules } : undefined;
}

function planNodeNotify(
  globals: GlobalSettings,
  node: string,
  hasVirtualServers: boolean,
  diagnostics: Diagnostics,
): Pick<NodeAgentSpec, "notify"> {
  const { block } = globals;
  const both = block.last("notify_fifo");
  if (both && hasVirtualServers)
    diagnostics.warning("ignored", both.position, "changes of real servers are ignored here: the FIFO gets those of virtual routers");
  const pathOf = (keyword: string): string | undefined => {
    const statement = block.last(keyword);
    if (statement?.text("user") !== undefined)
      diagnostics.warning("ignored", statement.position, "the owner of the FIFO is ignored: one that exists is used as it is");
    return statement?.text("path");
  };
  const [fifo, vrrpFifo, mail] = [pathOf("notify_fifo"), pathOf("vrrp_notify_fifo"), planMail(globals, node)];
  const hasFifo = (fifo ?? vrrpFifo) !== undefined;
  if (!hasFifo && !mail) return {};
  return {
    notify: {
      ...(fifo !== undefined && { fifo }),
      ...(vrrpFifo !== undefined && { vrrpFifo }),
      ...(hasFifo && block.last("fifo_write_vrrp_states_on_reload") && { statesOnReload: true }),
      ...(mail && { mail }),
    },
  };
}

function planPasswords(instances: readonly PlannedInstance[]) {
  const names = new UniqueNames();
  const [routers, secrets, unsupported]: [VirtualRouterSpec[], PlannedSecret[], Unsupported[]] = [[], [], []];
  for (const { router, authentication } of instances) {
    if (authentication.kind === "password") {
      const secret = { name: names.take(dnsLabel(`${router.virtualIP}-vrrp`, "vrrp")), key: "password", value: authentication.password };
      secrets.push(secret);
      routers.push({ ...router, passwordRef: { name: secret.name, key: secret.key } });
      continue;
    }
    routers.push(router);
    if (authentication.kind === "AH") {
      const message = `vrrp_instance ${quote(router.virtualIP)}: AH authentication is not supported: use auth_type PASS, or none`;
      unsupported.push({ virtualIP: router.virtualIP, position: authentication.statement.position, message });
    }
  }
  return { routers, secrets, unsupported };
}

function readAgentSettings({ block }: GlobalSettings): AgentSettings {
  const statement = block.last("script_user");
  const [user, group] = [statement?.text("user"), statement?.text("group")];
  return user === undefined ? {} : { scriptUser: { user, ...(group !== undefined && { group }) } };
}

/** What keepalived's own limits allow and NodeAgent's do not: a text too long, too many lines. After other errors it would repeat them. */
function reportSchemaIssues(
  spec: NodeAgentSpec,
  config: CheckedBlock,
  instances: readonly PlannedInstance[],
  diagnostics: Diagnostics,
): void {
  if (diagnostics.hasErrors) return;
  const parsed = nodeAgentSpecSchema.safeParse(spec);
  for (const { path, message } of parsed.error?.issues ?? []) {
    const [list, index] = path;
    const statement: CheckedStatement | undefined =
      list === "virtualRouters" && typeof index === "number" ? instances[index]?.statement : undefined;
    const field = path.slice(statement ? 2 : 0).join(".");
    diagnostics.error("value", statement?.position ?? config.position, `${field}: ${message}`);
  }
}
