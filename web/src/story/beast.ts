import type { Chapter } from "./chapter";

export const beast: Chapter = { name: "beast", show: { view: "matrices", symbol: "heads", side: "encoder", cell: "" }, spot: "all-heads" };
