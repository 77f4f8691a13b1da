/** What may be wrong in a cluster: objects → findings. Pure; one rule each. What only a node sees its agent has reported. */
import { findCondition } from "../../api/condition.ts";
import type { Finding } from "../../api/finding.ts";
import { contains, parseAddress, parsePrefix } from "../../api/ipAddress.ts";
import type { VirtualServerSpec } from "../../api/virtualServer.ts";
import type { PlacedFinding } from "../findingView.ts";
import { deafToEachOther, troubledConditions } from "./conditionRules.ts";
import type { ExaminedAgent, Patient } from "./patient.ts";
import { pendingServices } from "./serviceRules.ts";

type Rule = (patient: Patient, now: Date) => PlacedFinding[];

export function examineCluster(patient: Patient, now: Date): PlacedFinding[] {
  return rules.flatMap((rule) => rule(patient, now));
}

const rules: Rule[] = [
  kubeProxyRemoves,
  kubeProxyAnswers,
  agentSilent,
  agentConditions,
  clockOff,
  nodeFindings,
  versionsDiffer,
  oldKernel,
  deafToEachOther,
  troubledConditions,
  serverNotAccepted,
  notProgrammed,
  podsWithoutAddress,
  hostsOutside,
  markWithoutAddress,
  guePort,
  pendingServices,
];

const perAgent = ({ agents }: Patient, examine: (agent: ExaminedAgent) => Finding[]): PlacedFinding[] =>
  agents.flatMap((agent) => examine(agent).map((finding) => ({ where: `node ${agent.name}`, ...finding })));

const perServer = (
  { virtualServers }: Patient,
  examine: (spec: VirtualServerSpec, addresses: readonly string[]) => Finding[],
): PlacedFinding[] =>
  virtualServers.flatMap(({ key, spec, status }) => {
    const found = spec ? examine(spec, status.addresses ?? []) : [];
    return found.map((finding) => ({ where: `VirtualServer ${key}`, ...finding }));
  });

/** kube-proxy lists all services of the kernel, and takes away those that it has not made. */
function kubeProxyRemoves({ kubeProxy, virtualServers }: Patient): PlacedFinding[] {
  if (kubeProxy?.mode !== "ipvs") return [];
  const excluded = kubeProxy.excludeCIDRs.flatMap((text) => parsePrefix(text) ?? []);
  const addresses = [...new Set(virtualServers.flatMap(({ status }) => status.addresses ?? []))];
  const open = addresses.filter((text) => {
    const address = parseAddress(text);
    return address && !excluded.some((prefix) => contains(prefix, address));
  });
  if (open.length === 0) return [];
  const list = open.map((address) => `${address}/${address.includes(":") ? 128 : 32}`).join(", ");
  return [
    {
      severity: "Error",
      where: "kube-proxy",
      what: "It runs in IPVS mode, and addresses of VirtualServers are not excluded.",
      why: "At each of its synchronisations it removes the services of VirtualServers from the nodes that have them.",
      fix: `kubectl -n kube-system edit configmap kube-proxy: ipvs.excludeCIDRs: [${list}], or mode: nftables; then restart it.`,
    },
  ];
}

function kubeProxyAnswers({ kubeProxy }: Patient): PlacedFinding[] {
  if (kubeProxy?.mode !== "ipvs" || kubeProxy.strictARP) return [];
  return [
    {
      severity: "Warning",
      where: "kube-proxy",
      what: "It runs in IPVS mode without strictARP.",
      why: "Every node answers ARP for the addresses of load balancers.",
      fix: "kubectl -n kube-system edit configmap kube-proxy: ipvs.strictARP: true; then restart it.",
    },
  ];
}

/** Agents report every 30 s. */
const silenceMs = 90_000;

function agentSilent(patient: Patient, now: Date): PlacedFinding[] {
  const known = new Set(patient.agents.map(({ name }) => name));
  const without = patient.nodes.filter(({ name }) => !known.has(name)).map(({ name }) => silent(name, "has no agent that reports"));
  const quiet = patient.agents.flatMap(({ name, status: { state, lastReportTime }, takenAt = lastReportTime }) => {
    if (state === "Stopped") return [silent(name, "has an agent that was stopped")];
    if (takenAt === undefined) return [silent(name, "has no agent that reports")];
    const seconds = Math.round((now.getTime() - Date.parse(takenAt)) / 1000);
    return seconds * 1000 > silenceMs ? [silent(name, `has an agent that has not reported for ${seconds} s`)] : [];
  });
  return [...without, ...quiet];
}

