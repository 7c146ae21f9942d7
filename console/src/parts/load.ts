/** Asking the API from a page: the last answer stays while the next one is on its way, so nothing jumps. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { Refused, ask } from '../api';

export type Loaded<T> = { data: T | null; trouble: string | null; busy: boolean; again: () => void };

export function useLoad<T>(path: string | null, every?: number): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; trouble: string | null; busy: boolean }>({ data: null, trouble: null, busy: true });
  const [round, setRound] = useState(0);
  const shown = useRef<string | null>(null);
  useEffect(() => {
    if (path === null) return undefined;
    const aborter = new AbortController();
    setState((before) => ({ ...before, busy: true }));
    ask<T>('GET', path, undefined, aborter.signal).then(
      (data) => {
        shown.current = path;
        setState({ data, trouble: null, busy: false });
      },
      (error: unknown) => {
        if (aborter.signal.aborted) return;
        const trouble = error instanceof Refused ? error.message : 'Something went wrong here.';
        setState((before) => ({ data: shown.current === path ? before.data : null, trouble, busy: false }));
      },
    );
    return () => aborter.abort();
  }, [path, round]);
  const again = useCallback(() => setRound((value) => value + 1), []);
  useEffect(() => {
    if (!every) return undefined;
    const timer = window.setInterval(() => {
      if (!document.hidden) again();
    }, every);
    return () => window.clearInterval(timer);
  }, [every, again]);
  return { ...state, again };
}
