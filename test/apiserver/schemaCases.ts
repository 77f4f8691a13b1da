/** Specs that the API takes and refuses: the same tables are put to kube-apiserver and to the zod schemas. */

export interface GoodCase {
  name: string;
  spec: object;
}

export interface BadCase extends GoodCase {
  /** The field that kubectl names. */
  field: string;
  /** What kubectl says is allowed. */
  says: string;
}
