/** VirtualIP specs about the nodes that take part that the API takes and refuses; see schemaCases.ts. */
import type { BadCase, GoodCase } from "./schemaCases.ts";

const addresses = [{ address: "192.0.2.10/24" }];
const withVrrp = (vrrp: object) => ({ addresses, vrrp });
const withNodes = (nodes: object) => ({ addresses, nodes });
const withRequirement = (requirement: object) => withNodes({ selector: { matchExpressions: [requirement] } });

export const goodNodes: GoodCase[] = [
  {
    name: "overrides with different priorities",
    spec: withNodes({
      maxCandidates: 3,
      overrides: [
        { name: "n1", priority: 255 },
        { name: "n2", priority: 1 },
        { name: "n3", interface: "eth1" },
      ],
    }),
  },
  {
    name: "a selector with every operator",
    spec: withNodes({
      selector: {
        matchLabels: { "example.com/edge": "" },
        matchExpressions: [
          { key: "zone", operator: "In", values: ["a", "b"] },
          { key: "tier", operator: "NotIn", values: ["test"] },
          { key: "edge", operator: "Exists" },
          { key: "drained", operator: "DoesNotExist", values: [] },
        ],
      },
    }),
  },
  { name: "candidates by their names", spec: withNodes({ names: ["n1", "n2.example.com"] }) },
  { name: "a planned move", spec: withNodes({ preferred: "n2" }) },
  {
    name: "source addresses",
    spec: {
      ...withVrrp({ sourceAddress: { ipv4: "192.0.2.1" } }),
      nodes: { overrides: [{ name: "n2", sourceAddress: { ipv4: "192.0.2.2", ipv6: "fe80::2" } }] },
    },
  },
];

export const badNodes: BadCase[] = [
  {
    name: "no candidates",
    spec: withNodes({ maxCandidates: 0 }),
    field: "spec.nodes.maxCandidates",
    says: "should be greater than or equal to 1",
  },
  {
    name: "priority 0",
    spec: withNodes({ overrides: [{ name: "n1", priority: 0 }] }),
    field: "spec.nodes.overrides[0].priority",
    says: "should be greater than or equal to 1",
  },
  {
    name: "priority 300",
    spec: withNodes({ overrides: [{ name: "n1", priority: 300 }] }),
    field: "spec.nodes.overrides[0].priority",
    says: "should be less than or equal to 255",
  },
  {
    name: "equal priorities",
    spec: withNodes({
      overrides: [
        { name: "n1", priority: 200 },
        { name: "n2", priority: 200 },
      ],
    }),
    field: "spec.nodes.overrides",
    says: "priority must differ between the nodes",
  },
  {
    name: "two overrides of one node",
    spec: withNodes({ overrides: [{ name: "n1" }, { name: "n1", interface: "eth1" }] }),
    field: "spec.nodes.overrides[1]",
    says: "Duplicate value",
  },
  {
    name: "an unknown selector operator",
    spec: withRequirement({ key: "zone", operator: "Gt", values: ["1"] }),
    field: "spec.nodes.selector.matchExpressions[0].operator",
    says: '"In", "NotIn", "Exists", "DoesNotExist"',
  },
  {
    name: "In without values",
    spec: withRequirement({ key: "zone", operator: "In" }),
    field: "spec.nodes.selector.matchExpressions[0].values",
    says: "values must be given with the operators In and NotIn",
  },
  {
    name: "Exists with values",
    spec: withRequirement({ key: "zone", operator: "Exists", values: ["a"] }),
    field: "spec.nodes.selector.matchExpressions[0].values",
    says: "left out with Exists and DoesNotExist",
  },
];
