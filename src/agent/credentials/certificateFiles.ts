/** What health checks present, from files of the node. They are read again now and then, so that a renewed certificate counts. */
import { readFileSync } from "node:fs";
import type { Clock } from "../../runtime/clock.ts";
import type { TlsMaterial } from "../checks/tls.ts";

export interface CertificateFiles {
  /** That health checks refer to it by. */
  name: string;
  certificate?: string;
  key?: string;
  authority?: string;
  /** Of the key. Never to be logged. */
  passphrase?: string;
}

const rereadAfterMs = 60_000;

/** As long as nothing changes the same object: what is made of it is kept. Files that cannot be read leave what was read before. */
export function certificateFiles(
  files: CertificateFiles | undefined,
  clock: Pick<Clock, "now">,
): (name: string) => TlsMaterial | undefined {
  let material: TlsMaterial | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  return (name) => {
    if (!files || name !== files.name) return undefined;
    if (clock.now() - readAt < rereadAfterMs) return material;
    readAt = clock.now();
    const read = readFiles(files);
    if (read && JSON.stringify(read) !== JSON.stringify(material)) material = read;
    return material;
  };
}

function readFiles({ certificate, key, authority, passphrase }: CertificateFiles): TlsMaterial | undefined {
  const text = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file, "utf8"));
  try {
    return { cert: text(certificate), key: text(key), ca: text(authority), passphrase };
  } catch {
    return undefined;
  }
}
