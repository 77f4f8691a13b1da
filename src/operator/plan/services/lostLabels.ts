/** VirtualIPs of pools whose labels somebody has changed or taken away: as if they were somebody else's they would hold their addresses for ever. Pure. */
import type { Role } from "../../../api/service.ts";
import type { PoolView, RunningRouters, VirtualIPView } from "../cluster.ts";
import { specifiedAddresses } from "../poolVerdicts.ts";

export interface Relabelled {
  virtualIPs: readonly VirtualIPView[];
  /** Names of those whose labels are to be put back. */
  names: ReadonlySet<string>;
}

export function findLostLabels(
  { virtualIPs, pools }: { virtualIPs: readonly VirtualIPView[]; pools: readonly PoolView[] },
  running: RunningRouters,
): Relabelled {
  const names = new Set<string>();
  const relabelled = virtualIPs.map((view) => {
    const generated = view.generated ? withRoleOfName(view.name, view.generated) : runs(view, running) && ownerOf(view, pools);
    if (!generated || generated === view.generated) return view;
    names.add(view.name);
    return { ...view, generated };
  });
  return { virtualIPs: names.size > 0 ? relabelled : virtualIPs, names };
}

type Origin = NonNullable<VirtualIPView["generated"]>;

function withRoleOfName(name: string, generated: Origin): Origin {
  const role = roleOf(name, generated.pool);
  return role === undefined || role === generated.role ? generated : { ...generated, role };
}

/** Nobody else runs what a pool has given: it is refused to all others. */
function ownerOf(view: VirtualIPView, pools: readonly PoolView[]): Origin | undefined {
  for (const { name: pool, segment, status } of pools) {
    const role = roleOf(view.name, pool);
    if (!role || segment !== view.segment) continue;
    const given = new Set((status.assignments ?? []).map(({ address }) => address));
    if (specifiedAddresses(view).some(({ text }) => given.has(text))) return { pool, role };
  }
  return undefined;
}

function roleOf(name: string, pool: string): Role | undefined {
  const rest = name.startsWith(`${pool}-`) ? name.slice(pool.length + 1) : "";
  if (/^\d+$/.test(rest)) return "shared";
  return /^local-\d+$/.test(rest) ? "local" : undefined;
}

function runs({ name, spec }: VirtualIPView, running: RunningRouters): boolean {
  return spec !== undefined && (running.get(name)?.size ?? 0) > 0;
}
