/** A window in the model: everything that passes it can be seen (trace.ts) and replaced (what_if.ts). */
import type { Tensor } from "./tensor";

export class Probe {
  readonly axes: string[];
  readonly changes: ((value: Tensor) => Tensor)[] = [];
  watcher: ((value: Tensor) => void) | undefined;

  constructor(
    axes: string,
    readonly place: string,
  ) {
    this.axes = axes.split(" ");
  }

  see(value: Tensor): Tensor {
    for (const change of this.changes) value = change(value);
    this.watcher?.(value);
    return value;
  }
}

const known = new WeakMap<object, Map<string, Probe>>();

/** Every probe of a model by its name, encoder.layers.0.self_attention.weights, in the order of the model. */
export function probes(model: object): Map<string, Probe> {
  const found = known.get(model) ?? collected(model, "");
  known.set(model, found);
  return found;
}

function collected(part: object, name: string): Map<string, Probe> {
  const found = new Map<string, Probe>();
  for (const [field, value] of Object.entries(part)) {
    const path = name ? `${name}.${field}` : field;
    if (value instanceof Probe) found.set(path, value);
    else if (value?.isModule || Array.isArray(value))
      for (const [inner, probe] of collected(value, path)) found.set(inner, probe);
  }
  return found;
}

/** A part of the model, in which probes are looked for. */
export class Module {
  get isModule(): boolean {
    return true;
  }
}
