/** One thing that is wrong with one object. Pure. */

export interface Concern {
  /** Error: something does not work. Warning: it will not in some case. */
  severity: "Error" | "Warning";
  kind: "VirtualIP" | "Service" | "Node" | "AddressPool" | "VirtualServer" | "Operator";
  /** NAME or NAMESPACE/NAME. */
  object: string;
  what: string;
  /** RFC 3339. */
  since?: string;
  /** That looks further. */
  command?: string;
}

export function named(kind: Concern["kind"], object: string): Pick<Concern, "kind" | "object"> {
  return { kind, object };
}

/** Undefined where a name is none that the API server gives: who copies a command shall know what it does. */
export function kubectl(verb: string, kind: string, name: string, namespace?: string): string | undefined {
  const words = namespace === undefined ? [verb, kind, name] : ["-n", namespace, verb, kind, name];
  return words.every((word) => /^[a-z0-9-][a-z0-9.-]*$/.test(word)) ? `kubectl ${words.join(" ")}` : undefined;
}
