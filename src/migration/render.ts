/** What an import gives, as text: YAML with what is to be known as comments, and commands. Pure. */
import { stringify } from "yaml";
import { visible } from "../keepalived/diagnostic.ts";
import type { Migration } from "./importManifests.ts";
import type { Manifest } from "./manifest.ts";
import type { MigratedService } from "./objects.ts";
import { shellWord } from "./shellWord.ts";

export function renderMigration(migration: Migration): string {
  const documents = migration.objects.map(({ object, from }) => `${comments(from)}${stringify(object, { lineWidth: 0 })}`);
  const services = migration.services.map(
    (service) => `${comments([service.manifest])}${comment(annotateCommand(service) ?? "nothing to annotate")}`,
  );
  const commands = migration.commands.map((command) =>
    comment(`on every node of the control plane: ${command} >/etc/kubernetes/manifests/aloft-control-plane.yaml`),
  );
  return [documents.join("---\n"), ...services, ...commands]
    .filter((text) => text !== "")
    .join("\n")
    .trimEnd();
}

/** For a shell. */
export function renderCommands({ services }: Migration): string {
  return services.flatMap((service) => annotateCommand(service) ?? []).join("\n");
}

/** Annotates alone: an applied part of a Service would take away what the same manager had applied. */
function annotateCommand({ manifest, annotations }: MigratedService): string | undefined {
  const pairs = Object.entries(annotations).map(([key, value]) => `${key}=${value}`);
  if (pairs.length === 0) return undefined;
  const words = ["kubectl", "annotate", "--overwrite", "--namespace", manifest.namespace || "default", "service", manifest.name, ...pairs];
  return words.map(shellWord).join(" ");
}

function comments(manifests: readonly Manifest[]): string {
  const lines = manifests.flatMap(({ reference, told }) => [`from ${reference}`, ...told.map(({ message }) => `  ${message}`)]);
  return [...new Set(lines)].map(comment).join("");
}

/** Whatever a name may hold, it stays a comment: YAML 1.1, which kubectl reads, knows more ends of a line than YAML 1.2. */
const comment = (text: string) => `# ${visible(text)}\n`;
