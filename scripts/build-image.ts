/**
 * Builds the image of operator, agent and CLI: build/image/aloft-VERSION.tar, an OCI archive, without a registry and without a daemon.
 *
 *   npm run image
 *   ctr -n k8s.io images import build/image/aloft-0.1.0.tar      on a node
 *
 * It is of the machine's own architecture. amd64 is what is tested; arm64 is the same steps on such a machine, untested.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { aloftEntries, systemEntries, user } from "./image/contents.ts";
import type { Entry } from "./image/entries.ts";
import { type ImageConfig, type Layer, makeLayer, ociArchive } from "./image/ociArchive.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "build/image");
const { version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string; license: string };

/** The name that the chart asks for when its values say nothing else. */
const imageName = "aloft.dev/aloft";
const imageArchive = join(folder, `aloft-${version}.tar`);

const architectures: Record<string, ImageConfig["architecture"]> = { x64: "amd64", arm64: "arm64" };

interface Part {
  what: string;
  entries: Entry[];
}

/** Compressing takes most of the time, and Node and the libraries rarely change: their layer is kept. */
function layerOf({ what, entries }: Part): Layer {
  const sum = createHash("sha256");
  for (const { path, mode, content } of entries)
    sum.update(JSON.stringify([path, mode])).update(Buffer.isBuffer(content) ? content : content.linkTo);
  const kept = join(folder, `layer-${sum.digest("hex").slice(0, 16)}`);
  try {
    return { what, diffID: readFileSync(`${kept}.id`, "utf8"), compressed: readFileSync(`${kept}.gz`) };
  } catch {
    const layer = makeLayer(what, entries);
    writeFileSync(`${kept}.gz`, layer.compressed);
    writeFileSync(`${kept}.id`, layer.diffID);
    return layer;
  }
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
const sizeOf = ({ content }: Entry) => (Buffer.isBuffer(content) ? content.length : 0);

/** Files one by one, but for Aloft's own folder and its packages, each of which is one line. */
function listing(entries: Entry[]): string[] {
  const sizes = new Map<string, number>();
  for (const entry of entries) {
    const row = /^\/opt\/aloft\/(node_modules\/(@[^/]+\/)?[^/]+|dist)/.exec(entry.path)?.[0] ?? entry.path;
    sizes.set(row, (sizes.get(row) ?? 0) + sizeOf(entry));
  }
  return [...sizes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, size]) => `${megabytes(size).padStart(10)}  ${path}`);
}

export interface BuiltImage {
  /** The OCI archive. */
  path: string;
  reference: string;
  /** What is in it, for people. */
  report: string[];
}

/** Builds it from what is compiled. A second or two when the libraries and Node are those of the last time. */
export function buildImage(): BuiltImage {
  const architecture = architectures[process.arch];
  if (!architecture) throw new Error(`there is no image for ${process.arch}`);
  mkdirSync(folder, { recursive: true });
  const parts: Part[] = [
    { what: "Node.js, the libraries it needs, certificate authorities", entries: systemEntries() },
    { what: `Aloft ${version}`, entries: aloftEntries() },
  ];
  const layers = parts.map(layerOf);
  const reference = `${imageName}:${version}`;
  const { bytes, digest } = ociArchive(layers, {
    reference,
    architecture,
    entrypoint: ["/usr/bin/aloft"],
    user: `${user.id}:${user.id}`,
    environment: ["PATH=/usr/bin"],
    labels: {
      "org.opencontainers.image.title": "aloft",
      "org.opencontainers.image.version": version,
      "org.opencontainers.image.licenses": license,
    },
  });
  writeWhole(imageArchive, bytes);
  const described = parts.flatMap(({ what, entries }, index) => {
    const total = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
    const compressed = layers[index]?.compressed.length ?? 0;
    const head = `layer ${index + 1}: ${what}: ${megabytes(total)}, ${megabytes(compressed)} compressed, ${entries.length} files`;
    return [head, ...listing(entries)];
  });
  return {
    path: imageArchive,
    reference,
    report: [...described, `${reference} ${architecture} ${digest}`, `${imageArchive}: ${megabytes(bytes.length)}`],
  };
}

/** Whoever reads it meanwhile has the old one or the new one. */
function writeWhole(path: string, bytes: Buffer): void {
  const unfinished = `${path}.${process.pid}`;
  try {
    writeFileSync(unfinished, bytes);
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

if (import.meta.main) process.stdout.write(`${buildImage().report.join("\n")}\n`);
