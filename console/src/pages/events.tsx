import { Button, Select, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import { type EventPage, type EventRow, Refused, ask } from '../api';
import { exactly } from '../format';
import { Filters, NOTHING } from '../parts/filters';
import { Empty, EventTable, Trouble } from '../parts/pieces';
import { go, usePlace, withQuery } from '../router';

const SPANS = [
  { value: '3600000', label: 'Last hour' },
  { value: '86400000', label: 'Last day' },
  { value: '604800000', label: 'Last 7 days' },
  { value: '2592000000', label: 'Last 30 days' },
];

/** What the API is asked: "flagged" is a mark on an allowed exchange, not a decision of its own. */
function queryOf(parameters: URLSearchParams): string {
  const query = new URLSearchParams(parameters);
  if (query.get('decision') === 'flag') {
    query.set('decision', 'allow');
    query.set('flagged', 'true');
  }
  return query.toString();
}

/** Errors and headers name the event: whoever has its id comes straight to it. */
function ById() {
  const [id, setId] = useState('');
  const find = (event: FormEvent) => {
    event.preventDefault();
    if (id.trim()) go(`/events/${encodeURIComponent(id.trim())}`);
  };
  return (
    <form className="row" onSubmit={find}>
      <TextInput size="xs" aria-label="Event id" placeholder="Event id" maxLength={64} value={id} onChange={(event) => setId(event.currentTarget.value)} />
      <Button size="xs" variant="default" type="submit">Open</Button>
    </form>
  );
}

export function EventsPage() {
  const parameters = usePlace().searchParams;
  const query = queryOf(parameters);
  const [rows, setRows] = useState<EventRow[]>([]);
  const [page, setPage] = useState<EventPage | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [cursor, setCursor] = useState<{ of: string; at: string } | null>(null);
  const from = cursor?.of === query ? cursor.at : null;
  useEffect(() => {
    const aborter = new AbortController();
    const path = `events?${query}${from ? `&cursor=${encodeURIComponent(from)}` : ''}`;
    ask<EventPage>('GET', path, undefined, aborter.signal).then(
      (found) => {
        setPage(found);
        setRows((before) => (from ? [...before, ...found.rows] : found.rows));
        setTrouble(null);
      },
      (error: unknown) => !aborter.signal.aborted && setTrouble(error instanceof Refused ? error.message : 'Something went wrong here.'),
    );
    return () => aborter.abort();
  }, [query, from]);
  const wanted = { ...NOTHING, ...Object.fromEntries(parameters) };
  const since = parameters.get('since');
  const change = (more: Record<string, string>) => {
    const { decision, threat, project, model } = { ...wanted, ...more };
    go(withQuery('/events', { decision, threat, project, model, since: more.since ?? since }), { replace: true });
  };
  return (
    <>
      <div className="head">
        <h1>Events</h1>
        <div className="head-end">
          {since && <p className="soft small">since {exactly(Number(since))}</p>}
          <ById />
        </div>
      </div>
      <Filters wanted={wanted} onChange={change}>
        <Select size="xs" label="Time" placeholder="all" clearable data={SPANS} value={null}
          onChange={(value) => change({ since: value ? String(Date.now() - Number(value)) : '' })} />
        <Button size="xs" variant="default" disabled={parameters.size === 0} onClick={() => go('/events', { replace: true })}>Clear</Button>
      </Filters>
      <Trouble text={trouble} />
      <div className="table-card">
        {rows.length > 0 && <EventTable rows={rows} label="Events, newest first" />}
        {rows.length === 0 && page !== null && page.next === null && (parameters.size > 0
          ? <Empty title="No event is like this">Take a filter away, or look further back in time.</Empty>
          : <Empty title="No events yet">Every request that the gateway answers leaves one here.</Empty>)}
        {rows.length === 0 && page === null && !trouble && <div className="empty">Searching …</div>}
        {page?.next && (
          <div className="more">
            <span className="soft small">{page.reached ? `Searched back to ${exactly(page.reached)}.` : ''}</span>
            <Button size="xs" variant="default" onClick={() => page.next && setCursor({ of: query, at: page.next })}>Look further back</Button>
          </div>
        )}
      </div>
    </>
  );
}
