/** The conditions of a VirtualIP. Pure. */
import { type Condition, type ConditionFinding, findCondition } from "../../api/condition.ts";
import type { Holding } from "./holder.ts";
import type { Placement } from "./placements.ts";
import { countOf, list } from "./words.ts";

export interface ConditionQuestion {
  placement: Placement;
  holding: Holding;
  /** Addresses without prefix length. */
  addresses: readonly string[];
  /** Nodes in BACKUP for all families. */
  standbys: readonly string[];
  /** What is wrong with single virtual routers or candidates: "n3: IPv4 is in FAULT (InterfaceDown)". */
  faults: readonly string[];
  /** Claims of its addresses by hosts outside: "192.0.2.10 is claimed by 02:00:00:00:00:09 (seen by n1)". */
  claims: readonly string[];
  /** Routers outside that use its VRID: "192.0.2.9 (heard by n1: ...)". */
  rivals: readonly string[];
  /** Addresses outside the subnets of their interfaces: "198.51.100.9 is in no subnet of eth0 (n1, n2)". */
  outsiders: readonly string[];
  /** None of the candidates' agents reports. */
  allSilent: boolean;
  /** As recorded. */
  conditions: readonly Condition[];
}

export function findConditions(question: ConditionQuestion): ConditionFinding[] {
  return [findAccepted, findReady, findDegraded, findAddressConflict, findForeignRouter, findOutsideSubnet]
    .map((find) => find(question))
    .flatMap((finding) => finding ?? []);
}

/** While the object is deleted it stays what it was. */
function findAccepted({ placement: { verdict, candidates, unfit }, conditions }: ConditionQuestion): ConditionFinding | undefined {
  const type = "Accepted";
  if (!verdict) return findCondition(conditions, type);
  if (!verdict.accepted) {
    const rest = candidates.length > 0 ? "; what was accepted before goes on" : "";
    return { type, status: "False", reason: verdict.reason, message: `${verdict.message}${rest}` };
  }
  const excluded = unfit.length > 0 ? `; not among them ${listNodes(unfit)}` : "";
  const message = `VRID ${verdict.virtualRouterID}, ${countOf(candidates.length, "candidate")}${excluded}`;
  return { type, status: "True", reason: "Accepted", message };
}

function findReady(question: ConditionQuestion): ConditionFinding {
  const { placement, holding, addresses, conditions } = question;
  const finding = (status: Condition["status"], reason: string, message: string) => ({ type: "Ready", status, reason, message });
  if (placement.view.deleting) return finding("False", "Terminating", "the nodes are giving the addresses up");
  if (placement.candidates.length === 0) return finding("False", ...noCandidates(placement));
  switch (holding.kind) {
    case "held":
      return finding("True", "Active", `${holding.node} answers for ${addresses.join(", ")}`);
    case "contested":
      return finding("False", "MultipleMasters", `${holding.family}: ${holding.nodes.join(" and ")} answer at the same time`);
    case "familySplit":
      return finding("False", "FamilySplit", describeSplit(holding.holders));
    case "none":
      if (question.allSilent) return finding("Unknown", "NoReports", "no candidate reports; what runs on them goes on");
      return finding("False", "NoMaster", "no candidate is MASTER");
    case "settling":
      return findCondition(conditions, "Ready") ?? finding("False", "Electing", "the candidates elect one of them");
  }
}

function noCandidates({ verdict, unfit, awaited }: Placement): [reason: string, message: string] {
  if (verdict?.accepted === false) return ["NotAccepted", "see condition Accepted"];
  if (awaited.length > 0) return ["WaitingForAgents", `waiting for the first report of ${list(awaited)}`];
  if (unfit.length === 0) return ["NoCandidates", "spec.nodes selects no node"];
  return ["NoCandidates", `no node can take part: ${listNodes(unfit)}`];
}

/** Says something only of a VirtualIP that is held: while nobody holds it there is nothing to be redundant to. */
function findDegraded({ placement, holding, standbys, faults, conditions }: ConditionQuestion): ConditionFinding {
  const type = "Degraded";
  const finding = (status: Condition["status"], reason: string, message: string) => ({ type, status, reason, message });
  if (placement.view.deleting || placement.candidates.length === 0) return finding("Unknown", "NotRunning", "no node runs it");
  switch (holding.kind) {
    case "familySplit":
      return finding("True", "FamilySplit", describeSplit(holding.holders));
    case "contested":
      return finding("True", "MultipleMasters", `${holding.family}: ${holding.nodes.join(" and ")} answer at the same time`);
    case "none":
      return finding("Unknown", "NoMaster", ["no candidate is MASTER", ...(faults.length > 0 ? [list(faults)] : [])].join(": "));
    case "settling":
      return findCondition(conditions, type) ?? finding("Unknown", "Electing", "the candidates elect one of them");
    case "held":
      if (faults.length > 0) return finding("True", "RouterFault", list(faults));
      if (standbys.length === 0) return finding("True", "NoStandby", "no other node stands by");
      return finding("False", "Redundant", `${list(standbys)} ${standbys.length === 1 ? "stands" : "stand"} by`);
  }
}

function findAddressConflict({ placement, claims }: ConditionQuestion): ConditionFinding {
  const type = "AddressConflict";
  if (claims.length > 0) return { type, status: "True", reason: "ForeignClaim", message: list(claims) };
  if (placement.view.spec?.conflictDetection === "Disabled") {
    return { type, status: "Unknown", reason: "Disabled", message: "spec.conflictDetection is Disabled" };
  }
  return { type, status: "False", reason: "NoConflict", message: "no host outside claims the addresses" };
}

function findForeignRouter({ rivals }: ConditionQuestion): ConditionFinding {
  const type = "ForeignRouter";
  if (rivals.length > 0) return { type, status: "True", reason: "VRIDInUse", message: list(rivals) };
  return { type, status: "False", reason: "NotHeard", message: "no router outside uses the VRID" };
}

/** A hint and no more: such an address works where the routers know the way. */
function findOutsideSubnet({ placement, outsiders }: ConditionQuestion): ConditionFinding | undefined {
  const type = "OutsideSubnet";
  if (placement.candidates.length === 0) return undefined;
  if (outsiders.length > 0) return { type, status: "True", reason: "NoSubnet", message: list(outsiders) };
  return { type, status: "False", reason: "InSubnet", message: "no address is outside the subnets of its interface" };
}

function describeSplit(holders: readonly (readonly [family: string, node: string | undefined])[]): string {
  return holders.map(([family, node]) => (node === undefined ? `no node answers for ${family}` : `${node} for ${family}`)).join(", ");
}

function listNodes(nodes: Placement["unfit"]): string {
  return list(nodes.map(({ node, message }) => `${node}: ${message}`));
}
