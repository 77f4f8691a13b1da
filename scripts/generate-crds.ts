/** crds/*.yaml from the schemas in src/api. */
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { addressPoolSchema } from "../src/api/addressPool.ts";
import { agentConfigSchema } from "../src/api/agentConfig.ts";
import { group, version } from "../src/api/group.ts";
import { nodeAgentSchema } from "../src/api/nodeAgent.ts";
import { virtualIPSchema } from "../src/api/virtualIP.ts";
import { virtualServerSchema } from "../src/api/virtualServer.ts";
import { type JsonSchema, structural } from "./structural-schema.ts";

interface Column {
  name: string;
  type: "string" | "integer" | "boolean" | "date";
  jsonPath: string;
  description: string;
  /** 1: only with `-o wide`. */
  priority?: 1;
}

interface Kind {
  kind: string;
  singular: string;
  plural: string;
  shortName: string;
  description: string;
  schema: z.ZodObject;
  columns: Column[];
  /** Default: of the cluster. */
  namespaced?: true;
  /** Fields that `--field-selector` and watches may select by. */
  selectableFields?: string[];
}

const age: Column = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "Time since the object was made." };

const kinds: Kind[] = [
  {
    kind: "VirtualIP",
    singular: "virtualip",
    plural: "virtualips",
    shortName: "vip",
    description: "VirtualIP is a set of addresses that float together between nodes: one healthy node answers for them.",
    schema: virtualIPSchema,
    columns: [
      { name: "Addresses", type: "string", jsonPath: ".status.summary.addresses", description: "The addresses." },
      { name: "Node", type: "string", jsonPath: ".status.activeNode", description: "The node that answers for them." },
      { name: "State", type: "string", jsonPath: ".status.summary.state", description: "What the addresses are doing." },
      {
        name: "Ready",
        type: "string",
        jsonPath: '.status.conditions[?(@.type=="Ready")].status',
        description: "Whether one node answers for all of them.",
      },
      { name: "Interface", type: "string", jsonPath: ".status.summary.interface", description: "Interface of that node.", priority: 1 },
      { name: "VRID", type: "integer", jsonPath: ".status.virtualRouterID", description: "Virtual router ID.", priority: 1 },
      { name: "Priority", type: "integer", jsonPath: ".status.summary.priority", description: "Priority of that node.", priority: 1 },
      {
        name: "Backups",
        type: "string",
        jsonPath: ".status.summary.backups",
        description: "Nodes that stand by, best first.",
        priority: 1,
      },
      {
        name: "Last-Failover",
        type: "date",
        jsonPath: ".status.summary.lastFailover",
        description: "Time since the last move.",
        priority: 1,
      },
      { name: "Reason", type: "string", jsonPath: ".status.summary.reason", description: "Reason of the last move.", priority: 1 },
      age,
    ],
    selectableFields: [".status.activeNode", ".spec.segment"],
  },
  {
    kind: "VirtualServer",
    singular: "virtualserver",
    plural: "virtualservers",
    shortName: "vs",
    description: "VirtualServer is an IPVS service on the addresses of a VirtualIP, with its real servers and how their health is known.",
    schema: virtualServerSchema,
    namespaced: true,
    columns: [
      { name: "Addresses", type: "string", jsonPath: ".status.summary.addresses", description: "Addresses that it is served on." },
      { name: "Ports", type: "string", jsonPath: ".status.summary.ports", description: "Protocol and ports, or the firewall mark." },
      { name: "Scheduler", type: "string", jsonPath: ".spec.scheduler", description: "How a real server is chosen." },
      { name: "Forwarding", type: "string", jsonPath: ".spec.forwarding", description: "How packets reach the real servers." },
      { name: "Servers", type: "string", jsonPath: ".status.summary.servers", description: "Real servers that are up, of all." },
      {
        name: "Ready",
        type: "string",
        jsonPath: '.status.conditions[?(@.type=="Ready")].status',
        description: "Whether the active node serves it, with enough servers.",
      },
      { name: "VirtualIP", type: "string", jsonPath: ".spec.virtualIP", description: "The VirtualIP that it is on.", priority: 1 },
      { name: "Node", type: "string", jsonPath: ".status.activeNode", description: "The node that serves it.", priority: 1 },
      age,
    ],
    selectableFields: [".spec.virtualIP", ".status.activeNode"],
  },
  {
    kind: "NodeAgent",
    singular: "nodeagent",
    plural: "nodeagents",
    shortName: "na",
    description: "NodeAgent is what one node shall run (spec, written by the operator) and what it runs (status, written by its agent).",
    schema: nodeAgentSchema,
    columns: [
      { name: "State", type: "string", jsonPath: ".status.state", description: "State of the agent." },
      { name: "Master", type: "integer", jsonPath: ".status.masters", description: "Virtual routers in MASTER." },
      { name: "Backup", type: "integer", jsonPath: ".status.backups", description: "Virtual routers in BACKUP." },
      { name: "Version", type: "string", jsonPath: ".status.version", description: "Version of the agent." },
      { name: "Reported", type: "date", jsonPath: ".status.lastReportTime", description: "Time since the agent's last report." },
      age,
    ],
  },
  {
    kind: "AgentConfig",
    singular: "agentconfig",
    plural: "agentconfigs",
    shortName: "agc",
    description:
      "AgentConfig is what nodes shall have whatever the elections say. Those of one node are merged in the order of their names.",
    schema: agentConfigSchema,
    columns: [
      { name: "Nodes", type: "integer", jsonPath: ".status.nodes", description: "How many nodes it concerns." },
      {
        name: "Accepted",
        type: "string",
        jsonPath: '.status.conditions[?(@.type=="Accepted")].status',
        description: "Whether it is in force.",
      },
      age,
    ],
  },
  {
    kind: "AddressPool",
    singular: "addresspool",
    plural: "addresspools",
    shortName: "pool",
    description: "AddressPool is a set of addresses that Services of type LoadBalancer get, and how the VirtualIPs are that hold them.",
    schema: addressPoolSchema,
    columns: [
      { name: "Addresses", type: "string", jsonPath: ".status.summary.addresses", description: "The addresses." },
      { name: "IPv4", type: "string", jsonPath: ".status.summary.ipv4", description: "IPv4 addresses that are used, of all." },
      { name: "IPv6", type: "string", jsonPath: ".status.summary.ipv6", description: "IPv6 addresses that are used, of all." },
      { name: "Services", type: "integer", jsonPath: ".status.services", description: "Services that have addresses." },
      {
        name: "Accepted",
        type: "string",
        jsonPath: '.status.conditions[?(@.type=="Accepted")].status',
        description: "Whether it gives addresses.",
      },
      { name: "Auto", type: "boolean", jsonPath: ".spec.autoAssign", description: "Whether to Services that do not ask.", priority: 1 },
      { name: "Priority", type: "integer", jsonPath: ".spec.priority", description: "Its place among the pools.", priority: 1 },
      { name: "DataPlane", type: "string", jsonPath: ".spec.dataPlane.mode", description: "Who takes packets to the pods.", priority: 1 },
      age,
    ],
  },
];

