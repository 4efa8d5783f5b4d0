import type { Chapter } from "./chapter";

export const formula: Chapter = { name: "formula", show: { view: "matrices", symbol: "weights", side: "encoder", layer: 0, cell: "" }, spot: "formula" };
