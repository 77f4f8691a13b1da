/** Which vrrp_instances of several nodes are one virtual router. */
import type { VirtualRouterSpec } from "../../api/nodeAgent.ts";
import type { Position } from "../diagnostic.ts";
import type { LoadedKeepalived } from "../loadKeepalived.ts";

/** A node and its keepalived.conf. */
export interface ImportedNode {
  /** As Kubernetes knows it. */
  name: string;
  /** Without an error. */
  loaded: LoadedKeepalived;
}

/** An instance of a node. */
export interface Member {
  node: ImportedNode;
  router: VirtualRouterSpec;
  password: string | undefined;
  /** Of a field, or of the instance. */
  place(field?: keyof VirtualRouterSpec): Position;
}

/** At most one of each node. */
export type Cluster = [Member, ...Member[]];

function readMembers(node: ImportedNode): Member[] {
  const { spec, secrets, config } = node.loaded;
  const places = node.loaded.places();
  return spec.virtualRouters.map((router, index) => {
    const path = `virtualRouters[${index}]`;
    const { passwordRef } = router;
    return {
      node,
      router,
      password: passwordRef && secrets.find(({ name, key }) => name === passwordRef.name && key === passwordRef.key)?.value,
      place: (field) => places.get(`${path}.${field}`) ?? places.get(path) ?? config.position,
    };
  });
}

const sharesAddress = ({ router: a }: Member, { router: b }: Member) => {
  const hosts = new Set(a.addresses.map(({ address }) => address.split("/")[0]));
  return b.addresses.some(({ address }) => hosts.has(address.split("/")[0]));
};
const sameRouterID = ({ router: a }: Member, { router: b }: Member) => a.virtualRouterID === b.virtualRouterID;
const sameName = ({ router: a }: Member, { router: b }: Member) => a.virtualIP === b.virtualIP;
const sameInterface = ({ router: a }: Member, { router: b }: Member) => a.interface === b.interface;

/** What makes two instances one, the surest first. A mistake in one of them shall be reported, not make two virtual routers of them. */
const signs: readonly ((a: Member, b: Member) => boolean)[] = [
  (a, b) => sameRouterID(a, b) && sharesAddress(a, b),
  sharesAddress,
  (a, b) => sameRouterID(a, b) && sameName(a, b),
  (a, b) => sameRouterID(a, b) && sameInterface(a, b),
];

/** In the order in which the files name them. */
export function findClusters(nodes: readonly ImportedNode[]): Cluster[] {
  const clusters: Cluster[] = [];
  for (const node of nodes) {
    let left = readMembers(node);
    for (const isSame of signs) left = left.filter((member) => !join(member, clusters, isSame));
    clusters.push(...left.map((member): Cluster => [member]));
  }
  return clusters;
}

/** Whether a cluster took the member in. */
function join(member: Member, clusters: readonly Cluster[], isSame: (a: Member, b: Member) => boolean): boolean {
  const cluster = clusters.find(
    (others) =>
      others[0].router.family === member.router.family &&
      others.every(({ node }) => node !== member.node) &&
      others.some((other) => isSame(other, member)),
  );
  cluster?.push(member);
  return cluster !== undefined;
}

/** The node of the highest priority: what only it decides is as it has it. */
export function leaderOf(cluster: Cluster): Member {
  return cluster.reduce((best, member) => (member.router.priority > best.router.priority ? member : best));
}
