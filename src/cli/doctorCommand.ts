/** `aloft doctor`: what is wrong with the settings of this node, whoever set them. */
import type { Output } from "./cli.ts";
import { flagHelp, parseFlags } from "./flags.ts";
import { parseFormat } from "./values.ts";

export const doctorFlags = {
  output: { short: "o", placeholder: "table|json", help: "how to print", parse: parseFormat, default: "table" },
} as const;

export const doctorUsage = `usage: aloft doctor [flags]

Looks at what stands in the kernel of this node: services of IPVS, addresses on the loopback interface, settings, links, modules.
It changes nothing. Exit status 1: something is wrong. Of a whole cluster: kubectl vip doctor.

${flagHelp(doctorFlags)}`;

export async function runDoctorCommand(args: string[], output: Output): Promise<number> {
  const flags = parseFlags(doctorFlags, args);
  const { readMachine } = await import("../agent/doctor/readMachine.ts");
  const { rolesFromKernel } = await import("../agent/doctor/machine.ts");
  const { examineNode } = await import("../agent/doctor/nodeRules.ts");
  const { findingLines, isTrouble } = await import("./findingView.ts");
  const machine = readMachine();
  const findings = examineNode(machine, rolesFromKernel(machine));
  output.out(flags.output === "json" ? JSON.stringify(findings, null, 2) : findingLines(findings).join("\n"));
  return findings.some(isTrouble) ? 1 : 0;
}
