/** A configuration whose words are known and whose values have types. */
import type { Position } from "./diagnostic.ts";
import type { Value, WrittenAddress } from "./grammar/types.ts";

/** A value and where it was written. */
export interface PlacedValue {
  value: Value;
  position: Position;
}

/** A word in the middle of a line, with its values: `dev eth0`. */
export interface CheckedOption {
  name: string;
  position: Position;
  values: readonly PlacedValue[];
}

/** One line that is right as far as it goes. */
export class CheckedStatement {
  /** As the grammar spells it: `lvs_sched` for `lb_algo`. Empty for a line of a list. */
  readonly keyword: string;
  readonly position: Position;
  /** By the names that the grammar gives them; those with `many` are kept in order. */
  readonly args: ReadonlyMap<string, readonly PlacedValue[]>;
  /** In the order of the line: the hops of a route come one after the other. */
  readonly options: readonly CheckedOption[];
  readonly block: CheckedBlock | undefined;

  constructor(
    keyword: string,
    position: Position,
    args: ReadonlyMap<string, readonly PlacedValue[]>,
    options: readonly CheckedOption[],
    block: CheckedBlock | undefined,
  ) {
    this.keyword = keyword;
    this.position = position;
    this.args = args;
    this.options = options;
    this.block = block;
  }

  value(name = "value"): Value | undefined {
    return this.args.get(name)?.[0]?.value;
  }

  values(name: string): Value[] {
    return (this.args.get(name) ?? []).map(({ value }) => value);
  }

  text(name = "value"): string | undefined {
    return expectType(this.value(name), "string", name);
  }

  number(name = "value"): number | undefined {
    return expectType(this.value(name), "number", name);
  }

  address(name = "address"): WrittenAddress | undefined {
    const value = this.value(name);
    return typeof value === "object" && "bits" in value ? value : undefined;
  }

  /** Program and arguments. */
  command(name = "command"): readonly string[] | undefined {
    const value = this.value(name);
    return Array.isArray(value) ? value.map(String) : undefined;
  }

  option(name: string): CheckedOption | undefined {
    return this.options.find((option) => option.name === name);
  }

  has(option: string): boolean {
    return this.option(option) !== undefined;
  }
}

/** The statements of a block; keywords that count once are given by their last statement, as keepalived does. */
export class CheckedBlock {
  readonly statements: readonly CheckedStatement[];
  readonly position: Position;

  constructor(statements: readonly CheckedStatement[], position: Position) {
    this.statements = statements;
    this.position = position;
  }

  all(keyword: string): CheckedStatement[] {
    return this.statements.filter((statement) => statement.keyword === keyword);
  }

  last(keyword: string): CheckedStatement | undefined {
    // Asked for all that a block might say, of each of ten thousand blocks.
    for (let index = this.statements.length - 1; index >= 0; index--) {
      if (this.statements[index]?.keyword === keyword) return this.statements[index];
    }
    return undefined;
  }

  /** The lines of a list block, or none. */
  items(keyword: string): CheckedStatement[] {
    return this.all(keyword).flatMap(({ block }) => block?.all("") ?? []);
  }

  text(keyword: string): string | undefined {
    return this.last(keyword)?.text();
  }

  number(keyword: string): number | undefined {
    return this.last(keyword)?.number();
  }

  /** A keyword that stands alone for yes, or with on or off; undefined when it is not there. */
  flag(keyword: string): boolean | undefined {
    const statement = this.last(keyword);
    return statement && (expectType(statement.value(), "boolean", keyword) ?? true);
  }
}

type Primitive = { string: string; number: number; boolean: boolean };

/** Asking for another type than the grammar's is a mistake of the program, not of the file. */
function expectType<T extends keyof Primitive>(value: Value | undefined, type: T, name: string): Primitive[T] | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== type) throw new TypeError(`${name} is a ${typeof value}, not a ${type}`);
  return value as Primitive[T];
}
