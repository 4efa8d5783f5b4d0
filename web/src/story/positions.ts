import type { Chapter } from "./chapter";

export const positions: Chapter = { name: "positions", show: { view: "positions" }, spot: "encoding" };
