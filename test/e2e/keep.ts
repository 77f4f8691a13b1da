/** A cluster that goes on running after the demo has ended: how to use it, and how to end it. */
import { rmSync } from "node:fs";
import { keptLans, removeLan } from "../support/lanOwner.ts";
import { formatTable } from "../support/table.ts";
import type { Cluster } from "./cluster.ts";

interface Note {
  /** Keys, data and kubeconfigs of the control plane. */
  controlPlaneFolder: string;
}

/** Lets the harness end without the cluster. */
export function keepRunning(cluster: Cluster): void {
  const note: Note = { controlPlaneFolder: cluster.controlPlane.folder };
  cluster.lan.keep(note);
}

interface Hint {
  meaning: string;
  command: string;
}

/** What a user types, line by line. */
export function howToUse(cluster: Cluster): string[] {
  const { lan, controlPlane } = cluster;
  const inside = (host: string) => `ip netns exec ${lan.namespace(host)}`;
  const port = (node: string) => `ip -n ${lan.namespace("fabric")} link set ${node}`;
  const [first = "n1"] = lan.nodes;
  const hints: Hint[] = [
    { meaning: "watch", command: `${inside("fabric")} ${controlPlane.kubectlPath} get vip -o wide --watch` },
    { meaning: "ask as a client", command: `${inside("client")} arping -I eth0 198.51.100.200` },
    { meaning: "enter a node", command: `${inside(first)} sh` },
    { meaning: "cut its link", command: `${port(first)} nomaster` },
    { meaning: "heal it", command: `${port(first)} master br0` },
    { meaning: "kill its agent", command: `kill -9 ${cluster.agent(first).pid}` },
    { meaning: "start it again", command: `${inside(first)} ${cluster.agentCommand(first).join(" ")}` },
    { meaning: "read logs", command: `ls ${lan.directory}` },
    { meaning: "end it all", command: "npm run demo -- --stop" },
  ];
  const lines = formatTable<Hint>(
    [
      { title: "", cell: ({ meaning }) => meaning },
      { title: "", cell: ({ command }) => command },
    ],
    hints,
  );
  return [
    "It goes on running. The API server listens inside the LAN: commands start in one of its namespaces.",
    "",
    `export KUBECONFIG=${controlPlane.kubeconfig()}`,
    ...lines.slice(1),
    "",
  ];
}

/** Ends and removes every cluster that was left running; says how many. */
export async function stopKept(): Promise<number> {
  const kept = keptLans();
  for (const { prefix, note } of kept) {
    await removeLan(prefix);
    const { controlPlaneFolder } = (note ?? {}) as Partial<Note>;
    if (controlPlaneFolder) rmSync(controlPlaneFolder, { recursive: true, force: true });
  }
  return kept.length;
}
