/** Layers → an OCI image in one archive, as `ctr images import`, `podman load` and `skopeo copy oci-archive:` read it. Pure. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type Entry, file } from "./entries.ts";
import { tar } from "./tar.ts";

export interface Layer {
  what: string;
  /** Of the uncompressed archive. */
  diffID: string;
  compressed: Buffer;
}

export interface ImageConfig {
  /** HOST/NAME:TAG. */
  reference: string;
  architecture: "amd64" | "arm64";
  entrypoint: string[];
  user: string;
  environment: string[];
  labels: Record<string, string>;
}

const mediaType = (what: string) => `application/vnd.oci.image.${what}`;
/** Nothing in an image may tell when it was built. */
const epoch = "1970-01-01T00:00:00Z";

const digestOf = (bytes: Buffer | string) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

export function makeLayer(what: string, entries: Entry[]): Layer {
  const archive = tar(entries);
  return { what, diffID: digestOf(archive), compressed: gzipSync(archive, { level: 9 }) };
}

export interface OciArchive {
  bytes: Buffer;
  /** Of the manifest: what `IMAGE@DIGEST` means in a registry. */
  digest: string;
}

export function ociArchive(layers: Layer[], { reference, architecture, ...image }: ImageConfig): OciArchive {
  const config = JSON.stringify({
    created: epoch,
    architecture,
    os: "linux",
    config: { User: image.user, Env: image.environment, Entrypoint: image.entrypoint, WorkingDir: "/", Labels: image.labels },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffID }) => diffID) },
    history: layers.map(({ what }) => ({ created: epoch, created_by: what })),
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaType("manifest.v1+json"),
    config: descriptor("config.v1+json", config),
    layers: layers.map(({ compressed }) => descriptor("layer.v1.tar+gzip", compressed)),
  });
  const annotations = { "io.containerd.image.name": reference, "org.opencontainers.image.ref.name": reference.split(":").at(-1) };
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaType("index.v1+json"),
    manifests: [{ ...descriptor("manifest.v1+json", manifest), platform: { os: "linux", architecture }, annotations }],
  });
  const blobs = [config, manifest, ...layers.map(({ compressed }) => compressed)];
  const entries = [
    file("/oci-layout", '{"imageLayoutVersion":"1.0.0"}'),
    file("/index.json", index),
    ...blobs.map((blob) => file(`/blobs/${digestOf(blob).replace(":", "/")}`, blob)),
  ];
  return { bytes: tar(entries), digest: digestOf(manifest) };
}

function descriptor(type: string, bytes: Buffer | string) {
  return { mediaType: mediaType(type), digest: digestOf(bytes), size: Buffer.byteLength(bytes) };
}
