import type { Chapter } from "./chapter";

export const words: Chapter = { name: "words", show: { view: "flow", side: "encoder", layer: 0 }, spot: "flow" };
