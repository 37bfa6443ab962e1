/** Typed events: one listener set for each name of `Events`. */
export class Emitter<Events extends object> {
  private readonly listeners = new Map<keyof Events, Set<(value: never) => void>>();

  /** Calls `listener` at each event; the result stops that. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const set = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, set.add(listener));
    return () => set.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of [...(this.listeners.get(name) ?? [])]) {
      (listener as (value: Events[Name]) => void)(value);
    }
  }
}

/** Marks a `switch` as covering every case. */
export function unreachable(value: never): never {
  throw new Error(`case not covered: ${JSON.stringify(value)}`);
}
