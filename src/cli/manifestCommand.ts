/** `aloft manifest`: manifests that are needed before there is a cluster to apply them to. */
import { version } from "../runtime/version.ts";
import type { Output } from "./cli.ts";
import { flagHelp, parseArguments, UsageError } from "./flags.ts";

export const manifestFlags = {
  address: { placeholder: "ADDRESS", help: "of the control plane; may be repeated", repeatable: true },
  interface: { placeholder: "NAME", help: "interface that has it; default: the one whose subnet holds it" },
  "virtual-router-id": { placeholder: "VRID", help: "unique in the network", parse: numberUpTo(255), default: "51" },
  interval: { placeholder: "DURATION", help: "between adverts; default: 100ms" },
  "api-port": {
    placeholder: "PORT",
    help: "of the API server on each node, which is asked for its health",
    parse: numberUpTo(65_535),
    default: "6443",
  },
  image: { placeholder: "IMAGE", help: `default: aloft.dev/aloft:${version}`, parse: parseImage },
} as const;

export const manifestUsage = `usage: aloft manifest control-plane --address ADDRESS [flags]

Prints a static Pod that holds the address of a control plane: /etc/kubernetes/manifests/aloft-control-plane.yaml on each of its nodes,
before kubeadm init --control-plane-endpoint ADDRESS:6443, and before kubeadm join.

${flagHelp(manifestFlags)}`;

/** @returns 0; 2 when the address or a flag cannot be used. */
export async function runManifestCommand(args: string[], output: Output): Promise<number> {
  const { flags, words } = parseArguments(manifestFlags, args);
  if (words.length !== 1 || words[0] !== "control-plane") throw new UsageError("manifest: expected control-plane");
  if (flags.address.length === 0) throw new UsageError("manifest control-plane: expected --address ADDRESS");
  const { controlPlanePod } = await import("./manifest/controlPlanePod.ts");
  const { controlPlaneVirtualIP } = await import("../plan/controlPlane.ts");
  const plane = {
    addresses: flags.address,
    interface: flags.interface,
    virtualRouterID: flags["virtual-router-id"],
    advertisementInterval: flags.interval,
    apiPort: flags["api-port"],
    image: flags.image ?? `aloft.dev/aloft:${version}`,
  };
  const { virtualIPSpecSchema } = await import("../api/virtualIP.ts");
  const checked = virtualIPSpecSchema.safeParse(controlPlaneVirtualIP(plane).spec);
  if (!checked.success)
    throw new UsageError(`manifest control-plane: ${checked.error.issues[0]?.path.join(".")}: ${checked.error.issues[0]?.message}`);
  const { stringify } = await import("yaml");
  output.out(stringify(controlPlanePod(plane), { lineWidth: 120 }).trimEnd());
  return 0;
}

function parseImage(text: string): string {
  if (!/^[a-z0-9][^\s]*$/.test(text)) throw new Error(`must be an image such as registry.example/aloft:${version}`);
  return text;
}

function numberUpTo(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^[0-9]+$/.test(text) || number < 1 || number > most) throw new Error(`must be a number from 1 to ${most}`);
    return number;
  };
}
