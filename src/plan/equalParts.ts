/**
 * `now`, with what is equal in `before` taken from there, down to the smallest part: what was made of a part that has not changed stands
 * (memoized.ts), though the object that it is of was read anew. Of plain objects and lists; neither argument is changed.
 */
export function withEqualParts<Value>(now: Value, before: unknown): Value {
  if (Object.is(now, before)) return now;
  if (Array.isArray(now)) return (Array.isArray(before) ? listWithEqualParts(now, before) : now) as Value;
  return isPlain(now) && isPlain(before) ? (objectWithEqualParts(now, before) as Value) : now;
}

function listWithEqualParts(now: readonly unknown[], before: readonly unknown[]): readonly unknown[] {
  const parts = now.map((part, index) => withEqualParts(part, before[index]));
  return parts.length === before.length && parts.every((part, index) => Object.is(part, before[index])) ? before : parts;
}

function objectWithEqualParts(now: Record<string, unknown>, before: Record<string, unknown>): Record<string, unknown> {
  const keys = Object.keys(now);
  const parts = keys.map((key) => (Object.hasOwn(before, key) ? withEqualParts(now[key], before[key]) : now[key]));
  const isSame = (key: string, index: number) => Object.hasOwn(before, key) && Object.is(parts[index], before[key]);
  if (keys.length === Object.keys(before).length && keys.every(isSame)) return before;
  return Object.fromEntries(keys.map((key, index) => [key, parts[index]]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
