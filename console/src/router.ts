/** Where the console is: the path and the query of the address bar, and nothing else. */
import { useSyncExternalStore } from 'react';

const changed = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  changed.add(listener);
  window.addEventListener('popstate', listener);
  return () => {
    changed.delete(listener);
    window.removeEventListener('popstate', listener);
  };
}

export const usePlace = (): URL => new URL(useSyncExternalStore(subscribe, () => window.location.href));

export function go(path: string, { replace = false } = {}): void {
  if (replace) window.history.replaceState(null, '', path);
  else window.history.pushState(null, '', path);
  changed.forEach((listener) => listener());
  if (!replace) window.scrollTo(0, 0);
}

/** A path with those parameters of the query that have a value. */
export function withQuery(path: string, query: Record<string, string | null | undefined>): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}
