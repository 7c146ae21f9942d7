/** Small things that several pages show. */
import { Alert } from '@mantine/core';
import type { MouseEvent, ReactNode } from 'react';
import type { EventRow } from '../api';
import { PAST, decisionOf, exactly, sentence, when, words } from '../format';
import { go } from '../router';
import { Plain } from './text';

/** A link inside the console. */
export function To({ path, children, ...more }: { path: string; children: ReactNode; className?: string; 'aria-current'?: 'page' }) {
  const follow = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(path);
  };
  return (
    <a href={path} onClick={follow} {...more}>
      {children}
    </a>
  );
}

export function DecisionTag({ row }: { row: { decision: string; flagged: boolean } }) {
  const decision = decisionOf(row);
  return <span className={`tag tag-${decision}`}>{PAST[decision] ?? words(decision)}</span>;
}

export function ActionTag({ action }: { action: string }) {
  const past: Record<string, string> = { block: 'block', redact: 'redact', flag: 'flag', off: 'not acted on' };
  return <span className={`tag tag-${action}`}>{past[action] ?? action}</span>;
}

export function Trouble({ text }: { text: string | null }) {
  return text === null ? null : (
    <Alert color="red" variant="light" role="alert">
      {text}
    </Alert>
  );
}

export function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** A list of events; every row leads to its event. */
export function EventTable({ rows, label }: { rows: EventRow[]; label: string }) {
  return (
    <table className="events" aria-label={label}>
      <thead>
        <tr>
          <th className="c-time">Time</th>
          <th className="c-decision">Decision</th>
          <th>Threat</th>
          <th>Model</th>
          <th className="c-project">Project</th>
          <th className="c-route">Route</th>
          <th className="c-status">Status</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.sequence} onClick={(event) => !event.defaultPrevented && go(`/events/${row.id}`)}>
            <td className="c-time" title={exactly(row.time)}>
              <To path={`/events/${row.id}`}>{when(row.time)}</To>
            </td>
            <td className="c-decision">
              <DecisionTag row={row} />
            </td>
            <td className="c-threat">{row.threat_type ? sentence(row.threat_type) : <span className="soft">–</span>}</td>
            <td className="c-model" title={row.model}>
              <Plain text={row.model || '–'} />
            </td>
            <td className="c-project">
              <Plain text={row.project} />
            </td>
            <td className="c-route">{row.route}</td>
            <td className="c-status">{row.status}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
