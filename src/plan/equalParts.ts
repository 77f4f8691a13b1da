/**
 * `now`, with what is equal in `before` taken from there, down to the smallest part: what was made of a part that has not changed stands
 * (memoized.ts), though the object that it is of was read anew. Of plain objects and lists; neither argument is changed.
 */
export function withEqualParts<Value>(now: Value, before: unknown): Value {
  if (now === before || !isPlain(now) || !isPlain(before) || Array.isArray(now) !== Array.isArray(before)) return now;
  const keys = Object.keys(now);
  const parts = keys.map((key) => withEqualParts(now[key], before[key]));
  const isSame = (key: string, index: number) => Object.hasOwn(before, key) && Object.is(parts[index], before[key]);
  if (keys.length === Object.keys(before).length && keys.every(isSame)) return before as Value;
  const whole = Array.isArray(now) ? parts : Object.fromEntries(keys.map((key, index) => [key, parts[index]]));
  return whole as Value;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
