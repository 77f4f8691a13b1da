/** `aloft import`: what others were configured with → objects of a cluster. */
import type { Output } from "./cli.ts";
import { flagHelp, parseArguments, UsageError } from "./flags.ts";
import { importFromKeepalived } from "./import/fromKeepalived.ts";
import { importFromManifests, isManifest } from "./import/fromManifests.ts";

export const importFlags = {
  explain: { help: "of keepalived.conf: instead of YAML, show line by line what became of the files" },
  commands: { help: "of manifests: only the commands that annotate the Services, for a shell" },
  namespace: {
    placeholder: "NAMESPACE",
    help: "where the agents run, and so the Secrets with the passwords and the VirtualServers of a keepalived.conf",
    default: "aloft-system",
  },
  "config-id": {
    placeholder: "ID",
    help: "what `@ID` in front of a line is compared with, on each node; default: the first label of its name",
  },
} as const;

export const importUsage = `usage: aloft import [flags] [NODE=]FILE…
       aloft import [--commands] FILE.yaml… | -

Turns the keepalived.conf of each node of a cluster into VirtualIP, VirtualServer, AgentConfig and Secret objects, and compares the nodes.
A node is called as its file, without the ending; keepalived.conf as the directory that it is in.

Turns manifests (.yaml, .yml, .json, or - for standard input) of MetalLB's pools and L2Advertisements, of kube-vip's ConfigMap, DaemonSet and
static Pod, and of Services into AddressPools and VirtualIPs, and into the annotations that these Services need.

${flagHelp(importFlags)}`;

/** 0, with or without warnings; 1 with an error, and then nothing on standard output. It never looks at the machine or at a cluster. */
export async function runImportCommand(args: string[], output: Output): Promise<number> {
  const { flags, words } = parseArguments(importFlags, args);
  if (!words.some(isManifest)) {
    if (flags.commands) throw new UsageError("--commands is for manifests: FILE.yaml, or - for standard input");
    return importFromKeepalived(words, flags, output);
  }
  const other = words.find((word) => !isManifest(word));
  if (other !== undefined) throw new UsageError(`import takes manifests or files of keepalived, not both: ${other}`);
  if (flags.explain || flags["config-id"] !== undefined) throw new UsageError("--explain and --config-id are for keepalived.conf");
  return importFromManifests(words, flags, output);
}
