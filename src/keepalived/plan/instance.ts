/** vrrp_instance → virtual router. */
import { formatDuration } from "../../api/duration.ts";
import type { Family } from "../../api/ipAddress.ts";
import type { NodeAddress, Notify, VirtualRouterSpec } from "../../api/nodeAgent.ts";
import type { CheckedBlock, CheckedStatement } from "../checkedBlock.ts";
import { type Diagnostics, quote } from "../diagnostic.ts";
import { optionText, planAddress } from "./addresses.ts";
import type { Checks } from "./checks.ts";
import { planElection } from "./election.ts";
import type { GlobalSettings } from "./globalSettings.ts";
import { planNotify } from "./notifications.ts";
import { planRule, type RulePriorities } from "./policyRules.ts";
import { planRoute } from "./routes.ts";
import type { SyncGroup } from "./syncGroups.ts";
import { planTracks } from "./tracks.ts";
import { type Authentication, type MacvlanNames, macvlanName, planTransport, readAuthentication, reportMacvlan } from "./transport.ts";

export interface InstanceOptions {
  globals: GlobalSettings;
  checks: Checks;
  macvlans: MacvlanNames;
  rulePriorities: RulePriorities;
  /** By the names of instances. */
  groups: ReadonlyMap<string, SyncGroup>;
  diagnostics: Diagnostics;
}

export interface PlannedInstance {
  statement: CheckedStatement;
  /** Without the reference to its password. */
  router: VirtualRouterSpec;
  authentication: Authentication;
}

/** What every part of an instance is planned with. */
interface Subject extends InstanceOptions {
  block: CheckedBlock;
  name: string;
  family: Family;
  interface: string;
  virtualRouterID: number;
  strict: boolean;
  group: SyncGroup | undefined;
}

/** Undefined when it cannot be a virtual router; that has been reported. */
export function planInstance(statement: CheckedStatement, options: InstanceOptions): PlannedInstance | undefined {
  const subject = readSubject(statement, options);
  if (!subject) return undefined;
  const { block, name, family, virtualRouterID, globals, diagnostics } = subject;
  const addresses = planAddresses(subject);
  if (addresses.length === 0) {
    diagnostics.error("missing-setting", statement.position, `vrrp_instance ${quote(name)} has no address: there is nothing to hold`);
    return undefined;
  }
  const election = planElection(block, subject);
  const notify = planInstanceNotify(subject);
  const router: VirtualRouterSpec = {
    virtualIP: name,
    family,
    interface: subject.interface,
    virtualRouterID,
    ...election,
    checksum: block.flag("v3_checksum_as_v2") ? "WithoutPseudoHeader" : "WithPseudoHeader",
    addresses,
    linkLocalFirst: false,
    ...planStartupDelay(globals),
    ...planTransport(block, family, globals, diagnostics),
    ...planMacvlan(subject),
    ...planTracking(subject, election.priority),
    conflicts: "Report",
    ...planAccept(subject, election),
    deadMan: true,
    ...planRouting(subject),
    ...(notify && { notify }),
  };
  return { statement, router, authentication: readAuthentication(block, { ...subject, version: election.version }) };
}

function readSubject(statement: CheckedStatement, options: InstanceOptions): Subject | undefined {
  const { block } = statement;
  const [name, virtualRouterID, interfaceName] = [statement.text("name"), block?.number("virtual_router_id"), block?.text("interface")];
  if (!block || name === undefined || virtualRouterID === undefined) return undefined;
  if (interfaceName === undefined) {
    const message = `vrrp_instance ${quote(name)} has no interface: here a unicast instance needs one, too`;
    options.diagnostics.error("missing-setting", statement.position, message);
    return undefined;
  }
  return {
    ...options,
    block,
    name,
    family: instanceFamily(block),
    interface: interfaceName,
    virtualRouterID,
    strict: block.flag("strict_mode") ?? options.globals.strict,
    group: options.groups.get(name),
  };
}

/** Of the addresses that are advertised; where there are none, of the others that an instance names. */
function instanceFamily(block: CheckedBlock): Family {
  const [first] = block.items("virtual_ipaddress");
  const others = ["mcast_src_ip", "unicast_src_ip", "mcast_dst_ip"].map((keyword) => block.last(keyword)?.address("value"));
  const address = first?.address() ?? others.find((other) => other) ?? block.items("unicast_peer")[0]?.address();
  return address?.family ?? (block.last("native_ipv6") ? "IPv6" : "IPv4");
}

function planAddresses(subject: Subject): NodeAddress[] {
  const { block, diagnostics } = subject;
  const seen = new Set<string>();
  const plan = (line: CheckedStatement, advertised: boolean): NodeAddress[] => {
    const address = planAddress(line, diagnostics);
    if (!address) return [];
    const host = address.address.split("/")[0] ?? "";
    if (seen.has(host)) {
      diagnostics.warning("ignored", line.position, `${quote(host)} stands in the instance already: this line is ignored`);
      return [];
    }
    seen.add(host);
    return [{ ...withoutOwnInterface(address, line, subject), ...(!advertised && { advertised: false }) }];
  };
  return [
    ...block.items("virtual_ipaddress").flatMap((line) => plan(line, true)),
    ...block.items("virtual_ipaddress_excluded").flatMap((line) => plan(line, false)),
  ];
}

