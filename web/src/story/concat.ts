import type { Chapter } from "./chapter";

export const concat: Chapter = { name: "concat", show: { view: "matrices", symbol: "concat", side: "encoder", cell: "" }, spot: "product" };
