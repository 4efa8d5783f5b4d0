import type { Chapter } from "./chapter";

export const qkv: Chapter = { name: "qkv", show: { view: "matrices", symbol: "q", side: "encoder", layer: 0, cell: "" }, spot: "product" };
