import { Button } from '@mantine/core';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { type EventRow, LIVE } from '../api';
import { count, decisionOf } from '../format';
import { Filters, NOTHING, type Wanted } from '../parts/filters';
import { Empty, EventTable } from '../parts/pieces';

const KEPT = 500;

const isWanted = (row: EventRow, wanted: Wanted) =>
  (!wanted.decision || decisionOf(row) === wanted.decision) &&
  (!wanted.threat || (row.threat_type ?? '').includes(wanted.threat)) &&
  (!wanted.project || row.project.includes(wanted.project)) &&
  (!wanted.model || row.model.includes(wanted.model));

/** The feed: the newest events first. The browser reconnects by itself and says which event it saw last. */
function useFeed() {
  const [rows, setRows] = useState<EventRow[]>([]);
  const [connected, setConnected] = useState(false);
  const [skipped, setSkipped] = useState(0);
  const [held, setHeld] = useState<EventRow[] | null>(null);
  const paused = useRef(false);
  const take = useCallback((fresh: EventRow[]) => {
    const add = (before: EventRow[]) => [...fresh].reverse().concat(before).slice(0, KEPT);
    if (paused.current) setHeld((before) => add(before ?? []));
    else setRows(add);
  }, []);
  useEffect(() => {
    const source = new EventSource(LIVE);
    source.onopen = () => setConnected(true);
    source.onerror = () => setConnected(false);
    source.addEventListener('events', (message) => take(JSON.parse(message.data)));
    source.addEventListener('skipped', (message) => setSkipped((before) => before + JSON.parse(message.data).events));
    return () => source.close();
  }, [take]);
  const pause = () => {
    paused.current = true;
    setHeld([]);
  };
  const resume = () => {
    paused.current = false;
    setRows((before) => [...(held ?? []), ...before].slice(0, KEPT));
    setHeld(null);
  };
  return { rows, connected, skipped, held, pause, resume };
}

export function LivePage() {
  const { rows, connected, skipped, held, pause, resume } = useFeed();
  const [wanted, setWanted] = useState(NOTHING);
  const shown = useMemo(() => rows.filter((row) => isWanted(row, wanted)), [rows, wanted]);
  return (
    <>
      <div className="head">
        <h1>Live</h1>
        <div className="head-end">
          <span className="row soft" role="status">
            <svg className={connected && !held ? 'pulse on' : 'pulse'} viewBox="0 0 8 8" aria-hidden="true"><circle cx="4" cy="4" r="4" /></svg>
            {held ? `Paused, ${count(held.length)} waiting` : connected ? 'Connected' : 'Connecting …'}
          </span>
          <Button size="xs" variant="default" onClick={held ? resume : pause}>{held ? 'Go on' : 'Pause'}</Button>
        </div>
      </div>
      <Filters wanted={wanted} onChange={setWanted} />
      {skipped > 0 && <p className="soft small">{count(skipped)} events came faster than this page could show them. They are under Events.</p>}
      <div className="table-card">
        {shown.length > 0 && <EventTable rows={shown} label="Events as they happen, newest first" />}
        {shown.length === 0 && rows.length === 0 && <Empty title="Waiting for the first request">Send one to the gateway and it appears here within a second. The commands to try stand in the terminal where it was started.</Empty>}
        {shown.length === 0 && rows.length > 0 && <Empty title="None of the newest events match">The filters hold for the {count(rows.length)} events on this page; Events searches all of them.</Empty>}
      </div>
    </>
  );
}
