/** Names of Kubernetes objects out of names of keepalived.conf, which are any text. */

/** At most 63 lower-case letters, digits and hyphens. */
export function dnsLabel(text: string, fallback: string): string {
  const label = text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-+|-+$/g, "");
  return label || fallback;
}

/** Gives each name once; a second one gets a number. */
export class UniqueNames {
  readonly #taken = new Set<string>();

  take(wanted: string, most = 63): string {
    for (let number = 1; ; number++) {
      const suffix = number === 1 ? "" : `-${number}`;
      const name = `${wanted.slice(0, most - suffix.length)}${suffix}`;
      if (this.#taken.has(name)) continue;
      this.#taken.add(name);
      return name;
    }
  }
}
