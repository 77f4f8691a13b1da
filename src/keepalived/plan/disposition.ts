/** What becomes of a word of keepalived.conf. The tables of these answer for every keyword of the grammar. */

export type Disposition = (
  | {
      kind: "becomes";
      /** Kind of object and field, as `aloft import` writes them: "VirtualIP vrrp.priority". */
      field: string;
    }
  /** Left out, and nothing is lost. */
  | { kind: "needless"; reason: string }
  /** Left out with a warning: somebody may miss it. */
  | { kind: "ignored"; reason: string }
  /** An error: what would run without it is something else. */
  | { kind: "refused"; reason: string }
  /** Part of what is read and not run yet; said once per file. */
  | { kind: "later"; topic: string }
) &
  Inner;

interface Inner {
  /** Words in the middle of its line, or of the lines of its list. */
  options?: Dispositions;
  /** Keywords of its block. */
  block?: Dispositions;
}

export type Dispositions = Readonly<Record<string, Disposition>>;

export const becomes = (field: string, inner: Inner = {}): Disposition => ({ kind: "becomes", field, ...inner });
export const needless = (reason: string, inner: Inner = {}): Disposition => ({ kind: "needless", reason, ...inner });
export const ignored = (reason: string, inner: Inner = {}): Disposition => ({ kind: "ignored", reason, ...inner });
export const refused = (reason: string): Disposition => ({ kind: "refused", reason });
export const later = (topic: string): Disposition => ({ kind: "later", topic });

/** The same answer for several words. */
export function all(words: readonly string[], disposition: Disposition): Dispositions {
  return Object.fromEntries(words.map((word) => [word, disposition]));
}
