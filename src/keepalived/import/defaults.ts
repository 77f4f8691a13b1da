/** The object without what a schema assumes anyway, so that what is written is what somebody meant. */
export function withoutDefaults<T extends object>(object: T, defaults: Readonly<Record<string, unknown>>): Partial<T> {
  const meant = Object.entries(object).filter(([field, value]) => !(Object.hasOwn(defaults, field) && defaults[field] === value));
  return Object.fromEntries(meant) as Partial<T>;
}
