// A signal that knows who listens: what is left on it when a call is over is a leak.

export function countListeners(): { readonly signal: AbortSignal; count(): number } {
  const { signal } = new AbortController();
  const open = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (type: string, listener: never, options?: { readonly signal?: AbortSignal }) => {
    open.add(listener);
    options?.signal?.addEventListener('abort', () => open.delete(listener), { once: true });
    add(type, listener, options);
  };
  signal.removeEventListener = (type: string, listener: never) => {
    open.delete(listener);
    remove(type, listener);
  };
  return { signal, count: () => open.size };
}
