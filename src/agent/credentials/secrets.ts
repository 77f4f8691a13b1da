/** Where the passwords of virtual routers and the certificates of health checks come from. Values never go into logs, messages, metrics or the status. */

/** Refers to one value of a Secret. */
export interface SecretRef {
  name: string;
  key: string;
}

export type SecretResult = { ok: true; value: string } | { ok: false; message: string };

export interface SecretLookup {
  lookUp(name: string, key: string): SecretResult;
}

export interface SecretSource extends SecretLookup {
  /**
   * Names all values that are needed from now on. Resolves when each of them has been looked for, or that took too long; never rejects.
   */
  require(refs: readonly SecretRef[]): Promise<void>;
}

/** The values that a spec refers to, whatever else is wrong with it. */
export function secretRefs(virtualRouters: unknown): SecretRef[] {
  const entries: unknown[] = Array.isArray(virtualRouters) ? virtualRouters : [];
  const refs = new Map<string, SecretRef>();
  for (const entry of entries) {
    const { passwordRef } = (entry ?? {}) as { passwordRef?: { name?: unknown; key?: unknown } };
    const { name, key = "password" } = passwordRef ?? {};
    if (typeof name === "string" && typeof key === "string") refs.set(refKey({ name, key }), { name, key });
  }
  return [...refs.values()];
}

/** Neither names nor keys of Secrets can hold a slash. */
export const refKey = ({ name, key }: SecretRef) => `${name}/${key}`;

/** Values that are given: those of a file. */
export class FixedSecrets implements SecretSource {
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: Iterable<SecretRef & { value: string }> = []) {
    this.#values = new Map([...values].map(({ value, ...ref }) => [refKey(ref), value]));
  }

  require(): Promise<void> {
    return Promise.resolve();
  }

  lookUp(name: string, key: string): SecretResult {
    const value = this.#values.get(refKey({ name, key }));
    if (value !== undefined) return { ok: true, value };
    const hasOther = [...this.#values.keys()].some((ref) => ref.startsWith(`${name}/`));
    return { ok: false, message: hasOther ? `Secret ${name} has no key ${key}` : `there is no Secret ${name}` };
  }
}

/** A source for several users, of whom each names what it needs for itself. */
export function shareSecrets(source: SecretSource): () => SecretSource {
  const needs = new Map<SecretSource, readonly SecretRef[]>();
  return () => {
    const user: SecretSource = {
      require: (refs) => {
        needs.set(user, refs);
        return source.require([...needs.values()].flat());
      },
      lookUp: (name, key) => source.lookUp(name, key),
    };
    return user;
  };
}