function silent(node: string, what: string): PlacedFinding {
  return {
    severity: "Error",
    where: `node ${node}`,
    what: `It ${what}.`,
    why: "It can neither hold addresses nor take over.",
    fix: "Look at the pod of the agent on that node: kubectl get pods -A -o wide | grep aloft",
  };
}

/** Conditions that ought to be True, and what it means that they are not. */
const agentNeeds: Record<string, { severity: Finding["severity"]; why: string; fix: string; except?: string }> = {
  Preflight: {
    severity: "Error",
    why: "The node lacks something that its specification needs.",
    fix: "As it says; afterwards the agent notices by itself.",
  },
  ConfigurationApplied: {
    severity: "Error",
    why: "Part of the specification does not run on the node.",
    fix: "Correct the object that is named; or give agent and operator one version.",
    except: "Waiting",
  },
  DeadManSwitch: {
    severity: "Warning",
    why: "If the agent is killed the node goes on answering, beside its successor.",
    fix: "Linux 5.8 or newer, and CAP_BPF for the agent.",
    except: "NotNeeded",
  },
  RealTime: {
    severity: "Warning",
    why: "On a busy node adverts may be late, so intervals below 100 ms are raised.",
    fix: "Give the agent CAP_SYS_NICE; on cgroup v1 a real-time budget (cpu.rt_runtime_us).",
  },
};

function agentConditions(patient: Patient): PlacedFinding[] {
  return perAgent(patient, ({ status }) =>
    Object.entries(agentNeeds).flatMap(([type, { severity, why, fix, except }]) => {
      const condition = findCondition(status.conditions, type);
      if (condition?.status !== "False" || condition.reason === except) return [];
      return [{ severity, what: `${type} is False (${condition.reason}): ${condition.message}`, why, fix }];
    }),
  );
}

/** The API server's time has whole seconds, and a report is under way for a moment. */
const clockToleranceMs = 5000;

function clockOff(patient: Patient): PlacedFinding[] {
  return perAgent(patient, ({ status: { lastReportTime }, takenAt }) => {
    if (lastReportTime === undefined || takenAt === undefined) return [];
    const offMs = Date.parse(lastReportTime) - Date.parse(takenAt);
    if (Math.abs(offMs) <= clockToleranceMs) return [];
    const seconds = Math.round(Math.abs(offMs) / 1000);
    return [
      {
        severity: "Warning",
        what: `Its clock is ${seconds} s ${offMs > 0 ? "ahead of" : "behind"} the API server's.`,
        why: "Elections do not depend on it; times in statuses and logs are wrong, and certificates may count as invalid.",
        fix: "timedatectl set-ntp true on the node",
      },
    ];
  });
}

/** For as long as an upgrade lasts that is as it should be. */
function versionsDiffer({ agents }: Patient): PlacedFinding[] {
  const running = agents.filter(({ status }) => status.version !== undefined && status.state !== "Stopped");
  const byVersion = Map.groupBy(running, ({ status }) => status.version ?? "");
  if (byVersion.size < 2) return [];
  const list = [...byVersion].sort().map(([version, of]) => `${version} on ${of.map(({ name }) => name).join(", ")}`);
  return [
    {
      severity: "Note",
      where: "agents",
      what: `They are of several versions: ${list.join("; ")}.`,
      why: "They elect with each other; what only the newer ones know runs only there.",
      fix: "Let the upgrade come to its end: kubectl -n aloft-system rollout status daemonset",
    },
  ];
}

/** Up to then a director with connection tracking loses the first packet of a client that uses a port again. */
const portReuse = { major: 5, minor: 9 };

function oldKernel({ nodes, agents }: Patient): PlacedFinding[] {
  const directors = new Set(agents.filter(({ spec }) => (spec.virtualServers ?? []).length > 0).map(({ name }) => name));
  return nodes.flatMap(({ name, kernelVersion = "" }) => {
    const [, major, minor] = /^(\d+)\.(\d+)/.exec(kernelVersion) ?? [];
    if (!directors.has(name) || major === undefined) return [];
    if (Number(major) > portReuse.major || (Number(major) === portReuse.major && Number(minor) >= portReuse.minor)) return [];
    return [
      {
        severity: "Warning",
        where: `node ${name}`,
        what: `A director with Linux ${kernelVersion}.`,
        why: "With connection tracking its IPVS drops the first packet of a client that uses a port again: that connection takes a second longer.",
        fix: `Linux ${portReuse.major}.${portReuse.minor} or newer`,
      },
    ];
  });
}

function nodeFindings(patient: Patient): PlacedFinding[] {
  return perAgent(patient, ({ status }) => status.findings ?? []);
}

