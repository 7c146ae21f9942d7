import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Coverage, Finding, GatewayEvent } from '../api';
import { count, duration, exactly, sentence, words } from '../format';
import { useLoad } from '../parts/load';
import { ActionTag, DecisionTag, Empty, To, Trouble } from '../parts/pieces';
import { Score } from '../parts/score';
import { Plain } from '../parts/text';
import { go, withQuery } from '../router';
import { draft } from './playground';

const OUTCOMES: Record<string, string> = {
  answered: 'The model’s answer was sent.',
  blocked: 'The client was told that its request was blocked.',
  refused: 'The client was told what is wrong with its request.',
  upstream_error: 'The client was told that the model server failed.',
  client_gone: 'The client left before the end.',
  failed: 'The client was told that the gateway failed.',
  unknown_crash: 'The gateway died during this exchange; what the client saw is not known.',
};

/** An event, and from which scores the policy in use flags and acts. */
type WithLimits = { event: GatewayEvent; thresholds: Record<string, [number, number]> };

export function EventPage({ id, canTry }: { id: string; canTry: boolean }) {
  const { data, trouble } = useLoad<WithLimits>(`events/${encodeURIComponent(id)}`);
  const event = data?.event;
  return (
    <>
      <div className="head">
        <div className="stack">
          <To path="/events" className="small">← Events</To>
          <div className="verdict">
            <h1>{event ? event.threat_type ? sentence(event.threat_type) : 'Nothing to act on' : 'Event'}</h1>
            {event && <DecisionTag row={event} />}
            {event?.mode === 'monitor' && event.decision !== 'allow' && <span className="plain-tag">monitor mode: let through</span>}
          </div>
        </div>
      </div>
      <Trouble text={trouble} />
      {data && <Whole event={data.event} thresholds={data.thresholds} canTry={canTry} />}
    </>
  );
}

function Whole({ event, thresholds, canTry }: WithLimits & { canTry: boolean }) {
  return (
    <div className="aside">
      <div className="stack">
        <section className="card">
          <h2>Why</h2>
          {event.reasons.length === 0 && <p className="soft">{event.findings.length ? 'What was found stays below what the policy acts on.' : 'No detector found anything.'}</p>}
          {event.reasons.map((reason, index) => <p key={index}>{reason.text}</p>)}
          {event.error && <p>The answer was the error <code>{event.error}</code>.</p>}
          {event.degraded.length > 0 && <p>Detectors that failed: {event.degraded.join(', ')}.</p>}
        </section>
        <section className="card">
          <h2>Findings</h2>
          {event.findings.length === 0 && <Empty title="None">Every part that was inspected came back clean.</Empty>}
          {event.findings.map((finding, index) => <OneFinding key={index} finding={finding} canTry={canTry} />)}
        </section>
        <Scores event={event} thresholds={thresholds} />
      </div>
      <div className="stack">
        <Facts event={event} />
        <Timing timings={event.timings_us} />
        <Ledger coverage={event.coverage} />
      </div>
    </div>
  );
}

/** A phrase can be tried; of a value only its placeholder is kept. */
const isPhrase = (excerpt: string) => excerpt !== '' && !/^\[[A-Z0-9_]+\]$/.test(excerpt);

const tryIt = (finding: Finding) => {
  draft.text = finding.excerpt;
  go('/playground');
};

function OneFinding({ finding, canTry }: { finding: Finding; canTry: boolean }) {
  return (
    <article className="finding">
      <div className="finding-head">
        <strong>{finding.detector}</strong>
        <ActionTag action={finding.action} />
        {finding.status !== 'active' && <span className="plain-tag">{finding.status}</span>}
        <span className="plain-tag">{finding.severity}</span>
        {finding.owasp.map((code) => <span key={code} className="plain-tag">{code}</span>)}
        {canTry && isPhrase(finding.excerpt) && <Button className="quiet-button push" size="compact-xs" variant="default" onClick={() => tryIt(finding)}>Try in playground</Button>}
      </div>
      {finding.excerpt && (
        <pre className="quote"><mark className={`mark-${finding.action}`}><Plain text={finding.excerpt} /></mark></pre>
      )}
      <p className="small soft">
        {finding.direction === 'output' ? 'answer' : 'request'} · <code><Plain text={finding.path + finding.pointer} /></code> · characters {count(finding.span[0])} to {count(finding.span[1])}
        {finding.view && finding.view !== 'plain' ? ` · seen in the ${words(finding.view)} reading` : ''} · rule <Plain text={finding.rule} /> · score {finding.score.toFixed(2)}
      </p>
    </article>
  );
}

