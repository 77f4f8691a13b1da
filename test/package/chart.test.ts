import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { valuesSchema } from "../../scripts/chart/values.ts";
import { chartFolder, everything, helm, type Manifest, nothing, pick, render } from "./chart.ts";

const defaults = parse(readFileSync(join(chartFolder, "values.yaml"), "utf8"));

test("helm lint", async () => {
  for (const values of [[], everything, nothing]) {
    const set = values.flatMap((value) => ["--set", value]);
    assert.match(await helm(["lint", "--strict", chartFolder, ...set]), /0 chart\(s\) failed/);
  }
});

test("the schema takes the chart's own values", () => {
  assert.deepEqual(valuesSchema.safeParse(defaults).error?.issues, undefined);
});

const refused: [what: string, values: string[], message: RegExp][] = [
  ["a value that there is not", ["agent.replicas=3"], /agent.*additional properties 'replicas' not allowed/s],
  ["a CPU limit of agents", ["agent.resources.limits.cpu=100m"], /limits.*additional properties 'cpu' not allowed/s],
  ["a grace too short to hand over", ["agent.terminationGracePeriodSeconds=5"], /minimum: got 5, want 12/],
  ["a relative directory of programs", ["agent.features.programs.directories={scripts}"], /does not match pattern/],
  ["a capability with its prefix", ["agent.capabilities.gate={CAP_BPF}"], /capabilities/],
  ["an unknown log level", ["operator.logLevel=verbose"], /logLevel/],
  ["no replica", ["operator.replicas=0"], /minimum: got 0, want 1/],
  ["a duration without unit", ["operator.leaseDuration=15"], /leaseDuration/],
  ["a digest that is none", ["image.digest=latest"], /digest/],
  ["a lease that the operator refuses", ["operator.leaseDuration=100ms"], /leaseDuration/],
  ["the root as the state directory", ["agent.stateDirectory=/"], /stateDirectory/],
  ["two servers on one port", ["operator.port=8080"], /operator\.port and operator\.statusPage\.port are both 8080/],
  ["an address that probes do not reach", ["operator.listenAddress=127.0.0.1"], /operator\.listenAddress: the kubelet's probes/],
  ["programs without a directory", ["agent.features.programs.enabled=true"], /no program may run/],
  [
    "each metric twice",
    ["monitoring.serviceMonitor.enabled=true", "monitoring.podMonitor.enabled=true"],
    /serviceMonitor and podMonitor .* enable one of them/,
  ],
  [
    "metrics that Prometheus does not reach",
    ["monitoring.podMonitor.enabled=true", "agent.listenAddress=[::1]"],
    /agent\.listenAddress: Prometheus does not get to \[::1\]/,
  ],
];
for (const [what, values, message] of refused) {
  test(`the chart refuses ${what}`, async () => {
    await assert.rejects(render(values), message);
  });
}

const switches: [value: string, kind: string, name: string][] = [
  ["crds.install=false", "CustomResourceDefinition", "virtualips.aloft.dev"],
  ["operator.podDisruptionBudget.enabled=false", "PodDisruptionBudget", "aloft-operator"],
  ["admissionPolicy.enabled=false", "ValidatingAdmissionPolicy", "aloft-agent-own-status"],
  ["admissionPolicy.enabled=false", "ValidatingAdmissionPolicyBinding", "aloft-agent-own-status"],
  ["uninstall.withdraw=false", "Job", "aloft-withdraw"],
  ["namespace.create=false", "Namespace", "aloft-system"],
  ["networkPolicy.enabled=false", "NetworkPolicy", "aloft-operator"],
  ["monitoring.serviceMonitor.enabled=false", "ServiceMonitor", "aloft-agent"],
  ["monitoring.prometheusRule.enabled=false", "PrometheusRule", "aloft"],
  ["monitoring.dashboard.enabled=false", "ConfigMap", "aloft-dashboard"],
  ["agent.secrets", "Role", "aloft-agent"],
];
for (const [value, kind, name] of switches) {
  test(`${value} leaves out the ${kind} ${name}`, async () => {
    const has = (manifests: Manifest[]) => manifests.filter((manifest) => manifest.kind === kind && manifest.metadata.name === name).length;
    const others = everything.filter((other) => other.split("=")[0] !== value.split("=")[0]);
    assert.equal(has(await render(everything)), 1);
    assert.equal(has(await render(value.includes("=") ? [...others, value] : others)), 0);
  });
}

const agentContainer = (manifests: Manifest[]) => pick(manifests, "DaemonSet").spec.template.spec.containers[0];

const features: [feature: string, capabilities: string[]][] = [
  ["realTime", ["SYS_NICE"]],
  ["gate", ["BPF"]],
  ["ipvs", []],
  ["processes", ["SYS_PTRACE"]],
  ["programs.enabled", ["SETUID", "SETGID", "KILL", "CHOWN"]],
];
for (const [feature, capabilities] of features) {
  test(`the agent's feature ${feature} takes ${capabilities.join(", ") || "no capability"} more`, async () => {
    const off = ["realTime", "gate", "ipvs", "processes", "programs.enabled"].map((name) => `agent.features.${name}=false`);
    off.push("agent.features.programs.directories={/etc/aloft}");
    const added = async (values: string[]) => agentContainer(await render([...off, ...values])).securityContext.capabilities.add;
    assert.deepEqual(await added([]), ["NET_ADMIN", "NET_RAW"]);
    assert.deepEqual(await added([`agent.features.${feature}=true`]), ["NET_ADMIN", "NET_RAW", ...capabilities]);
  });
}

test("agents: of the node's network, tolerant, replaced one at a time, without a CPU limit, read-only", async () => {
  const { spec } = pick(await render(), "DaemonSet");
  const pod = spec.template.spec;
  const { securityContext, resources } = pod.containers[0];
  assert.deepEqual([pod.hostNetwork, pod.hostPID, pod.priorityClassName], [true, undefined, "system-node-critical"]);
  assert.deepEqual(pod.tolerations, [{ operator: "Exists" }]);
  assert.deepEqual(spec.updateStrategy, { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } });
  assert.equal(resources.limits.cpu, undefined);
  assert.ok(pod.terminationGracePeriodSeconds > 10, "the agent itself takes up to 10 s");
  assert.deepEqual(
    [securityContext.readOnlyRootFilesystem, securityContext.allowPrivilegeEscalation, securityContext.privileged],
    [true, false, undefined],
  );
});

