/** The file of a standalone agent, YAML or keepalived.conf → a specification, or lines that say what is wrong and where. */
import { readFile } from "node:fs/promises";
import type { NodeAgentSpec } from "../../api/nodeAgent.ts";
import { certificateLookup } from "../credentials/certificates.ts";
import { FixedSecrets } from "../credentials/secrets.ts";
import type { LinkSnapshot } from "../native/snapshot.ts";
import { FixedServers } from "./fixedServers.ts";

export interface StandaloneSource {
  file: string;
  node: string;
  /** keepalived's --config-id. */
  configId?: string;
  /** Whether --script-user was given, so that what the file says of it does not count. */
  hasScriptUser: boolean;
}

export type Severity = "error" | "warning";

export interface StandaloneConfiguration {
  spec: NodeAgentSpec;
  secrets: FixedSecrets;
  /** The VirtualServers that the spec names. */
  servers: FixedServers;
  /** Lines for standard error. */
  warnings: string[];
  /** A line about an entry, by its place in the spec. */
  line(path: string, severity: Severity, message: string): string;
}

export type LoadedConfiguration = { ok: true; configuration: StandaloneConfiguration } | { ok: false; problems: string[] };

/** Each way loads its own parser when it is first needed. Never rejects. */
export async function loadConfiguration(source: StandaloneSource, links: LinkSnapshot[]): Promise<LoadedConfiguration> {
  if (!source.file.endsWith(".conf")) return loadYaml(source, links);
  const { loadConf } = await import("./standaloneConf.ts");
  return loadConf(source);
}

async function loadYaml({ file, node }: StandaloneSource, links: LinkSnapshot[]): Promise<LoadedConfiguration> {
  const { parseStandaloneFile } = await import("./standaloneFile.ts");
  const { planStandalone } = await import("./standalonePlan.ts");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    return { ok: false, problems: [`${file}:1:1: error: cannot be read: ${(error as Error).message}`] };
  }
  const format = (problem: { line: number; column: number; message: string }, severity: Severity = "error") =>
    `${file}:${problem.line}:${problem.column}: ${severity}: ${problem.message}`;
  const parsed = parseStandaloneFile(text);
  if (!parsed.ok) return { ok: false, problems: parsed.problems.map((problem) => format(problem)) };
  const result = planStandalone(parsed.objects, { name: node, links });
  if (!result.ok) return { ok: false, problems: result.problems.map((problem) => format(problem)) };
  const { spec, virtualServers, problemOf } = result.plan;
  const secrets = new FixedSecrets(result.plan.secrets);
  const servers = new FixedServers(virtualServers, certificateLookup(secrets));
  const line: StandaloneConfiguration["line"] = (path, severity, message) => format(problemOf(path, message), severity);
  return { ok: true, configuration: { spec, secrets, servers, warnings: [], line } };
}
