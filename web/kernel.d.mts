/** The text of kernel.ts. */
export function assembled(): Promise<string>;
