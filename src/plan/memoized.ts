/**
 * What a pure function has made of an object, kept with the object. Of thousands that a plan looks at few have changed since the plan before,
 * and what is planned from is frozen and replaced as a whole: the same object is the same value.
 */

/** `compute` once for each `subject`, and anew when one of the `others` is not the same as the last time. Nobody may change what it returns. */
export function memoized<Subject extends object, Others extends readonly unknown[], Value>(
  compute: (subject: Subject, ...others: Others) => Value,
): (subject: Subject, ...others: Others) => Value {
  const known = new WeakMap<Subject, { others: Others; value: Value }>();
  return (subject, ...others) => {
    const before = known.get(subject);
    if (before && isSame(before.others, others)) return before.value;
    const value = compute(subject, ...others);
    known.set(subject, { others, value });
    return value;
  };
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
