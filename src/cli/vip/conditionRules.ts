/** Conditions of VirtualIPs and AddressPools that tell of trouble: what comes of it, and what puts it right. Pure. */
import { type Condition, findCondition } from "../../api/condition.ts";
import type { Finding } from "../../api/finding.ts";
import type { PlacedFinding } from "../findingView.ts";
import type { Patient } from "./patient.ts";

type Advice = Omit<Finding, "what">;
/** By "TYPE=STATUS", and where that says too little by "TYPE=STATUS/REASON". */
type Advices = Readonly<Record<string, Advice>>;

const notAccepted: Advice = { severity: "Error", why: "It does not run in its present form.", fix: "Change the object as it says." };

const ofVirtualIPs: Advices = {
  "Accepted=False": notAccepted,
  "Ready=False/NoCandidates": {
    severity: "Error",
    why: "No node answers for its addresses.",
    fix: "spec.nodes, spec.interface, labels of the nodes: as it says.",
  },
  "Ready=False/NoMaster": {
    severity: "Error",
    why: "No node answers for its addresses.",
    fix: "kubectl vip status NAME says what each node lacks.",
  },
  "Ready=False/FamilySplit": {
    severity: "Error",
    why: "One node should answer for both families.",
    fix: "Nodes hear each other in one family only: see what keeps multicast of the other one back.",
  },
  "Ready=Unknown/NoReports": {
    severity: "Error",
    why: "Nobody knows whether anybody answers.",
    fix: "kubectl get pods -A -o wide | grep aloft: the agents of its nodes.",
  },
  "Degraded=True/NoStandby": {
    severity: "Warning",
    why: "When the node that answers dies nobody takes over.",
    fix: "Another node that spec.nodes selects, with an interface in the subnet.",
  },
  "Degraded=True/RouterFault": { severity: "Warning", why: "These nodes could not take over.", fix: "As it says, on each of them." },
  "AddressConflict=True": {
    severity: "Error",
    why: "Clients reach either of the two.",
    fix: "Find the host by its MAC address and take the address from it, or choose another one.",
  },
  "ForeignRouter=True": {
    severity: "Warning",
    why: "Two routers of one VRID in one LAN disturb each other where they do not differ.",
    fix: "spec.vrrp.virtualRouterID: a number that nobody uses in this LAN.",
  },
  "OutsideSubnet=True": {
    severity: "Note",
    why: "Who is to reach it needs a route to the node that answers.",
    fix: "An address of the subnet, or a route on the router.",
  },
};

const ofPools: Advices = {
  "Accepted=False": { severity: "Error", why: "It gives no addresses.", fix: "Change the object as it says." },
  "Exhausted=True": {
    severity: "Warning",
    why: "The next Service stays pending.",
    fix: "spec.addresses: more of them; or delete Services.",
  },
  "OutOfRange=True": {
    severity: "Note",
    why: "Services keep what they have.",
    fix: "spec.addresses with these, or Services that are made anew.",
  },
};

export function troubledConditions({ virtualIPs, addressPools }: Patient): PlacedFinding[] {
  return [
    ...virtualIPs.flatMap(({ name, status }) => troubles(`VirtualIP ${name}`, status.conditions, ofVirtualIPs)),
    ...addressPools.flatMap(({ name, status }) => troubles(`AddressPool ${name}`, status.conditions, ofPools)),
  ];
}

function troubles(where: string, conditions: readonly Condition[] = [], advices: Advices): PlacedFinding[] {
  return conditions.flatMap(({ type, status, reason, message }) => {
    const advice = advices[`${type}=${status}/${reason}`] ?? advices[`${type}=${status}`];
    return advice ? [{ where, what: `${type} is ${status} (${reason}): ${message}`, ...advice }] : [];
  });
}

const groups = { ipv4: "224.0.0.18", ipv6: "ff02::12" } as const;

/** Two MASTERs that both reach the API server: what is between them passes that on, and not their adverts. */
export function deafToEachOther({ virtualIPs }: Patient): PlacedFinding[] {
  return virtualIPs.flatMap(({ name, spec, status }) => {
    const ready = findCondition(status.conditions, "Ready");
    if (ready?.reason !== "MultipleMasters") return [];
    const isMulticast = spec?.vrrp.mode !== "Unicast";
    const family = ready.message.startsWith("IPv6") ? "ipv6" : "ipv4";
    const group = spec?.vrrp.multicastGroup?.[family] ?? groups[family];
    return [
      {
        severity: "Error" as const,
        where: `VirtualIP ${name}`,
        what: `Nodes do not hear each other's adverts: ${ready.message}.`,
        why: isMulticast
          ? `A switch that snoops IGMP and MLD without a querier forgets who wants ${group}; a port or a filter may drop it, or IP protocol 112.`
          : "Something between them drops IP protocol 112.",
        fix: isMulticast
          ? "A querier in that VLAN, no snooping for it, or spec.vrrp.mode: Unicast. On a node: tcpdump -ni INTERFACE proto 112"
          : "Let it pass. On a node: tcpdump -ni INTERFACE proto 112",
      },
    ];
  });
}
