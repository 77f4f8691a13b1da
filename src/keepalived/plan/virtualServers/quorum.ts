/** quorum and hysteresis. */
import type { VirtualServerInput } from "../../../api/virtualServer.ts";
import type { CheckedBlock } from "../../checkedBlock.ts";
import type { Diagnostics } from "../../diagnostic.ts";

/** More than all servers together have would never be reached: keepalived takes less, and so do we. */
export function planQuorum(
  block: CheckedBlock,
  weights: number,
  diagnostics: Diagnostics,
): Pick<VirtualServerInput, "quorum" | "hysteresis"> {
  const [quorum, hysteresis] = [block.last("quorum"), block.last("hysteresis")];
  const written = quorum?.number() ?? 1;
  const most = Math.max(weights, 1);
  if (quorum && written > most)
    diagnostics.warning("value", quorum.position, `quorum ${written} is taken for ${most}: the weights are no more, as in keepalived`);
  const needed = Math.min(written, most);
  const margin = hysteresis?.number() ?? 0;
  if (hysteresis && margin >= needed)
    diagnostics.warning(
      "value",
      hysteresis.position,
      `hysteresis ${margin} is taken for ${needed - 1}: it must be less than quorum, as in keepalived`,
    );
  const kept = Math.min(margin, needed - 1);
  return { ...(needed !== 1 && { quorum: needed }), ...(kept > 0 && { hysteresis: kept }) };
}