test("agents see the node's settings only with virtual servers, and its processes only with checks of them", async () => {
  const paths = async (values: string[]) =>
    pick(await render(values), "DaemonSet").spec.template.spec.volumes.map(({ hostPath }: { hostPath: { path: string } }) => hostPath.path);
  assert.deepEqual(await paths([]), ["/var/lib/aloft", "/proc/sys/net", "/lib/modules"]);
  assert.deepEqual(await paths(["agent.features.ipvs=false"]), ["/var/lib/aloft"]);
  assert.equal(pick(await render(["agent.features.processes=true"]), "DaemonSet").spec.template.spec.hostPID, true);
});

test("agents are reached from elsewhere only when they are to be measured", async () => {
  const listens = async (values: string[]) => agentContainer(await render(values)).args.find((arg: string) => arg.startsWith("--http="));
  assert.equal(await listens([]), "--http=127.0.0.1:9105");
  assert.equal(await listens(["monitoring.podMonitor.enabled=true"]), "--http=:9105");
  assert.equal(await listens(["agent.listenAddress=10.0.0.1"]), "--http=10.0.0.1:9105");
});

test("operators: two, apart from each other, as nobody, without a right on the node", async () => {
  const { spec } = pick(await render(), "Deployment");
  const pod = spec.template.spec;
  assert.equal(spec.replicas, 2);
  assert.deepEqual(
    pod.topologySpreadConstraints.map(({ topologyKey }: { topologyKey: string }) => topologyKey),
    ["kubernetes.io/hostname", "topology.kubernetes.io/zone"],
  );
  assert.deepEqual([pod.securityContext.runAsNonRoot, pod.securityContext.runAsUser, pod.hostNetwork], [true, 65532, undefined]);
  const { capabilities, readOnlyRootFilesystem } = pod.containers[0].securityContext;
  assert.deepEqual([capabilities, readOnlyRootFilesystem, pod.volumes], [{ drop: ["ALL"] }, true, undefined]);
});

test("Services without a class are served where that is wanted", async () => {
  const args = async (values: string[]) => pick(await render(values), "Deployment").spec.template.spec.containers[0].args as string[];
  assert.equal((await args([])).includes("--default-load-balancer"), false);
  assert.equal((await args(["operator.defaultLoadBalancer=true"])).includes("--default-load-balancer"), true);
});

