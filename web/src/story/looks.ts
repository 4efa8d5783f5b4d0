import type { Chapter } from "./chapter";

export const looks: Chapter = { name: "looks", show: { view: "attention", side: "encoder", layer: -1, token: -1, key: -1, heads: null }, spot: "lists" };
