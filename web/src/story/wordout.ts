import type { Chapter } from "./chapter";

export const wordout: Chapter = { name: "wordout", show: { view: "decoding", side: "cross", step: 0 }, spot: "choices" };
