/**
 * NodeAgent.spec → what the core shall run, and what runs beside it. Pure. An entry that cannot run is refused with its reason and the
 * others go on: the spec may come from a newer operator, or from a file that outlived a change of the machine. A virtual router that
 * cannot be read goes on as it ran: while agents are upgraded one by one, the older ones must not drop what they do not understand.
 */
import { announcementPaceSchema } from "../../api/announcementPace.ts";
import { checkKinds } from "../../api/check.ts";
import { parseAddress } from "../../api/ipAddress.ts";
import { nodeAddressSchema } from "../../api/nodeAddress.ts";
import {
  type NodeAgentSpec,
  type NodeCheck,
  nodeAgentSpecSchema,
  nodeCheckSchema,
  nodeIpvsSchema,
  nodeRealServerSchema,
  nodeVirtualServerSchema,
  type VirtualRouterSpec,
  virtualRouterSpecSchema,
} from "../../api/nodeAgent.ts";
import { nodeInterfaceSchema } from "../../api/nodeInterface.ts";
import { routeSchema, ruleSchema } from "../../api/routing.ts";
import { planRealServer } from "../../plan/realServer.ts";
import type { SecretLookup } from "../credentials/secrets.ts";
import type { DesiredState } from "../native/desiredState.ts";
import { desiredAddress, Refusal } from "./desiredAddress.ts";
import { desiredInterface } from "./desiredInterface.ts";
import { desiredPace } from "./desiredPace.ts";
import { desiredRoute, desiredRule } from "./desiredRoute.ts";
import { addressClaim, desiredRouter, type RouterContext, routerClaims } from "./desiredRouter.ts";
import { type EntryProblem, fields, nameOf, noName, routerName, SpecEntries, serverName } from "./specEntries.ts";

/** A spec as it came, its fields not looked at yet. */
export type RawSpec = { [Field in keyof NodeAgentSpec]?: unknown };

export interface Plan {
  desired: DesiredState;
  /** The entries that run, for those who look after checks and notifications. */
  accepted: NodeAgentSpec;
  /** Place in the spec of each virtual router that runs, by its key. */
  paths: Map<string, string>;
  rejected: EntryProblem[];
  /** Entries that run with another value than the one written. */
  adjusted: EntryProblem[];
}

export interface PlanOptions {
  /** Whether the core's timers run in real time; without it intervals below `intervalFloorMs` are raised to it. */
  realTime: boolean;
  secrets: SecretLookup;
  /** What a real server has stays when the agent ends: in a cluster, for the next one to adopt. */
  staysPrepared?: boolean;
  /** What runs: an entry that cannot be read leaves its form of before in place. Default: none. */
  before?: readonly VirtualRouterSpec[];
  /** Why a check cannot run on this node; undefined when it can. */
  checkProblem?(check: NodeCheck): string | undefined;
}

/** What a thread without real-time scheduling can keep on a busy node. */
const intervalFloorMs = 100;

export function planDesired(spec: RawSpec, options: PlanOptions): Plan {
  const planner = new Planner(options);
  planner.addChecks(spec.checks);
  planner.addRouters(spec.virtualRouters);
  planner.addStatic(spec.static);
  planner.addVirtualServers(spec.virtualServers);
  planner.addRealServers(spec.realServers);
  planner.addIpvs(spec.ipvs);
  planner.addInterfaces(spec.interfaces);
  planner.addPacing(spec.announcementPacing);
  planner.addNotify(spec);
  planner.addUnknown(spec);
  planner.plan.desired.debugUnknownRouters = spec.debugUnknownRouters === true;
  return planner.plan;
}

const groupSchema = nodeAgentSpecSchema.shape.groups.unwrap().element;
const nodeNotifySchema = nodeAgentSpecSchema.shape.notify.unwrap();

