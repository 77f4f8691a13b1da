/** What the values of charts/aloft may be. The chart's values.schema.json is made of this. */
import { z } from "zod";
import { logLevels } from "../../src/runtime/log.ts";

const name = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
  .max(253);
const port = z.int().min(1).max(65_535);
/** They are mounted: the root cannot be, and as the place of the state it would be the whole disk. */
const directory = z.string().regex(/^(\/[^,/]+)+$/, "must be an absolute path, and not the root");
/** What the operator takes: a second at least. */
const longDuration = z.string().regex(/^([1-9][0-9]{0,6}(s|m|h)){1,3}$/, 'must be a duration such as "15s" or "1m30s"');
/** As Kubernetes has them: this chart hands them on. */
const object = z.record(z.string(), z.unknown());
const labels = z.record(z.string(), z.string());
const toggle = z.strictObject({ enabled: z.boolean() });
/** Those that an agent may have a use for, without CAP_. */
const capability = z.enum([
  ...(["NET_ADMIN", "NET_RAW", "SYS_NICE", "BPF", "PERFMON", "SYS_PTRACE", "SETUID", "SETGID", "KILL", "CHOWN"] as const),
  ...(["DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "IPC_LOCK", "SYS_ADMIN", "SYS_RESOURCE"] as const),
]);
const quantity = z.union([z.string().regex(/^[0-9.]+([eE]?[0-9]*|m|[kMGTPE]i?)$/), z.number()]);
const seconds = (least: number, most: number) => z.int().min(least).max(most);
/** Of one address or none: brackets around IPv6. */
const listenAddress = z.string().regex(/^([0-9.]*|\[[0-9a-fA-F:.]+\])$/, "must be an IPv4 address, an IPv6 address in brackets, or empty");

const resources = z.strictObject({
  requests: z.strictObject({ cpu: quantity.optional(), memory: quantity.optional() }).optional(),
  limits: z.strictObject({ cpu: quantity.optional(), memory: quantity.optional() }).optional(),
});
/** A process that the kernel stops when it has used its share sends no adverts. */
const resourcesWithoutCpuLimit = resources.extend({ limits: z.strictObject({ memory: quantity.optional() }).optional() });

const scheduling = {
  priorityClassName: z.union([name, z.literal("")]),
  nodeSelector: labels,
  affinity: object,
  tolerations: z.array(object),
  podAnnotations: labels,
  podLabels: labels,
  extraArgs: z.array(z.string().startsWith("--")),
  extraEnv: z.array(object),
  logLevel: z.enum(logLevels),
  listenAddress,
  port,
};

const alert = z.strictObject({
  enabled: z.boolean(),
  for: z.string().regex(/^([0-9]+(ms|[smhdwy]))+$/),
  severity: z.string().min(1),
});
const alertWithThreshold = alert.extend({ threshold: z.number().positive() });

const subject = z.strictObject({
  kind: z.enum(["ServiceAccount", "User", "Group"]),
  name: z.string().min(1),
  namespace: name.optional(),
  apiGroup: z.string().optional(),
});

export const valuesSchema = z.strictObject({
  global: object.optional(),
  image: z.strictObject({
    repository: z.string().regex(/^[a-z0-9]([-a-z0-9._:/]*[a-z0-9])?$/),
    tag: z.string().regex(/^[A-Za-z0-9_.-]{0,128}$/),
    digest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/),
    pullPolicy: z.enum(["Always", "IfNotPresent", "Never"]),
    pullSecrets: z.array(name),
  }),
  commonLabels: labels,
  namespace: z.strictObject({ create: z.boolean() }),
  crds: z.strictObject({ install: z.boolean(), keep: z.boolean() }),
  operator: z.strictObject({
    ...scheduling,
    replicas: z.int().min(1).max(5),
    leaseDuration: longDuration,
    deadAfter: longDuration,
    defaultLoadBalancer: z.boolean(),
    resources,
    statusPage: toggle.extend({ listenAddress, port }),
    podDisruptionBudget: toggle,
    topologySpread: toggle,
  }),
  agent: z.strictObject({
    ...scheduling,
    stateDirectory: directory,
    features: z.strictObject({
      realTime: z.boolean(),
      gate: z.boolean(),
      ipvs: z.boolean(),
      processes: z.boolean(),
      programs: z.strictObject({ enabled: z.boolean(), directories: z.array(directory), user: z.string() }),
    }),
    capabilities: z.strictObject({
      always: z.array(capability),
      realTime: z.array(capability),
      gate: z.array(capability),
      ipvs: z.array(capability),
      processes: z.array(capability),
      programs: z.array(capability),
    }),
    secrets: z.array(z.union([name, z.literal("*")])),
    resources: resourcesWithoutCpuLimit,
    maxUnavailable: z.union([z.int().min(1), z.string().regex(/^[1-9][0-9]?%$/)]),
    minReadySeconds: seconds(0, 3600),
    // The agent itself takes up to 10 s to hand over and to report.
    terminationGracePeriodSeconds: seconds(12, 3600),
  }),
  rbac: z.strictObject({ operatorSubjects: z.array(subject), agentSubjects: z.array(subject) }),
  admissionPolicy: toggle,
  networkPolicy: toggle.extend({ metricsFrom: z.array(object), statusPageFrom: z.array(object), apiServerPorts: z.array(port).min(1) }),
  monitoring: z.strictObject({
    serviceMonitor: toggle,
    podMonitor: toggle,
    interval: z.string().regex(/^[0-9]+(ms|s|m)$/),
    labels,
    prometheusRule: toggle.extend({
      rules: z.strictObject({
        noOwner: alert,
        twoOwners: alert,
        flapping: alertWithThreshold,
        addressConflict: alert,
        foreignRouter: alert,
        agentDown: alert,
        operatorDown: alert,
        poolNearlyFull: alertWithThreshold,
        quorumLost: alert,
        lateTimers: alertWithThreshold,
      }),
      extraRules: z.array(object),
    }),
    dashboard: toggle.extend({ labels }),
  }),
  uninstall: z.strictObject({ withdraw: z.boolean(), timeoutSeconds: seconds(10, 3600) }),
});

/** JSON Schema as Helm checks values against it, after the chart's own defaults are filled in. */
export function valuesJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(valuesSchema, { target: "draft-7", io: "input" }), undefined, 2)}\n`;
}
