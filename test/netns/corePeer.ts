/** A core in a process of its own on a node of a LAN, as its tests see it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { HeldAddress } from "../../src/agent/native/core.ts";
import type { CheckResult, DesiredRouter, DesiredState } from "../../src/agent/native/desiredState.ts";
import type { CoreEvent, NoticeEvent, RouterStateName, StateChangedEvent } from "../../src/agent/native/events.ts";
import type { RouterSnapshot } from "../../src/agent/native/snapshot.ts";
import type { Lan } from "../support/lan.ts";
import { until } from "../support/waiting.ts";
import type { Answers, Message, Request } from "./coreHost.ts";

const hostProgram = fileURLToPath(new URL("./coreHost.ts", import.meta.url));

export interface PeerOptions {
  heldAddresses?: HeldAddress[];
  /** Default true. */
  realTime?: boolean;
  /** Default false: a test of the gate asks for it. */
  gate?: boolean;
}

/** A virtual router with sensible values for what a test does not care about. */
export function desiredRouter(changes: Partial<DesiredRouter> = {}): DesiredRouter {
  const family = changes.family ?? "IPv4";
  return {
    key: `vip/${family}`,
    family,
    interface: "eth0",
    virtualRouterID: 51,
    version: 3,
    priority: 200,
    advertisementIntervalMs: 100,
    preempt: true,
    preemptDelayMs: 0,
    checksum: "Auto",
    addresses: [{ address: family === "IPv4" ? "198.51.100.50/24" : "2001:db8:100::50/64" }],
    ...changes,
  };
}

export class CorePeer {
  readonly events: CoreEvent[] = [];
  readonly pid: number;
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  private requests = 0;

  private constructor(child: ChildProcess) {
    this.child = child;
    this.pid = child.pid ?? 0;
    child.on("message", (message: Message) => {
      if ("events" in message) this.events.push(...message.events);
      else this.answered(message.answer)?.resolve(message.result);
    });
    child.once("exit", (code, signal) => {
      const error = new Error(`the core's process ended (${signal ?? code}) before it answered`);
      for (const id of this.waiting.keys()) this.answered(id)?.reject(error);
    });
  }

  private answered(id: number) {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    return waiting;
  }

  static async start(lan: Lan, node: string, options: PeerOptions = {}): Promise<CorePeer> {
    const command = ["netns", "exec", lan.namespace(node), process.execPath, hostProgram];
    const peer = new CorePeer(spawn("ip", command, { stdio: ["ignore", "inherit", "inherit", "ipc"] }));
    const { heldAddresses = [], realTime = true, gate = false } = options;
    await peer.ask({ do: "start", heldAddresses, realTime, gate });
    return peer;
  }

  ask<What extends Request["do"]>(request: Request & { do: What }): Promise<Answers[What]> {
    const id = ++this.requests;
    const answer = new Promise<Answers[What]>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
    });
    this.child.send({ id, request });
    return answer;
  }

  apply(...routers: DesiredRouter[]): Promise<void> {
    return this.applyState({ routers });
  }

  async applyState(desired: DesiredState): Promise<void> {
    const result = await this.ask({ do: "apply", desired });
    if (!result.ok) throw new Error(`refused: ${JSON.stringify(result)}`);
  }

  async setChecks(...results: CheckResult[]): Promise<void> {
    const result = await this.ask({ do: "setChecks", results });
    if (!result.ok) throw new Error(`refused: ${JSON.stringify(result)}`);
  }

  snapshot(): Promise<Answers["snapshot"]> {
    return this.ask({ do: "snapshot" });
  }

  async router(key = "vip/IPv4"): Promise<RouterSnapshot> {
    const router = (await this.snapshot()).routers.find((candidate) => candidate.key === key);
    if (!router) throw new Error(`there is no router ${key}`);
    return router;
  }

  /** Waits until the router is in a state and returns its snapshot. */
  becomes(state: RouterStateName, key = "vip/IPv4", timeoutMs = 10_000): Promise<RouterSnapshot> {
    return until(
      `${key} in ${state}`,
      async () => {
        const router = await this.router(key);
        return router.state === state && router;
      },
      { everyMs: 10, timeoutMs },
    );
  }

  changes(key = "vip/IPv4"): StateChangedEvent[] {
    return this.events.filter((event) => event.type === "stateChanged").filter((event) => event.key === key);
  }

  notices(key = "vip/IPv4"): NoticeEvent[] {
    return this.events.filter((event) => event.type === "notice").filter((event) => event.key === key);
  }

  stop(keepAddresses = false): Promise<Answers["stop"]> {
    return this.ask({ do: "stop", keepAddresses });
  }

  /** Closes the channel: the process ends by itself, without stop(). */
  disconnect(): void {
    this.child.disconnect();
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (!this.running) return;
    const ended = once(this.child, "exit");
    this.child.kill(signal);
    await ended;
  }
}
