/** A real API server with the kinds, simulated nodes with their agents, and the operator in its built form. */
import { createServer } from "node:net";
import { join } from "node:path";
import { KubeClient } from "../../src/kube/client.ts";
import { nodeAgents, nodes } from "../../src/operator/controllers/resources.ts";
import { BackgroundProcess } from "../../test/support/backgroundProcess.ts";
import { type ControlPlane, startControlPlane } from "../../test/support/controlPlane.ts";
import { until } from "../../test/support/waiting.ts";
import { nodeName } from "./network.ts";

const root = join(import.meta.dirname, "../..");
const crds = join(root, "crds");

export const fieldManager = "bench";

export class World {
  readonly plane: ControlPlane;
  readonly client: KubeClient;
  readonly operator: BackgroundProcess;
  readonly #agents: BackgroundProcess;

  private constructor(plane: ControlPlane, operator: BackgroundProcess, agents: BackgroundProcess) {
    this.plane = plane;
    this.client = new KubeClient({ kubeconfig: plane.kubeconfig() });
    this.operator = operator;
    this.#agents = agents;
  }

  static async start(nodeCount: number): Promise<World> {
    const plane = await startControlPlane({ users: [{ name: "operator", groups: ["aloft:operators"] }] });
    try {
      await plane.kubectl(["apply", "-f", join(root, "deploy/rbac.yaml")]);
      await plane.kubectl(["apply", "--server-side", "-f", crds]);
      await plane.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "-f", crds]);
      const world = new World(plane, await startOperator(plane), startAgents(plane));
      await world.#addNodes(nodeCount);
      await until("every agent to report", async () => (await world.#reporting()) === nodeCount, { timeoutMs: 60_000, everyMs: 500 });
      return world;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#agents.kill(), this.operator.kill()]);
    await this.client.close();
    await this.plane.stop();
  }

  async #reporting(): Promise<number> {
    return (await this.client.list(nodeAgents)).items.filter(({ status }) => status !== undefined).length;
  }

  async #addNodes(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const metadata = { name: nodeName(index), labels: { "kubernetes.io/hostname": nodeName(index) } };
      await this.client.create(nodes, { metadata }, { fieldManager });
      const status = { conditions: [{ type: "Ready", status: "True", reason: "KubeletReady" }] };
      await this.client.patch(nodes, metadata, { status }, { fieldManager, subresource: "status" });
    }
  }
}

/** As in the image, with a log as there. */
async function startOperator(plane: ControlPlane): Promise<BackgroundProcess> {
  const flags = {
    kubeconfig: plane.kubeconfig("operator"),
    http: `127.0.0.1:${await freePort()}`,
    "lease-namespace": "aloft-system",
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  return guarded(plane, "operator", [join(root, "bin/aloft"), "operator", ...args]);
}

function startAgents(plane: ControlPlane): BackgroundProcess {
  return guarded(plane, "agents", [process.execPath, join(import.meta.dirname, "agents.ts"), plane.kubeconfig()]);
}

/** Also SIGKILL of this process ends it. */
function guarded(plane: ControlPlane, name: string, command: readonly string[]): BackgroundProcess {
  return BackgroundProcess.start(name, "setpriv", ["--pdeathsig", "KILL", "--", ...command], {
    logFile: join(plane.folder, `${name}.log`),
  });
}

/** One that is free now; nothing else of this benchmark asks for any. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}
