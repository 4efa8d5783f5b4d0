import type { Chapter } from "./chapter";

export const everything: Chapter = { name: "everything", show: { view: "flow", side: "encoder", layer: -1 }, spot: "flow" };