function serverNotAccepted({ virtualServers }: Patient): PlacedFinding[] {
  return virtualServers.flatMap(({ key, status: { conditions } }) => {
    const accepted = findCondition(conditions, "Accepted");
    if (accepted?.status !== "False") return [];
    const what = `It is not accepted (${accepted.reason}): ${accepted.message}`;
    const why = "It does not run in its present form.";
    return [{ severity: "Error" as const, where: `VirtualServer ${key}`, what, why, fix: "Change the object as it says." }];
  });
}

function notProgrammed({ virtualServers }: Patient): PlacedFinding[] {
  return virtualServers.flatMap(({ key, status }) => {
    const programmed = findCondition(status.conditions, "Programmed");
    if (programmed?.status !== "False" || programmed.reason !== "NodesFailed") return [];
    const what = `Nodes do not have it: ${programmed.message}`;
    const why = "These nodes could not take its traffic.";
    return [{ severity: "Error" as const, where: `VirtualServer ${key}`, what, why, fix: "See the findings of these nodes." }];
  });
}

/** Of what a VirtualServer sends packets to unchanged: its servers must take them themselves. */
const isDirect = (forwarding: string) => forwarding === "DR" || forwarding === "TUN";

function podsWithoutAddress(patient: Patient): PlacedFinding[] {
  return perServer(patient, ({ service, forwarding }) => {
    if (!service || service.targets === "Nodes" || !isDirect(forwarding)) return [];
    return [
      {
        severity: "Warning",
        what: `Its real servers are endpoints of Service ${service.name}, with forwarding ${forwarding}.`,
        why: "Packets arrive with the address of the VirtualIP, which pods do not have; the operator prepares nodes only.",
        fix: "service.targets: Nodes with DR; or forwarding: NAT; or pods with hostNetwork, and spec.nodes with a selector.",
      },
    ];
  });
}

function hostsOutside(patient: Patient): PlacedFinding[] {
  const ofNodes = new Set(
    patient.agents.flatMap(({ status }) => (status.interfaces ?? []).flatMap(({ addresses }) => addresses)).map(bare),
  );
  return perServer(patient, (spec, addresses) => {
    const outside = (spec.realServers ?? []).filter(
      ({ address, forwarding = spec.forwarding }) => isDirect(forwarding) && !ofNodes.has(canonical(address)),
    );
    if (outside.length === 0 || addresses.length === 0) return [];
    const type = outside.find(({ forwarding = spec.forwarding }) => forwarding === "TUN");
    const tunnel = type ? ` --tunnel ${(type.tunnel ?? spec.tunnel)?.type.toLowerCase() ?? "ipip"}` : "";
    return [
      {
        severity: "Note",
        what: `Real servers outside of the cluster: ${outside.map(({ address }) => address).join(", ")}.`,
        why: "Nobody here sees whether they take packets to its addresses.",
        fix: `On each of them: aloft realserver${addresses.map((address) => ` --address ${address}`).join("")}${tunnel} (with --check to look only)`,
      },
    ];
  });
}

const bare = (prefix: string) => canonical(prefix.replace(/\/.*/, ""));

function canonical(text: string): string {
  const address = parseAddress(text);
  return address ? `${address.family} ${address.bits}` : text;
}

function markWithoutAddress(patient: Patient): PlacedFinding[] {
  return perServer(patient, ({ firewallMark, forwarding }) => {
    if (firewallMark === undefined || !isDirect(forwarding)) return [];
    return [
      {
        severity: "Note",
        what: `It serves packets with mark ${firewallMark}, with forwarding ${forwarding}.`,
        why: "Which addresses they are sent to is not known, so that real servers are not prepared.",
        fix: "On each of them, for each of these addresses: aloft realserver --address ADDRESS; on a node AgentConfig.spec.static.addresses, interface lo.",
      },
    ];
  });
}

function guePort(patient: Patient): PlacedFinding[] {
  return perServer(patient, ({ tunnel, forwarding, realServers = [] }) => {
    const tunnels = [...(forwarding === "TUN" ? [tunnel] : []), ...realServers.map((server) => server.tunnel)];
    const ports = tunnels.flatMap((each) => (each?.type === "GUE" ? (each.port ?? []) : []));
    if (ports.length === 0) return [];
    return [
      {
        severity: "Note",
        what: "Its packets come to the real servers in GUE.",
        why: "A kernel takes such packets only at a port that it was told.",
        fix: `On each real server: ${[...new Set(ports)].map((port) => `modprobe fou; ip fou add port ${port} gue`).join("; ")}`,
      },
    ];
  });
}
