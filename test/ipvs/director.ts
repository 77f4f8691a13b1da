/** IPVS in a process of its own on a node of a LAN, as its tests see it, and what the kernel has, as ipvsadm shows it. */
import { fileURLToPath } from "node:url";
import type { IpvsEvent, IpvsSnapshot } from "../../src/agent/native/ipvs.ts";
import type { IpvsService, IpvsServiceKey, IpvsState } from "../../src/agent/native/ipvsState.ts";
import type { Lan } from "../support/lan.ts";
import { RemoteControl } from "../support/remoteControl.ts";
import { until } from "../support/waiting.ts";
import type { Answers, Request } from "./ipvsHost.ts";

const program = fileURLToPath(new URL("./ipvsHost.ts", import.meta.url));

export class Director {
  readonly events: IpvsEvent[] = [];
  private readonly control: RemoteControl<Request, Answers>;

  private constructor(lan: Lan, node: string) {
    this.control = new RemoteControl(lan, node, program, (batch) => this.events.push(...(batch as IpvsEvent[])));
  }

  /** `owned`: what the journal of an earlier process names. */
  static async start(lan: Lan, node: string, owned: IpvsServiceKey[] = []): Promise<Director> {
    const director = new Director(lan, node);
    await director.control.ask({ do: "start", owned });
    return director;
  }

  /** Returns when the kernel has it, or as much of it as it takes: whether it has all of it. */
  async apply(state: IpvsState): Promise<boolean> {
    const seen = this.events.length;
    const result = await this.control.ask({ do: "apply", state });
    if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
    const applied = () => this.events.slice(seen).find((event) => event.type === "applied");
    return (await until("the state in the kernel", applied, { everyMs: 5, timeoutMs: 20_000 })).programmed;
  }

  serve(...services: IpvsService[]): Promise<boolean> {
    return this.apply({ services });
  }

  snapshot(): Promise<IpvsSnapshot> {
    return this.control.ask({ do: "snapshot" });
  }

  of<Type extends IpvsEvent["type"]>(type: Type): Extract<IpvsEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<IpvsEvent, { type: Type }> => event.type === type);
  }

  /** Removes what is ours, or keeps it, and ends the process. */
  async stop(keep = false): Promise<void> {
    const result = await this.control.ask({ do: "stop", keep });
    if (!result.ok) throw new Error(result.error.message);
    await this.kill("SIGTERM");
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    return this.control.kill(signal);
  }
}

/** What `ipvsadm -Sn` says, service by service: "-t 192.0.2.10:80" → its line, and those of its destinations in the kernel's order. */
export async function savedTable(lan: Lan, node: string): Promise<Map<string, string[]>> {
  const table = new Map<string, string[]>();
  for (const line of (await lan.exec(node, ["ipvsadm", "-Sn"])).split("\n").filter(Boolean)) {
    const [, command = "", key = "", settings = ""] = /^(-[Aa]) (-\S+ \S+(?: -6)?)(.*)$/.exec(line) ?? [];
    if (command === "-A") table.set(key, []);
    table.get(key)?.push(`${command}${settings.trimEnd()}`);
  }
  return table;
}

const protocols = { TCP: "-t", UDP: "-u", SCTP: "--sctp-service" } as const;

/** As ipvsadm writes it. */
export function ipvsadmKey({ family, protocol = "TCP", address, port, firewallMark }: IpvsServiceKey): string {
  if (firewallMark !== undefined) return `-f ${firewallMark}${family === "IPv6" ? " -6" : ""}`;
  return `${protocols[protocol]} ${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
