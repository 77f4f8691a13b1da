/** Whose wish to share an address is the newest. Pure. */
import { sharingKeyAnnotation } from "../../../api/service.ts";
import type { ServiceView } from "./views.ts";

export interface Wish {
  /** The key, and the ports that nobody else may have. */
  text: string;
  /** The later it was changed the greater; 0: before this process began. */
  turn: number;
}

/** By key of the Service; of those that share, or have wanted to. */
export type Wishes = ReadonlyMap<string, Wish>;

/** `before`: undefined where a process has just begun. */
export function followWishes(services: readonly ServiceView[], before: Wishes | undefined): Wishes {
  const turn = before ? 1 + [...before.values()].reduce((most, wish) => Math.max(most, wish.turn), 0) : 0;
  const wishes = new Map<string, Wish>();
  for (const { key, annotations, ports } of services) {
    const known = before?.get(key);
    const sharingKey = annotations[sharingKeyAnnotation] ?? "";
    if (!known && sharingKey === "") continue;
    const text = [sharingKey, ...ports.map(({ protocol, port }) => `${protocol}/${port}`)].join(" ");
    wishes.set(key, known?.text === text ? known : { text, turn });
  }
  return wishes;
}
