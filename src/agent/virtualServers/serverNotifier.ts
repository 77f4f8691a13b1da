/** What runs and what is written when a real server or a quorum changes. What is told of one server comes in order; servers wait for nobody else. */
import type { NodeAgentSpec } from "../../api/nodeAgent.ts";
import type { VirtualServerSpec } from "../../api/virtualServer.ts";
import type { NotificationCount } from "../notify/notificationCounters.ts";
import { Outlets, type OutletsOptions } from "../notify/outlets.ts";
import type { ProgramLane } from "../notify/programLane.ts";
import { nameOf } from "./resolvedVirtualServer.ts";
import type { VirtualServerChange } from "./serverChanges.ts";
import { serverMail } from "./serverMail.ts";

type Programs = NonNullable<NonNullable<VirtualServerSpec["notify"]>["quorumUp"]>;

export class ServerNotifier {
  readonly #options: OutletsOptions;
  readonly #outlets: Outlets;
  readonly #lanes = new Map<string, ProgramLane>();

  constructor(options: OutletsOptions) {
    this.#options = options;
    this.#outlets = new Outlets(options);
  }

  /** What concerns the node as a whole. */
  configure(settings: NodeAgentSpec["notify"]): void {
    this.#outlets.configure(settings?.mail && { mail: settings.mail });
  }

  /** Returns at once. */
  tell(changes: readonly VirtualServerChange[]): void {
    for (const change of changes) {
      const programs = programsOf(change).map(({ command, user }) => ({ command, user }));
      const mail = wantsMail(change) ? (subjectName: string) => serverMail(change, subjectName) : undefined;
      if (programs.length > 0 && !this.#options.programs.enabled) this.#warn(change);
      if (programs.length > 0 || mail) this.#outlets.deliver(this.#lane(change), programs, mail);
    }
    for (const [name, lane] of this.#lanes) if (lane.isIdle) this.#lanes.delete(name);
  }

  /** How notifications have fared since the start. */
  counters(): NotificationCount[] {
    return this.#outlets.counters.list();
  }

  /** Waits until all is told, `limitMs` at most. */
  stop(limitMs: number): Promise<void> {
    return this.#outlets.finish(limitMs, () => {});
  }

  #lane({ virtualServer, server }: VirtualServerChange): ProgramLane {
    const name = [nameOf(virtualServer), server?.key ?? "quorum"].join(" ");
    const lane = this.#lanes.get(name) ?? this.#outlets.createLane(name);
    this.#lanes.set(name, lane);
    return lane;
  }

  #warn({ virtualServer, server }: VirtualServerChange): void {
    const fields = { virtualServer: nameOf(virtualServer), server: server?.key };
    this.#options.log.warn(fields, "notify programs do not run: no directory is allowed (--allow-scripts)");
  }
}

function programsOf({ virtualServer, server, up }: VirtualServerChange): Programs {
  const { notify } = virtualServer.spec;
  const programs = server ? (up ? server.notify?.up : server.notify?.down) : up ? notify?.quorumUp : notify?.quorumDown;
  return programs ?? [];
}

function wantsMail({ virtualServer, server }: VirtualServerChange): boolean {
  return (server?.notify?.mail ?? virtualServer.spec.notify?.mail) === true;
}