test("the status page: of the pod alone, unless it is opened; then for those whom the policy names", async () => {
  const argument = async (values: string[]) =>
    pick(await render(values), "Deployment").spec.template.spec.containers[0].args.find((arg: string) => arg.startsWith("--status-page="));
  assert.equal(await argument([]), "--status-page=127.0.0.1:8080");
  assert.equal(await argument(["operator.statusPage.listenAddress=", "operator.statusPage.port=8000"]), "--status-page=:8000");
  assert.equal(await argument(["operator.statusPage.enabled=false"]), undefined);
  const opened = async (values: string[]) => {
    const { spec } = pick(await render(["networkPolicy.enabled=true", ...values]), "NetworkPolicy");
    return spec.ingress.map(({ ports }: { ports: { port: number }[] }) => ports[0]?.port);
  };
  const from = "networkPolicy.statusPageFrom[0].podSelector.matchLabels.app=proxy";
  assert.deepEqual(await opened([]), [9106]);
  assert.deepEqual(await opened([from]), [9106, 8080]);
  assert.deepEqual(await opened([from, "operator.statusPage.enabled=false"]), [9106]);
});

test("agents may read what VirtualServers refer to only where there can be any", async () => {
  const resources = async (values: string[]) => {
    const rules = pick(await render(values), "ClusterRole", "aloft-agent").rules as { resources: string[] }[];
    return rules.flatMap((rule) => rule.resources).sort();
  };
  const always = ["nodeagents", "nodeagents/status", "nodes", "pods"];
  assert.deepEqual(await resources(["agent.features.ipvs=false"]), always);
  assert.deepEqual(await resources([]), [...always, "endpointslices", "services", "virtualservers"].sort());
});

test("a PodMonitor in place of the ServiceMonitor", async () => {
  const manifests = await render(["monitoring.podMonitor.enabled=true"]);
  const monitors = manifests.filter(({ apiVersion }) => apiVersion === "monitoring.coreos.com/v1");
  assert.deepEqual(monitors.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort(), [
    "PodMonitor aloft-agent",
    "PodMonitor aloft-operator",
  ]);
});

/** Those of hooks, too. */
function podsOf(manifests: Manifest[]): Map<string, Manifest> {
  const pod = (manifest: Manifest) => (manifest.kind === "Pod" ? manifest : manifest.spec?.template);
  return new Map(manifests.flatMap((manifest) => (pod(manifest) ? [[`${manifest.kind} ${manifest.metadata.name}`, pod(manifest)]] : [])));
}

test("labels of one's own are on all objects and pods, and select nothing", async () => {
  const manifests = await render(["commonLabels.team=network"]);
  for (const { kind, metadata } of manifests) assert.equal(metadata.labels?.team, "network", `${kind} ${metadata.name}`);
  for (const [name, pod] of podsOf(manifests)) assert.equal(pod.metadata.labels?.team, "network", name);
  assert.equal(pick(manifests, "DaemonSet").spec.selector.matchLabels.team, undefined);
});

test("the pods of hooks go where operators may, and reach the API server as they do", async () => {
  const pods = podsOf(
    await render(["operator.nodeSelector.zone=a", "operator.extraEnv[0].name=KUBERNETES_SERVICE_HOST", "operator.extraEnv[0].value=k"]),
  );
  const operator = pods.get("Deployment aloft-operator")?.spec;
  for (const name of ["Pod aloft-test", "Job aloft-withdraw"]) {
    const { nodeSelector, tolerations, containers } = pods.get(name)?.spec ?? {};
    assert.deepEqual([nodeSelector, tolerations], [{ "kubernetes.io/os": "linux", zone: "a" }, operator.tolerations], name);
    assert.deepEqual(containers[0].env.at(-1), { name: "KUBERNETES_SERVICE_HOST", value: "k" }, name);
  }
});

test("agents may read the Secrets that are named, and none without names", async () => {
  const { rules } = pick(await render(everything), "Role", "aloft-agent");
  assert.deepEqual(rules, [
    { apiGroups: [""], resources: ["secrets"], resourceNames: ["vrrp-password", "certificate"], verbs: ["get", "list", "watch"] },
  ]);
});

test("the image: tag of the chart, another one, a digest", async () => {
  const image = async (values: string[]) => agentContainer(await render(values)).image;
  const { appVersion } = parse(readFileSync(join(chartFolder, "Chart.yaml"), "utf8"));
  const digest = `sha256:${"0".repeat(64)}`;
  assert.equal(await image([]), `aloft.dev/aloft:${appVersion}`);
  assert.equal(await image(["image.repository=registry.example:5000/aloft", "image.tag=edge"]), "registry.example:5000/aloft:edge");
  assert.equal(await image([`image.digest=${digest}`]), `aloft.dev/aloft@${digest}`);
});

test("kinds stay when the release goes, unless that is not wanted", async () => {
  const policy = async (values: string[]) =>
    pick(await render(values), "CustomResourceDefinition").metadata.annotations?.["helm.sh/resource-policy"];
  assert.equal(await policy([]), "keep");
  assert.equal(await policy(["crds.keep=false"]), undefined);
});