class Planner {
  readonly #entries = new SpecEntries();
  readonly plan: Plan = {
    desired: { routers: [] },
    accepted: { virtualRouters: [] },
    paths: new Map(),
    rejected: this.#entries.rejected,
    adjusted: this.#entries.adjusted,
  };
  readonly #options: PlanOptions;
  readonly #checks = new Set<string>();
  /** What only one entry may have → who has it. */
  readonly #taken = new Map<string, string>();

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  addChecks(list: unknown): void {
    const checks = this.#entries.read(list, "checks", nodeCheckSchema, nameOf("check"), (check) => {
      const kinds = Object.keys(checkKinds).filter((kind) => check[kind as keyof typeof checkKinds] !== undefined);
      if (kinds.length !== 1) throw new Refusal(`must have exactly one of ${Object.keys(checkKinds).join(", ")}`);
      if (this.#checks.has(check.name)) throw new Refusal("is listed twice");
      const problem = this.#options.checkProblem?.(check);
      if (problem !== undefined) throw new Refusal(problem);
      this.#checks.add(check.name);
      return check;
    });
    if (checks.length > 0) this.plan.accepted.checks = checks;
  }

  addRouters(list: unknown): void {
    const { desired, accepted, paths } = this.plan;
    desired.routers = this.#entries.read(
      list,
      "virtualRouters",
      virtualRouterSpecSchema,
      routerName,
      (entry, problem, given) => {
        const router = desiredRouter(entry, this.#context(problem));
        this.#claim(routerClaims(router), router.key);
        if (!this.#options.realTime && router.advertisementIntervalMs < intervalFloorMs) {
          this.#entries.adjust(problem, floorMessage(router.advertisementIntervalMs));
          router.advertisementIntervalMs = intervalFloorMs;
        }
        accepted.virtualRouters.push(entry);
        paths.set(router.key, problem.path);
        this.#entries.noteUnknown(given, virtualRouterSpecSchema, problem);
        return router;
      },
      ({ router }) => this.#options.before?.find(({ virtualIP, family }) => virtualIP === router?.virtualIP && family === router.family),
    );
  }

  addUnknown(spec: RawSpec): void {
    this.#entries.noteUnknown(spec, nodeAgentSpecSchema, { path: "spec", subject: "specification", message: "" });
  }

  addStatic(given: unknown): void {
    const { addresses, routes, rules } = fields(given);
    const kept = {
      addresses: this.#entries.read(addresses, "static.addresses", nodeAddressSchema, noName, (entry) => {
        if (entry.interface === undefined) throw new Refusal("interface: a static address needs one");
        const address = desiredAddress(entry, [], "address");
        this.#claim(
          [
            {
              claim: addressClaim(address.address, entry.interface),
              refusal: (owner) => `address: ${address.address} belongs to ${owner}`,
            },
          ],
          "static.addresses",
        );
        return address;
      }),
      routes: this.#entries.read(routes, "static.routes", routeSchema, noName, (entry) => desiredRoute(entry, "route")),
      rules: this.#entries.read(rules, "static.rules", ruleSchema, noName, (entry) => desiredRule(entry, "rule")),
    };
    if (Object.values(kept).some(({ length }) => length > 0)) this.plan.desired.static = kept;
  }

  addVirtualServers(list: unknown): void {
    const servers = this.#entries.read(list, "virtualServers", nodeVirtualServerSchema, serverName("virtual server"), (entry) => entry);
    if (servers.length > 0) this.plan.accepted.virtualServers = servers;
  }

  /**
   * After the static entries. An address of a virtual router may be among them, as a director may be a real server: it stands on the
   * loopback interface always, and on the router's while it is MASTER.
   */
  addRealServers(list: unknown): void {
    const { desired, accepted } = this.plan;
    const servers = this.#entries.read(list, "realServers", nodeRealServerSchema, serverName("real server of"), (entry) => {
      for (const address of entry.addresses) canonicalAddressOf(address);
      return entry;
    });
    if (servers.length === 0) return;
    accepted.realServers = servers;
    const { addresses = [], routes = [], rules = [] } = desired.static ?? {};
    const standing = new Set(addresses.map((address) => `${address.interface} ${address.address}`));
    const own = planRealServer(servers).addresses.map((entry) => desiredAddress(entry, [], "addresses"));
    const added = own.filter((address) => !standing.has(`${address.interface} ${address.address}`));
    desired.static = { addresses: [...addresses, ...added], routes, rules, ...(this.#options.staysPrepared && { keep: true }) };
  }

  addIpvs(given: unknown): void {
    if (given === undefined) return;
    const [ipvs] = this.#entries.read([given], "ipvs", nodeIpvsSchema, noName, (entry) => {
      const odd = Object.keys(entry.sysctls ?? {}).find((name) => !/^[a-z0-9_]+$/.test(name));
      if (odd !== undefined) throw new Refusal(`sysctls: "${odd}" is no name of a setting`);
      return entry;
    });
    if (ipvs) this.plan.accepted.ipvs = ipvs;
  }

  /** After the virtual routers, whose peers take over from one whose fault counts too late. */
  addInterfaces(list: unknown): void {
    const { desired } = this.plan;
    const names = new Set<string>();
    const interfaces = this.#entries.read(list, "interfaces", nodeInterfaceSchema, nameOf("interface"), (entry, problem) => {
      if (names.has(entry.name)) throw new Refusal("is listed twice");
      names.add(entry.name);
      return desiredInterface(entry, desired.routers, (message) => this.#entries.adjust(problem, message));
    });
    if (interfaces.length > 0) desired.interfaces = interfaces;
  }

  addPacing(list: unknown): void {
    const paces = this.#entries.read(list, "announcementPacing", announcementPaceSchema, noName, desiredPace);
    if (paces.length > 0) this.plan.desired.announcementPacing = paces;
  }

  addNotify({ groups, notify }: RawSpec): void {
    const { accepted } = this.plan;
    const kept = this.#entries.read(groups, "groups", groupSchema, nameOf("group"), (group) => group);
    if (kept.length > 0) accepted.groups = kept;
    if (notify === undefined) return;
    accepted.notify = this.#entries.read([notify], "notify", nodeNotifySchema, noName, (entry) => entry)[0];
  }

  #context(problem: EntryProblem): RouterContext {
    return {
      secrets: this.#options.secrets,
      hasCheck: (name) => this.#checks.has(name),
      adjusted: (message) => this.#entries.adjust(problem, message),
    };
  }

  /** Marks what only one entry of a node may have; the first one keeps it. @throws Refusal */
  #claim(claims: { claim: string; refusal(owner: string): string }[], owner: string): void {
    for (const { claim, refusal } of claims) {
      const first = this.#taken.get(claim);
      if (first !== undefined) throw new Refusal(refusal(first));
    }
    for (const { claim } of claims) this.#taken.set(claim, owner);
  }
}

function floorMessage(intervalMs: number): string {
  return `advertisementInterval raised from ${intervalMs}ms to ${intervalFloorMs}ms: the agent has no real-time scheduling`;
}

/** @throws Refusal */
function canonicalAddressOf(address: string): void {
  if (!parseAddress(address)) throw new Refusal(`addresses: "${address}" is not an address`);
}