function Scores({ event, thresholds }: WithLimits) {
  const scores = Object.entries(event.scores).sort(([, a], [, b]) => b - a);
  const actionOf = (detector: string) => event.findings.find((finding) => finding.detector === detector)?.action ?? 'off';
  if (scores.length === 0) return null;
  return (
    <section className="card">
      <div className="card-head"><h2>Scores</h2><span className="small soft">the highest of each detector; lines mark where the project’s policy of today flags and acts</span></div>
      <div className="score-rows">
        {scores.map(([detector, value]) => (
          <div key={detector} className="score">
            <Score value={value} warn={thresholds[detector]?.[0]} block={thresholds[detector]?.[1]} action={actionOf(detector)} />
            <span className="number">{value.toFixed(2)}</span>
            <span>{detector}</span>
          </div>
        ))}
      </div>
    </section>
  );
}

function Facts({ event }: { event: GatewayEvent }) {
  const facts: [string, ReactNode][] = [
    ['Time', exactly(event.time)],
    ['Model', <To path={withQuery('/events', { model: event.model })}><Plain text={event.model || '–'} /></To>],
    ['Project', <To path={withQuery('/events', { project: event.project })}><Plain text={event.project} /></To>],
    ['API key', <code>{event.api_key}…</code>],
    ['End user', event.end_user === null ? '–' : <Plain text={event.end_user} />],
    ['Route', `${event.route}${event.streamed ? ', streamed' : ''}`],
    ['Upstream', event.upstream ?? '–'],
    ['Policy', `${event.policy}, version ${event.policy_version}`],
    ['Status', `${event.status}`],
    ['Tokens', event.usage ? `${count(event.usage.prompt_tokens)} in, ${count(event.usage.completion_tokens)} out` : '–'],
    ['Id', <code>{event.id}</code>],
  ];
  return (
    <section className="card">
      <h2>Exchange</h2>
      <p className="soft">{OUTCOMES[event.outcome] ?? event.outcome}</p>
      <dl className="facts">
        {facts.map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name}.`}>{value}</dd>])}
      </dl>
    </section>
  );
}

function Timing({ timings }: { timings: Record<string, number | null> }) {
  const total = timings.total ?? 0;
  const stages = Object.entries(timings).filter((stage): stage is [string, number] => stage[0] !== 'total' && stage[1] !== null);
  let x = 0;
  return (
    <section className="card">
      <div className="card-head"><h2>Time</h2><span className="number">{duration(timings.total)}</span></div>
      <svg className="timing" viewBox="0 0 100 1" preserveAspectRatio="none" role="img" aria-label={`${duration(total)} in all`}>
        <rect className="t6" width="100" height="1" />
        {stages.map(([name, value], index) => {
          const width = total ? (100 * value) / total : 0;
          x += width;
          return <rect key={name} className={`t${index % 6}`} x={x - width} width={width} height="1" />;
        })}
      </svg>
      <div className="timing-list">
        {stages.map(([name, value], index) => [
          <svg key={`${name}1`} viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" rx="2" className={`t${index % 6}`} /></svg>,
          <span key={`${name}2`}>{words(name)}</span>,
          <span key={`${name}3`} className="number soft">{duration(value)}</span>,
        ])}
      </div>
    </section>
  );
}

function Ledger({ coverage }: { coverage: Record<string, Coverage> }) {
  return (
    <section className="card">
      <h2>Coverage</h2>
      {Object.keys(coverage).length === 0 && <p className="soft">Nothing of this exchange was read.</p>}
      {Object.entries(coverage).map(([direction, one]) => (
        <div key={direction} className="stack">
          <p>
            {direction === 'output' ? 'Answer' : 'Request'}: {count(one.inspected)} of {count(one.leaves)} strings inspected, {count(one.characters)} characters.
            {Object.keys(one.exempt).length > 0 && <span className="soft"> Not: {Object.entries(one.exempt).map(([reason, n]) => `${count(n)} ${words(reason)}`).join(', ')}.</span>}
          </p>
        </div>
      ))}
    </section>
  );
}
