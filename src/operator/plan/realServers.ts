/** Which nodes are real servers of VirtualServers with forwarding DR or TUN, and so take packets to addresses that are not their own. Pure. */
import { type Family, parseAddress, parsePrefix } from "../../api/ipAddress.ts";
import type { NodeRealServer, TunnelDevice } from "../../api/nodeAgent.ts";
import type { VirtualServerSpec } from "../../api/virtualServer.ts";
import { memoized } from "../../plan/memoized.ts";
import { tunnelDevice } from "../../plan/realServer.ts";
import { matches } from "../../plan/selector.ts";
import { type AgentView, type ClusterView, type NodeView, serverKey, type VirtualServerView } from "./cluster.ts";
import { isKept } from "./nodeServers.ts";
import type { ServerVerdict } from "./serverVerdicts.ts";

export interface RealServersQuestion {
  cluster: ClusterView;
  verdicts: ReadonlyMap<string, ServerVerdict>;
  /** Keys of those of which it is certain that they no longer exist. */
  gone: ReadonlySet<string>;
}

export type RealServersOf = (node: NodeView, agent: AgentView | undefined) => NodeRealServer[];

/** As many as NodeAgent.spec takes. */
const mostServers = 1024;

/** What a node has of one that is merely unknown, or not accepted in its present form, it keeps. */
export function placeRealServers({ cluster, verdicts, gone }: RealServersQuestion): RealServersOf {
  const views = cluster.virtualServers;
  if (!views) return (_node, agent) => agent?.spec.realServers ?? [];
  const known = new Map(views.map((view) => [view.key, view]));
  const accepted = views.flatMap((view) => acceptedServer(view, verdicts.get(view.key)));
  const keeps = (key: string) => (known.has(key) ? isKept(verdicts.get(key)) : !gone.has(key));
  return (node, agent) => {
    const before = agent?.spec.realServers ?? [];
    if (accepted.length + before.length === 0) return [];
    const own = addressesOf(agent?.status.interfaces ?? []);
    const entries = accepted.flatMap((server) => {
      const isUnknown = own.size === 0 && server.lists.length > 0;
      const { namespace, name } = server.view;
      if (isUnknown) return before.filter((entry) => entry.namespace === namespace && entry.name === name);
      return entryOf(server, node, own);
    });
    const kept = before.filter((entry) => keeps(serverKey(entry)));
    return [...kept, ...entries].slice(0, mostServers).sort((a, b) => (serverKey(a) < serverKey(b) ? -1 : 1));
  };
}

type ListedServer = NonNullable<VirtualServerSpec["realServers"]>[number];
/** What matters of a server that is listed, or of the sorry server. */
type Listed = Pick<ListedServer, "address" | "forwarding" | "tunnel">;

interface AcceptedServer {
  view: VirtualServerView;
  spec: VirtualServerSpec;
  /** Where packets go. */
  addresses: { text: string; family: Family }[];
  lists: Listed[];
}

/** None of one that has no address of its own: which ones a firewall mark means is in nobody's objects. */
function acceptedServer(view: VirtualServerView, verdict: ServerVerdict | undefined): AcceptedServer[] {
  const { spec } = view;
  if (!spec || !verdict?.accepted) return [];
  const addresses = verdict.addresses.flatMap((text) => {
    const family = parseAddress(text)?.family;
    return family ? [{ text, family }] : [];
  });
  const lists = [...(spec.realServers ?? []), ...(spec.sorryServer ? [spec.sorryServer] : [])];
  return addresses.length > 0 ? [{ view, spec, addresses, lists }] : [];
}

/** The addresses on the node's interfaces that are not Aloft's. */
const addressesOf = memoized((interfaces: NonNullable<AgentView["status"]["interfaces"]>): ReadonlySet<string> => {
  const all = interfaces.flatMap(({ addresses }) => addresses);
  return new Set(all.flatMap((text) => parsePrefix(text) ?? []).map(addressKey));
});

const addressKey = ({ family, bits }: { family: Family; bits: bigint }) => `${family} ${bits}`;

function entryOf({ view, spec, addresses, lists }: AcceptedServer, node: NodeView, own: ReadonlySet<string>): NodeRealServer[] {
  // On every node: which of them have pods their agents see, while the operator is away, too.
  if (spec.service?.targets === "Nodes") {
    return [{ namespace: view.namespace, name: view.name, addresses: addresses.map(({ text }) => text).sort(), translates: true }];
  }
  const texts = new Set<string>();
  const tunnels = new Set<TunnelDevice>();
  const serve = ({ forwarding = spec.forwarding, tunnel = spec.tunnel }: Omit<Listed, "address">, server: Family | undefined) => {
    if (forwarding === "NAT") return;
    for (const { text, family } of addresses) {
      // Without a tunnel a server of one family gets no packets of the other.
      if (forwarding === "DR" && server !== undefined && server !== family) continue;
      texts.add(text);
      if (forwarding === "TUN") tunnels.add(tunnelDevice(tunnel?.type ?? "IPIP", server ?? family, family));
    }
  };
  for (const listed of lists) {
    const address = parseAddress(listed.address);
    if (address && own.has(addressKey(address))) serve(listed, address.family);
  }
  // Nodes are reached by their address of the service's family.
  if (spec.nodes && matches(spec.nodes.selector ?? {}, node.labels)) serve({}, undefined);
  if (texts.size === 0) return [];
  const { namespace, name } = view;
  return [{ namespace, name, addresses: [...texts].sort(), ...(tunnels.size > 0 && { tunnels: [...tunnels].sort() }) }];
}
