/** Which pods of this node are ready; who watches pods provides it. */
export interface PodLister {
  /**
   * Whether a ready pod with these labels is on this node. Undefined: not known, because nothing has been listed yet or the API server is
   * away; the result of the check then stays as it is.
   */
  ready(namespace: string, selector: Record<string, string>): boolean | undefined;
  /** Calls `listener` when an answer may have changed; returns how to end that. */
  onChange?(listener: () => void): () => void;
}
