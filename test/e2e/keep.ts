/** A cluster that goes on running after the demo has ended: how to use it, and how to end it. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { keptLans, removeLan } from "../support/lanOwner.ts";
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

/** What a user types, line by line. */
export function howToUse(cluster: Cluster): string[] {
  const { lan, controlPlane } = cluster;
  const inside = (host: string) => `ip netns exec ${lan.namespace(host)}`;
  const [first = "n1"] = lan.nodes;
  return [
    "",
    "The cluster goes on running. The API server listens inside the LAN, so commands start in one of its namespaces:",
    "",
    `  export KUBECONFIG=${controlPlane.kubeconfig()}`,
    `  ${inside("fabric")} ${controlPlane.kubectlPath} get vip -o wide --watch`,
    `  ${inside("client")} arping -I eth0 ADDRESS                 what a client sees`,
    `  ${inside(first)} sh                                        enter a node`,
    `  ip -n ${lan.namespace("fabric")} link set ${first} nomaster           cut its link ("master br0" heals it)`,
    `  kill -9 ${cluster.agent(first).pid}                                   kill its agent`,
    `  ls ${join(lan.directory)}                        logs`,
    "",
    "  npm run demo -- --stop                              end it",
  ];
}

/** Ends and removes every cluster that was left running; says what was done. */
export async function stopKept(): Promise<string> {
  const kept = keptLans();
  for (const { prefix, note } of kept) {
    await removeLan(prefix);
    const { controlPlaneFolder } = (note ?? {}) as Partial<Note>;
    if (controlPlaneFolder) rmSync(controlPlaneFolder, { recursive: true, force: true });
  }
  return kept.length === 0 ? "nothing is running" : `ended ${kept.length} cluster${kept.length > 1 ? "s" : ""}`;
}
