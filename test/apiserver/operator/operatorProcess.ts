/** The operator as a process of its own, from the sources, against a control plane of the test. */
import { createServer } from "node:net";
import { join } from "node:path";
import { BackgroundProcess } from "../../support/backgroundProcess.ts";
import type { ControlPlane } from "../../support/controlPlane.ts";
import { until } from "../../support/waiting.ts";

const program = join(import.meta.dirname, "../../../src/cli/main.ts");

export interface OperatorFlags {
  /** Default 3s. */
  leaseDuration?: string;
  /** Default 60s. */
  deadAfter?: string;
  /** Whose kubeconfig it uses; default that of a user with the operator's rights. */
  user?: string;
  /** Default aloft-system. Two operators in different ones both lead. */
  leaseNamespace?: string;
  /** Serves Services without a class, too. */
  isDefault?: boolean;
  /** Serves the status page. */
  hasPage?: boolean;
}

export class OperatorProcess {
  readonly name: string;
  readonly #process: BackgroundProcess;
  readonly #url: string;
  /** Of the status page. */
  readonly pageUrl: string;

  private constructor(name: string, process: BackgroundProcess, port: number, pagePort: number) {
    this.name = name;
    this.#process = process;
    this.#url = `http://127.0.0.1:${port}`;
    this.pageUrl = `http://127.0.0.1:${pagePort}/`;
  }

  /** Starts it and returns at once; `name` is also its identity in the leader election. */
  static async start(
    plane: ControlPlane,
    name: string,
    { leaseDuration = "3s", deadAfter = "60s", user = "operator", leaseNamespace = "aloft-system", ...switches }: OperatorFlags = {},
  ): Promise<OperatorProcess> {
    const [port, pagePort] = [await freePort(), await freePort()];
    const flags = {
      kubeconfig: plane.kubeconfig(user),
      http: `127.0.0.1:${port}`,
      "lease-namespace": leaseNamespace,
      identity: name,
      "lease-duration": leaseDuration,
      "dead-after": deadAfter,
      "log-level": "debug",
    };
    const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
    if (switches.isDefault) args.push("--default-load-balancer");
    if (switches.hasPage) args.push("--status-page", `127.0.0.1:${pagePort}`);
    // Also SIGKILL of this process ends it.
    const guarded = ["--pdeathsig", "KILL", "--", process.execPath, program, "operator", ...args];
    const operator = BackgroundProcess.start(name, "setpriv", guarded, { logFile: join(plane.folder, `${name}.log`) });
    return new OperatorProcess(name, operator, port, pagePort);
  }

  /** The status and body of /metrics, /healthz or /readyz. */
  async get(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(this.#url + path, { signal: AbortSignal.timeout(2000) });
    return { status: response.status, text: await response.text() };
  }

  /** The status page, with such a query. */
  async page(query = ""): Promise<string> {
    const response = await fetch(this.pageUrl + query, { signal: AbortSignal.timeout(10_000) });
    if (response.status !== 200) throw new Error(`the status page answers ${response.status}: ${await response.text()}`);
    return response.text();
  }

  /** The value of a series such as `aloft_leader{name="aloft-operator"}`, 0 when it does not exist. */
  async metric(series: string): Promise<number> {
    const { text } = await this.get("/metrics");
    const line = text.split("\n").find((each) => each.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1) ?? 0);
  }

  /** The sum over all series of a metric. */
  async total(metric: string): Promise<number> {
    const { text } = await this.get("/metrics");
    const values = text.split("\n").filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
    return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  }

  async leads(): Promise<boolean> {
    return (await this.total("aloft_leader")) === 1;
  }

  async untilLeading(): Promise<void> {
    await until(`${this.name} to lead`, () => this.leads(), { timeoutMs: 30_000, hint: () => this.#process.logTail() });
  }

  log(): string {
    return this.#process.log();
  }

  /** SIGTERM; the status is 0 when it ended in order. */
  stop() {
    return this.#process.stop();
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }
}

/** A port that is free now, below the kernel's ephemeral range. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 9000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
