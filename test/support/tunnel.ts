/** A port of this machine's loopback that hosts of a LAN reach at the same port of their own, as if it were theirs: by a Unix socket, which knows no network namespaces. */
import { once } from "node:events";
import { connect, createServer, type NetConnectOpts, type Server } from "node:net";
import { join } from "node:path";
import type { Lan } from "./lan.ts";
import { until } from "./waiting.ts";

export class Tunnel {
  readonly #server: Server;
  readonly #path: string;
  readonly #port: number;

  private constructor(server: Server, path: string, port: number) {
    this.#server = server;
    this.#path = path;
    this.#port = port;
  }

  static async open(lan: Lan, port: number): Promise<Tunnel> {
    const path = join(lan.directory, `tunnel-${port}`);
    return new Tunnel(await forward({ path }, { host: "127.0.0.1", port }), path, port);
  }

  /** Until the LAN is destroyed. */
  async reach(lan: Lan, host: string): Promise<void> {
    const process = lan.spawn(host, `tunnel-${host}`, [globalThis.process.execPath, import.meta.filename, this.#path, String(this.#port)]);
    await until(`the tunnel of ${host}`, () => process.log().includes("open"), { everyMs: 20, hint: () => process.logTail() });
  }

  close(): void {
    this.#server.close();
  }
}

async function forward(from: { path: string } | { host: string; port: number }, to: NetConnectOpts): Promise<Server> {
  const server = createServer((near) => {
    const far = connect(to);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  server.listen(from);
  await once(server, "listening");
  return server;
}

if (import.meta.main) {
  const [path = "", port] = process.argv.slice(2);
  await forward({ host: "127.0.0.1", port: Number(port) }, { path });
  process.stdout.write("open\n");
}
