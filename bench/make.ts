/** Whose routers are measured. */
export type Make = "aloft" | "keepalived";
