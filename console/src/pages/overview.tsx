import { SegmentedControl } from '@mantine/core';
import type { Overview, Point, UpstreamState } from '../api';
import { count, duration, percent, piece, sentence, short, tick } from '../format';
import { Bars, Legend, Lines, type Series, StackedBars } from '../parts/charts';
import { useLoad } from '../parts/load';
import { Empty, To, Trouble } from '../parts/pieces';
import { go, usePlace, withQuery } from '../router';

const RANGES = [
  { value: '1h', label: '1 h' },
  { value: '6h', label: '6 h' },
  { value: '24h', label: '24 h' },
  { value: '7d', label: '7 d' },
  { value: '30d', label: '30 d' },
];
const WORDS: Record<string, string> = { '1h': 'hour', '6h': '6 hours', '24h': '24 hours', '7d': '7 days', '30d': '30 days' };

const requests = (point: Point) => point.allowed + point.flagged + point.redacted + point.blocked;

export function OverviewPage() {
  const range = usePlace().searchParams.get('range') ?? '1h';
  const { data, trouble } = useLoad<Overview>(`overview?range=${encodeURIComponent(range)}`, 5000);
  const upstreams = useLoad<{ upstreams: UpstreamState[] }>('upstreams', 30_000);
  return (
    <>
      <div className="head">
        <h1>Overview</h1>
        <SegmentedControl aria-label="Time range" size="xs" data={RANGES} value={range} onChange={(value) => go(withQuery('/', { range: value }), { replace: true })} />
      </div>
      <Trouble text={trouble} />
      <Figures data={data} range={range} />
      <div className="two">
        <Traffic data={data} />
        <Latency data={data} />
      </div>
      <Lists data={data} upstreams={upstreams.data?.upstreams ?? null} />
    </>
  );
}

function Figures({ data, range }: { data: Overview | null; range: string }) {
  const total = data?.total;
  const all = total ? requests(total) : 0;
  const stopped = total ? total.blocked + total.redacted + total.flagged : 0;
  const since = data ? String(data.since) : null;
  const figure = (name: string, value: string, said: string, path?: string) => {
    const inner = (<><span>{name}</span><strong>{value}<small>{said}</small></strong></>);
    return path ? <To key={name} className="figure" path={path}>{inner}</To> : <div key={name} className="figure">{inner}</div>;
  };
  const n = (value: number | undefined) => (value === undefined ? '–' : short(value));
  return (
    <div className="figures">
      {figure('Requests', total ? short(all) : '–', `in the last ${WORDS[range] ?? range}`, withQuery('/events', { since }))}
      {figure('Blocked', n(total?.blocked), total ? percent(total.blocked, all) : '', withQuery('/events', { decision: 'block', since }))}
      {figure('Redacted', n(total?.redacted), total ? percent(total.redacted, all) : '', withQuery('/events', { decision: 'redact', since }))}
      {figure('Flagged', n(total?.flagged), total ? `${percent(stopped, all)} detected in all` : '', withQuery('/events', { decision: 'flag', since }))}
      {figure('Tokens', data ? short(data.prompt_tokens + data.completion_tokens) : '–', data ? `${short(data.prompt_tokens)} in, ${short(data.completion_tokens)} out` : '')}
      {figure('Added latency', duration(total?.added_p50), total?.added_p95 == null ? 'median' : `median; p95 ${duration(total.added_p95)}`)}
    </div>
  );
}

const namesOf = (data: Overview | null) => (data?.points ?? []).map((point) => piece(point.start, data?.step ?? 0));
const ticksOf = (data: Overview | null) => (data?.points ?? []).map((point) => tick(point.start, data?.step ?? 0));
const valuesOf = (data: Overview | null, of: (point: Point) => number | null) => (data?.points ?? []).map(of);

function Traffic({ data }: { data: Overview | null }) {
  const series: Series[] = [
    { name: 'allowed', kind: 'allow', values: valuesOf(data, (point) => point.allowed) },
    { name: 'flagged', kind: 'flag', values: valuesOf(data, (point) => point.flagged) },
    { name: 'redacted', kind: 'redact', values: valuesOf(data, (point) => point.redacted) },
    { name: 'blocked', kind: 'block', values: valuesOf(data, (point) => point.blocked) },
  ];
  return (
    <section className="card">
      <div className="card-head"><h2>Decisions</h2><Legend series={series} /></div>
      <StackedBars names={namesOf(data)} ticks={ticksOf(data)} series={series} label="Requests by decision" format={short} empty={data ? 'No requests in this range' : ''} />
    </section>
  );
}

function Latency({ data }: { data: Overview | null }) {
  const series: Series[] = [
    { name: 'p95', kind: 'main', values: valuesOf(data, (point) => point.added_p95) },
    { name: 'median', kind: 'second', values: valuesOf(data, (point) => point.added_p50) },
  ];
  const total = data?.total;
  return (
    <section className="card">
      <div className="card-head"><h2>Latency the gateway adds</h2><Legend series={series} /></div>
      <Lines names={namesOf(data)} ticks={ticksOf(data)} series={series} label="Added latency" format={(value) => duration(Math.round(value))} empty={data ? 'No requests in this range' : ''} />
      <p className="small soft">Whole answers, with the model: median {duration(total?.total_p50)}, p95 {duration(total?.total_p95)}</p>
    </section>
  );
}

function Lists({ data, upstreams }: { data: Overview | null; upstreams: UpstreamState[] | null }) {
  const since = data ? String(data.since) : null;
  const pairs = (of: Record<string, [number, number]>, key: string) =>
    Object.entries(of).map(([name, [all, stopped]]) => ({ name: name || '(none)', value: all, said: `${count(all)} · ${percent(stopped, all)} stopped`, path: withQuery('/events', { [key]: name, since }) }));
  const threats = Object.entries(data?.threats ?? {}).slice(0, 8).map(([name, value]) => ({ name: sentence(name), value, said: count(value), path: withQuery('/events', { threat: name, since }) }));
  return (
    <div className="three">
      <section className="card">
        <h2>Threats</h2>
        {threats.length ? <Bars rows={threats} /> : <Empty title="Nothing was found">What is blocked, redacted or flagged appears here by its kind.</Empty>}
      </section>
      <section className="card">
        <h2>Projects and models</h2>
        {data && Object.keys(data.projects).length ? (
          <div className="stack">
            <Bars rows={pairs(data.projects, 'project')} />
            <Bars rows={pairs(data.models, 'model')} />
            {data.sampled >= 5000 && <p className="small soft">Models of the newest {count(data.sampled)} requests.</p>}
          </div>
        ) : (
          <Empty title="No requests yet">Point an application at the gateway, or try a text in the <To path="/playground">playground</To>.</Empty>
        )}
      </section>
      <section className="card">
        <h2>Upstreams</h2>
        {upstreams?.map((upstream) => (
          <div key={upstream.origin} className="row">
            <svg className={upstream.state === 'ready' ? 'pulse on' : 'pulse'} viewBox="0 0 8 8" aria-hidden="true"><circle cx="4" cy="4" r="4" /></svg>
            <span>{upstream.origin || 'in this process'}</span>
            <span className="soft small">{upstream.state}</span>
          </div>
        ))}
        {upstreams === null && <p className="soft">Asking them …</p>}
      </section>
    </div>
  );
}
