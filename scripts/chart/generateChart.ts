/** What of charts/ and deploy/ is made of other sources: the schema of the values, and plain manifests for who does not use Helm. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ensureBinaries } from "../build-control-plane.ts";
import { valuesJsonSchema } from "./values.ts";

const root = join(import.meta.dirname, "../..");
const chart = join(root, "charts/aloft");
const namespace = "aloft-system";

interface Manifest {
  path: string;
  /** What it is for: the second line of the file. */
  purpose: string;
  values: string[];
  /** Of the chart; default all. */
  templates?: string[];
}

const outsiders = (role: "operator" | "agent") => [
  `rbac.${role}Subjects[0].kind=Group`,
  `rbac.${role}Subjects[0].name=aloft:${role}s`,
  `rbac.${role}Subjects[0].apiGroup=rbac.authorization.k8s.io`,
];

const manifests: Manifest[] = [
  {
    path: "deploy/aloft.yaml",
    purpose: "All of Aloft: kubectl apply --server-side -f aloft.yaml, or a kustomization of one's own on top of this folder.",
    values: ["namespace.create=true", "crds.keep=false"],
  },
  {
    path: "deploy/rbac.yaml",
    purpose: "Accounts and rights alone, also of operators and agents that run outside of pods, with a token or certificate of a group.",
    values: ["namespace.create=true", "agent.secrets={*}", ...outsiders("operator"), ...outsiders("agent")],
    templates: ["namespace.yaml", "operator/rbac.yaml", "agent/rbac.yaml"],
  },
];

type File = [path: string, text: string];

export function chartSchema(): File {
  return [join(chart, "values.schema.json"), valuesJsonSchema()];
}

/** Helm checks the values against the schema that stands in the chart. */
export async function plainManifests(): Promise<File[]> {
  checkVersions();
  const { helm } = await ensureBinaries(["helm"]);
  return manifests.map((manifest) => [join(root, manifest.path), render(helm, manifest)]);
}

/** Chart, image and program are released together. @throws Error */
function checkVersions(): void {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const own = parse(readFileSync(join(chart, "Chart.yaml"), "utf8")) as { version: string; appVersion: string };
  if (own.version !== version || own.appVersion !== version) {
    throw new Error(`charts/aloft/Chart.yaml: version and appVersion must be ${version}, the version of package.json`);
  }
}

function render(helm: string, { purpose, values, templates = [] }: Manifest): string {
  const shown = templates.flatMap((template) => ["--show-only", `templates/${template}`]);
  const set = values.flatMap((value) => ["--set", value]);
  // The schema on disk may be that of the values before a change.
  const args = ["template", "aloft", chart, "--namespace", namespace, "--no-hooks", "--skip-schema-validation", ...shown, ...set];
  const text = execFileSync(helm, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1e8 });
  return `# Generated from charts/aloft by \`npm run generate\`; do not edit.\n# ${purpose}\n${withoutHelm(text)}`;
}

/** Who applies them without Helm shall find nothing of it in them. */
function withoutHelm(text: string): string {
  const marks = /^ *(# Source|helm\.sh\/chart|app\.kubernetes\.io\/managed-by): .*\n/gm;
  return `${text
    .replace(marks, "")
    .replace(/\n+(---\n)/g, "\n$1")
    .trim()}\n`;
}
