/** What the status page is made of. */
import type { ClusterView } from "../plan/cluster.ts";
import type { ServiceView } from "../plan/services/views.ts";

export interface PageFacts {
  /** Absent while nothing could be read yet. */
  cluster?: ClusterView;
  /** Absent while they could not be read. */
  services?: readonly ServiceView[];
  /** Kinds that are not read: "Services". */
  missing: readonly string[];
  /** Since when the API server has not been heard of; absent while it is. */
  staleSince?: Date;
  replica: Replica;
  /** Of the leader election. */
  lease: { namespace: string; name: string };
  /** Whether Services without a class are Aloft's, too. */
  isDefault: boolean;
  /** Of this program. */
  version: string;
  now: Date;
}

export interface Replica {
  identity: string;
  leads: boolean;
  /** Who leads, as far as this replica has seen; "" when it has seen nobody. */
  leader: string;
}

/** What of it shall be shown. */
export interface PageQuery {
  /** Rows have all words of it. */
  filter: string;
  /** Page of a table, by its name, from 1 on. */
  pages: ReadonlyMap<string, number>;
  /** Seconds after which a browser asks again. */
  refreshSeconds?: number;
}
