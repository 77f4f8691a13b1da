/**
 * Aloft on one machine, as a user sees it.
 *
 *   npm run demo                   on a real Kubernetes cluster: install, a Service, power cuts, drain, update, uninstall
 *   npm run demo -- --light        in bare network namespaces: seven drills, one table; --quick: four of them
 *   npm run demo -- --json FILE    writes the table, too
 *   npm run demo -- --keep         leaves the cluster running afterwards and says how to use it
 *   npm run demo -- --stop         ends what --keep left
 *
 * Ends with status 1 when a drill fails. Where there can be no kubelets it is the light form.
 */
import { parseArgs } from "node:util";
import { clusterLacks, KubeCluster } from "../support/kubeCluster.ts";
import { stopKept } from "./keep.ts";

const usage = "usage: npm run demo [-- [--light [--quick]] [--keep] [--json FILE] | -- --stop]";

export interface DemoFlags {
  light?: boolean;
  quick?: boolean;
  keep?: boolean;
  stop?: boolean;
  json?: string;
}

function readFlags(): DemoFlags {
  try {
    const { values } = parseArgs({
      options: {
        light: { type: "boolean" },
        quick: { type: "boolean" },
        keep: { type: "boolean" },
        stop: { type: "boolean" },
        json: { type: "string" },
      },
    });
    return values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
    process.exit(2);
  }
}

async function demo(flags: DemoFlags): Promise<boolean> {
  const lacks = flags.light || flags.quick ? undefined : clusterLacks();
  if (lacks !== undefined)
    process.stdout.write(`There can be no cluster with kubelets on this machine: ${lacks}. This is the light form.\n`);
  if (flags.light || flags.quick || lacks !== undefined) return (await import("./lightDemo.ts")).runLightDemo(flags);
  return (await import("../cluster/demo.ts")).runDemo(flags);
}

const flags = readFlags();
if (flags.stop) {
  const ended = (await stopKept()) + (await KubeCluster.stopKept());
  process.stdout.write(ended === 0 ? "nothing is running\n" : `ended ${ended} cluster${ended > 1 ? "s" : ""}\n`);
} else process.exitCode = (await demo(flags)) ? 0 : 1;