/** What `kubectl explain` says of the two halves of an object. */
const halves: Record<string, string> = { spec: "What shall be.", status: "What is, as operator and agents see it." };

function describeHalves(properties: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      name in halves ? { description: halves[name], ...(schema as JsonSchema) } : schema,
    ]),
  );
}

function customResourceDefinition(kind: Kind): object {
  const json = z.toJSONSchema(kind.schema, { target: "openapi-3.0", io: "input" }) as JsonSchema;
  const { properties, required } = structural({ ...json, $schema: undefined });
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${kind.plural}.${group}` },
    spec: {
      group,
      scope: kind.namespaced ? "Namespaced" : "Cluster",
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        singular: kind.singular,
        plural: kind.plural,
        shortNames: [kind.shortName],
        categories: ["aloft"],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns,
          ...(kind.selectableFields && { selectableFields: kind.selectableFields.map((jsonPath) => ({ jsonPath })) }),
          schema: {
            openAPIV3Schema: {
              type: "object",
              description: kind.description,
              required: (required as string[]).filter((field) => field !== "metadata"),
              properties: { ...describeHalves(properties as JsonSchema), metadata: { type: "object" } },
            },
          },
        },
      ],
    },
  };
}

export function customResourceDefinitions(): [path: string, text: string][] {
  return kinds.map((kind) => [
    join(import.meta.dirname, "../crds", `${group}_${kind.plural}.yaml`),
    `# Generated from src/api by \`npm run generate\`; do not edit.\n${stringify(customResourceDefinition(kind), { lineWidth: 140, aliasDuplicateObjects: false, compat: "yaml-1.1" })}`,
  ]);
}
