/** The environment of kube-vip's DaemonSet or static Pod → the address of the control plane, and the interface of Services. */
import { z } from "zod";
import { parseAddress } from "../../api/ipAddress.ts";
import type { LabelSelector } from "../../api/labelSelector.ts";
import { type ControlPlaneAddress, controlPlaneVirtualIP } from "../../plan/controlPlane.ts";
import type { Manifest } from "../manifest.ts";
import type { MigratedObject } from "../objects.ts";
import { anyOf } from "../selectors.ts";
import { shellWord } from "../shellWord.ts";
import { reportVariable } from "./variables.ts";

export interface KubeVipAgents {
  /** Of a DaemonSet: the control plane's address as an object. */
  objects: MigratedObject[];
  /** Of a static Pod: what makes one of Aloft's. */
  commands: string[];
  /** Where addresses of Services stand. */
  serviceInterface?: string;
}

const variableSchema = z.object({ name: z.string(), value: z.string().default("") }).loose();
const containerSchema = z.looseObject({ image: z.string().default(""), env: z.array(variableSchema).default([]) });
const expressionSchema = z.looseObject({
  key: z.string(),
  operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
  values: z.array(z.string()).optional(),
});
const termSchema = z.looseObject({ matchExpressions: z.array(expressionSchema).default([]) });
const requiredSchema = z.looseObject({ nodeSelectorTerms: z.array(termSchema).default([]) });
const affinitySchema = z.looseObject({
  nodeAffinity: z.looseObject({ requiredDuringSchedulingIgnoredDuringExecution: requiredSchema.optional() }).optional(),
});
const podSchema = z.looseObject({
  containers: z.array(containerSchema).default([]),
  nodeSelector: z.record(z.string(), z.string()).optional(),
  affinity: affinitySchema.optional(),
});
const templateSchema = z.looseObject({ template: z.looseObject({ spec: podSchema }) });

/** Of the API server, with kube-vip and with us. */
const usualPort = 6443;
const kubeVipImage = /(^|\/)kube-vip(-iptables)?([:@]|$)/;

interface Pod {
  manifest: Manifest;
  spec: z.infer<typeof podSchema>;
  path: PropertyKey[];
}

/** Undefined for what is no Pod of kube-vip's. */
export function readKubeVip(manifest: Manifest): KubeVipAgents | undefined {
  const isStatic = manifest.kind === "Pod";
  const { object } = manifest;
  const spec = isStatic ? podSchema.safeParse(object.spec).data : templateSchema.safeParse(object.spec).data?.template.spec;
  const index = spec?.containers.findIndex(({ image }) => kubeVipImage.test(image)) ?? -1;
  if (!spec || index < 0) return undefined;
  const pod: Pod = { manifest, spec, path: isStatic ? ["spec"] : ["spec", "template", "spec"] };
  const environment = new Environment(spec.containers[index]?.env ?? [], [...pod.path, "containers", index, "env"]);
  environment.report(manifest);
  if (environment.value("vip_arp") !== "true") {
    manifest.warn(environment.path("vip_arp"), 'vip_arp: expected "true": what is not answered for by ARP is left out', "not-offered");
    return { objects: [], commands: [] };
  }
  const link = environment.value("vip_interface");
  const services = environment.value("svc_enable") === "true" ? environment.value("vip_servicesinterface") || link : "";
  const plane = environment.value("cp_enable") === "true" ? controlPlaneOf(manifest, environment) : undefined;
  return {
    objects: plane && !isStatic ? [{ object: controlPlaneVirtualIP({ ...plane, nodes: nodesOf(pod) }), from: [manifest] }] : [],
    commands: plane && isStatic ? [manifestCommand(plane)] : [],
    ...(services !== "" && { serviceInterface: services }),
  };
}

class Environment {
  readonly #variables: readonly z.infer<typeof variableSchema>[];
  readonly #path: PropertyKey[];

  constructor(variables: readonly z.infer<typeof variableSchema>[], path: PropertyKey[]) {
    this.#variables = variables;
    this.#path = path;
  }

  value(name: string): string {
    return this.#variables.find((variable) => variable.name === name)?.value ?? "";
  }

  path(name: string): PropertyKey[] {
    const index = this.#variables.findIndex((variable) => variable.name === name);
    return index < 0 ? this.#path : [...this.#path, index];
  }

  report(manifest: Manifest): void {
    for (const { name, value } of this.#variables) reportVariable(manifest, this.path(name), name, value);
  }
}

type Plane = Pick<ControlPlaneAddress, "addresses" | "apiPort" | "interface">;

function controlPlaneOf(manifest: Manifest, environment: Environment): Plane | undefined {
  const name = environment.value("address") === "" ? "vip_address" : "address";
  const text = environment.value(name);
  const addresses = text.split(",").map((address) => address.trim());
  const link = environment.value("vip_interface");
  if (addresses.every(parseAddress))
    return { addresses, apiPort: Number(environment.value("port") || usualPort), ...(link !== "" && { interface: link }) };
  manifest.warn(environment.path(name), `${name}: expected an IP address for the control plane, got "${text}": left out`, "value");
  return undefined;
}

function manifestCommand({ addresses, apiPort, ...plane }: Plane): string {
  const flags = addresses.flatMap((address) => ["--address", address]);
  const link = plane.interface === undefined ? [] : ["--interface", plane.interface];
  const port = apiPort === usualPort ? [] : ["--api-port", String(apiPort)];
  return ["aloft", "manifest", "control-plane", ...flags, ...link, ...port].map(shellWord).join(" ");
}

/** Up to Kubernetes 1.24 nodes of the control plane had it; kube-vip's own manifest asks for either. */
const formerLabel = "node-role.kubernetes.io/master";

/** Nodes where the DaemonSet runs. */
function nodesOf({ manifest, spec, path }: Pod): LabelSelector | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const selectors = terms
    .map(({ matchExpressions }) => ({
      matchExpressions: matchExpressions.map(({ key, operator, values }) => ({ key, operator, ...(values && { values }) })),
    }))
    .filter(({ matchExpressions }) => terms.length === 1 || matchExpressions.some(({ key }) => key !== formerLabel));
  const affinity = selectors.length === 0 ? {} : anyOf(selectors);
  if (!affinity) {
    const what = `expected one term, or several of the values of one label: a VirtualIP has one selector, got ${selectors.length}`;
    manifest.fail([...path, "affinity", "nodeAffinity"], what, "conflict");
    return undefined;
  }
  const matchLabels = { ...affinity.matchLabels, ...spec.nodeSelector };
  const selector = {
    ...(Object.keys(matchLabels).length > 0 && { matchLabels }),
    ...(affinity.matchExpressions?.length && { matchExpressions: affinity.matchExpressions }),
  };
  return Object.keys(selector).length > 0 ? selector : undefined;
}