/**
 * `dev` with the instance's interface says nothing new; but beside use_vmac an address without `dev` stands on the macvlan, whose MAC
 * address is that of one family: addresses of the other family stand below it.
 */
function withoutOwnInterface({ interface: named, ...address }: NodeAddress, line: CheckedStatement, subject: Subject): NodeAddress {
  const below = subject.block.last("use_vmac") !== undefined && line.address()?.family !== subject.family;
  const needed = below ? (named ?? subject.interface) : named === subject.interface ? undefined : named;
  return needed === undefined ? address : { ...address, interface: needed };
}

function planInstanceNotify({ block, group, globals, diagnostics }: Subject): Notify | undefined {
  const notify = planNotify(block, globals, diagnostics);
  const keyword = "notify_priority_changes";
  const priorityChanges = block.flag(keyword) ?? group?.block.flag(keyword) ?? globals.priorityChanges;
  return priorityChanges ? { ...notify, priorityChanges } : notify;
}

function planStartupDelay({ block }: GlobalSettings): Pick<VirtualRouterSpec, "startupDelay"> {
  const seconds = block.number("vrrp_startup_delay");
  return seconds === undefined ? {} : { startupDelay: formatDuration(Math.round(seconds * 1e6) / 1e3) };
}

function planMacvlan(subject: Subject): Pick<VirtualRouterSpec, "virtualMACInterface" | "advertsWithVirtualMAC"> {
  const { block, strict, diagnostics } = subject;
  const statement = block.last("use_vmac");
  const base = block.last("vmac_xmit_base");
  const why = statement ? (strict ? "is ignored beside strict_mode, as in keepalived" : undefined) : "has no effect without use_vmac";
  if (base && why !== undefined) diagnostics.warning("ignored", base.position, `vmac_xmit_base ${why}`);
  if (!statement) return {};
  reportMacvlan(statement, diagnostics);
  return {
    virtualMACInterface: macvlanName(statement) ?? subject.macvlans.take(subject.virtualRouterID, subject.family),
    ...(base && !strict && { advertsWithVirtualMAC: false }),
  };
}

/** strict_mode turns it off where nothing is said, and of version 2, which has no such mode, in any case. An owner always accepts. */
function planAccept(
  { block, strict, diagnostics }: Subject,
  { version, priority }: Pick<VirtualRouterSpec, "version" | "priority">,
): Pick<VirtualRouterSpec, "accept"> {
  if (priority === 255) return {};
  const last = block.statements.findLast(({ keyword }) => keyword === "accept" || keyword === "no_accept");
  const wished = last ? last.keyword === "accept" : !strict;
  const forbidden = strict && version === 2;
  if (wished && forbidden && last)
    diagnostics.warning("ignored", last.position, "accept is ignored beside strict_mode and version 2, as in keepalived");
  return wished && !forbidden ? {} : { accept: false };
}

function planTracking(subject: Subject, priority: number): Pick<VirtualRouterSpec, "group" | "track" | "trackPrimary"> {
  const { block, group, checks, diagnostics } = subject;
  const track = planTracks({
    block,
    group: group?.block,
    keepWeights: group?.keepWeights ?? false,
    isOwner: priority === 255,
    groupHasOwner: group?.hasOwner ?? false,
    ownInterface: subject.interface,
    neededInterfaces: neededInterfaces(block),
    checks,
    diagnostics,
  });
  return {
    ...(group && { group: group.name }),
    ...(track.length > 0 && { track }),
    trackPrimary: block.last("dont_track_primary") === undefined,
  };
}

/** Those that lines without no_track name. Of a multipath route none: it lives on with what is left of it. */
function neededInterfaces(block: CheckedBlock): Set<string> {
  const lists = ["virtual_ipaddress", "virtual_ipaddress_excluded", "virtual_routes", "virtual_rules"];
  const names = lists
    .flatMap((keyword) => block.items(keyword))
    .filter((line) => !line.has("no_track"))
    .flatMap(({ options }) => {
      const hop = options.findIndex(({ name }) => name === "nexthop");
      const own = hop < 0 ? options : options.slice(0, hop);
      return own.filter(({ name }) => ["dev", "iif", "oif"].includes(name)).flatMap((option) => optionText(option) ?? []);
    });
  return new Set(names.filter((name) => name !== "lo"));
}

function planRouting({ block, rulePriorities, diagnostics }: Subject): Pick<VirtualRouterSpec, "routes" | "rules"> {
  const routes = block.items("virtual_routes").flatMap((line) => planRoute(line, diagnostics) ?? []);
  const rules = block.items("virtual_rules").flatMap((line) => planRule(line, rulePriorities, diagnostics) ?? []);
  return { ...(routes.length > 0 && { routes }), ...(rules.length > 0 && { rules }) };
}
