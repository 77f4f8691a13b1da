/** The chart as Helm renders it. */
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { ensureBinaries } from "../../scripts/build-control-plane.ts";
import { run } from "../support/command.ts";

export const chartFolder = join(import.meta.dirname, "../../charts/aloft");

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: of all kinds that there are.
  [field: string]: any;
}

export async function helm(args: string[]): Promise<string> {
  return run((await ensureBinaries(["helm"])).helm, args, { timeoutMs: 60_000 });
}

/** @param values as for --set. @throws Error with what Helm said. */
export async function render(values: string[] = [], more: string[] = []): Promise<Manifest[]> {
  const set = values.flatMap((value) => ["--set", value]);
  const text = await helm(["template", "aloft", chartFolder, "--namespace", "aloft-system", ...more, ...set]);
  return parseAllDocuments(text).flatMap((document) => (document.toJS() as Manifest | null) ?? []);
}

export function pick(manifests: Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind && (name === undefined || manifest.metadata.name === name));
  if (!found) throw new Error(`no ${kind} ${name ?? ""}`);
  return found;
}

/** All that can be switched on at once. */
export const everything = [
  "commonLabels.team=network",
  "namespace.create=true",
  "agent.features.processes=true",
  "agent.features.programs.enabled=true",
  "agent.features.programs.directories={/etc/aloft,/opt/checks}",
  "agent.features.programs.user=nobody",
  "agent.extraEnv[0].name=KUBERNETES_SERVICE_HOST",
  "agent.extraEnv[0].value=192.0.2.5",
  "operator.extraEnv[0].name=NODE_DEBUG",
  "operator.extraEnv[0].valueFrom.fieldRef.fieldPath=metadata.uid",
  "operator.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key=gpu",
  "operator.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator=DoesNotExist",
  "agent.secrets={vrrp-password,certificate}",
  "image.pullSecrets={registry}",
  "networkPolicy.enabled=true",
  "networkPolicy.statusPageFrom[0].podSelector.matchLabels.app=proxy",
  "monitoring.serviceMonitor.enabled=true",
  "monitoring.prometheusRule.enabled=true",
  "monitoring.dashboard.enabled=true",
  "monitoring.labels.release=prometheus",
];

/** All that can be switched off, at once. */
export const nothing = [
  "crds.install=false",
  "operator.statusPage.enabled=false",
  "operator.podDisruptionBudget.enabled=false",
  "operator.topologySpread.enabled=false",
  "agent.features.realTime=false",
  "agent.features.gate=false",
  "agent.features.ipvs=false",
  "admissionPolicy.enabled=false",
  "uninstall.withdraw=false",
];
