/** Charts as plain SVG. They keep their size whatever the data is, and the axis is there when there is none. */
import { useElementSize } from '@mantine/hooks';
import { type ReactNode, useState } from 'react';
import { To } from './pieces';
import { Plain } from './text';

const HEIGHT = 168;
const FOOT = 20;
const TOP = 12;
const PLOT = HEIGHT - FOOT - TOP;

/** A round number at or above a value: 1, 2 or 5 times a power of ten. */
function ceiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}

function Frame({ width, top, format, labels, children }: {
  width: number; top: number; format: (value: number) => string; labels: { x: number; text: string; anchor: 'start' | 'middle' | 'end' }[]; children: ReactNode;
}) {
  return (
    <svg className="chart" viewBox={`0 0 ${width} ${HEIGHT}`} role="presentation">
      {[0, 0.5, 1].map((share) => {
        const y = TOP + PLOT * (1 - share);
        return (
          <g key={share}>
            <line className="grid" x1={0} x2={width} y1={y} y2={y} />
            {share > 0 && <text x={0} y={y - 3}>{format(top * share)}</text>}
          </g>
        );
      })}
      {children}
      {labels.map((label, index) => (
        <text key={index} x={label.x} y={HEIGHT - 5} textAnchor={label.anchor}>{label.text}</text>
      ))}
    </svg>
  );
}

function labelsOf(names: string[], width: number) {
  if (names.length === 0 || width === 0) return [];
  const step = width / names.length;
  const wanted = width < 420 ? 3 : 6;
  const every = Math.max(1, Math.ceil(names.length / wanted));
  const places = names.map((text, index) => ({ text, index })).filter(({ index }) => index % every === 0);
  return places.map(({ text, index }) => ({ x: index * step + (index === 0 ? 0 : step / 2), text, anchor: index === 0 ? ('start' as const) : ('middle' as const) }));
}

export type Series = { name: string; kind: string; values: (number | null)[] };

export function Legend({ series }: { series: Series[] }) {
  return (
    <div className="legend">
      {series.map((one) => (
        <span key={one.name}>
          <svg viewBox="0 0 9 9" aria-hidden="true"><rect width="9" height="9" rx="2" className={`fill-${one.kind}`} /></svg>
          {one.name}
        </span>
      ))}
    </div>
  );
}

/** What the pointer is over, in words; the newest piece with something in it when it is nowhere. */
function Reading({ names, series, at, format }: { names: string[]; series: Series[]; at: number | null; format: (value: number) => string }) {
  const newest = names.findLastIndex((_, index) => series.some((one) => one.values[index]));
  const index = at ?? newest;
  const said = series.map((one) => `${one.name} ${one.values[index] === null || one.values[index] === undefined ? '–' : format(one.values[index])}`);
  return <div className="reading">{names[index] === undefined ? '' : `${names[index]}: ${said.join(', ')}`}</div>;
}

export function StackedBars({ names, ticks, series, label, format, empty }: {
  names: string[]; ticks: string[]; series: Series[]; label: string; format: (value: number) => string; empty: string;
}) {
  const { ref, width } = useElementSize();
  const [at, setAt] = useState<number | null>(null);
  const sums = names.map((_, index) => series.reduce((sum, one) => sum + (one.values[index] ?? 0), 0));
  const most = Math.max(0, ...sums);
  const top = Math.max(4, ceiling(most || 1));
  const step = width / Math.max(1, names.length);
  return (
    <div ref={ref} role="img" aria-label={`${label}, ${names.length} pieces, at most ${format(most)} in one`}>
      <Frame width={width} top={top} format={format} labels={labelsOf(ticks, width)}>
        {names.map((name, index) => {
          let y = TOP + PLOT;
          return (
            <g key={name} className="slot" onMouseEnter={() => setAt(index)} onMouseLeave={() => setAt(null)}>
              {series.map((one) => {
                const height = ((one.values[index] ?? 0) / top) * PLOT;
                y -= height;
                return <rect key={one.name} className={`fill-${one.kind}`} x={index * step + step * 0.12} width={Math.max(1, step * 0.76)} y={y} height={height} />;
              })}
              <rect className="hit" x={index * step} width={step} y={TOP} height={PLOT} />
            </g>
          );
        })}
        {most === 0 && <text x={width / 2} y={TOP + PLOT / 2 + 18} textAnchor="middle">{empty}</text>}
      </Frame>
      <Reading names={names} series={series} at={at} format={format} />
    </div>
  );
}

export function Lines({ names, ticks, series, label, format, empty }: {
  names: string[]; ticks: string[]; series: Series[]; label: string; format: (value: number) => string; empty: string;
}) {
  const { ref, width } = useElementSize();
  const [at, setAt] = useState<number | null>(null);
  const known = series.flatMap((one) => one.values.filter((value) => value !== null));
  const top = ceiling(Math.max(1, ...known));
  const step = width / Math.max(1, names.length);
  const place = (index: number, value: number) => `${((index + 0.5) * step).toFixed(1)} ${(TOP + PLOT * (1 - value / top)).toFixed(1)}`;
  return (
    <div ref={ref} role="img" aria-label={`${label}, at most ${known.length ? format(Math.max(...known)) : 'nothing'}`}>
      <Frame width={width} top={top} format={format} labels={labelsOf(ticks, width)}>
        {[...series].reverse().map((one) => {
          let path = '';
          one.values.forEach((value, index) => {
            if (value === null) return;
            path += `${path === '' || one.values[index - 1] === null ? 'M' : 'L'}${place(index, value)} `;
          });
          return (
            <g key={one.name}>
              <path className={`stroke-${one.kind}`} d={path} />
              {one.values.map((value, index) => {
                const alone = value !== null && (one.values[index - 1] ?? null) === null && (one.values[index + 1] ?? null) === null;
                const [x, y] = value === null ? [] : place(index, value).split(' ');
                return value !== null && (alone || index === at) ? <circle key={index} className={`fill-${one.kind}`} cx={x} cy={y} r="3" /> : null;
              })}
            </g>
          );
        })}
        {names.map((name, index) => (
          <g key={name} className="slot" onMouseEnter={() => setAt(index)} onMouseLeave={() => setAt(null)}>
            <rect className="hit" x={index * step} width={step} y={TOP} height={PLOT} />
          </g>
        ))}
        {known.length === 0 && <text x={width / 2} y={TOP + PLOT / 2 + 18} textAnchor="middle">{empty}</text>}
      </Frame>
      <Reading names={names} series={series} at={at} format={format} />
    </div>
  );
}

/** A short list with a bar behind each row; every row leads somewhere. */
export function Bars({ rows }: { rows: { name: string; value: number; said: string; path: string }[] }) {
  const most = Math.max(1, ...rows.map((row) => row.value));
  return (
    <div className="bars">
      {rows.map((row) => (
        <To key={row.name} className="bars-row" path={row.path}>
          <svg preserveAspectRatio="none" viewBox="0 0 100 1" aria-hidden="true"><rect width={(100 * row.value) / most} height="1" /></svg>
          <span><Plain text={row.name} /></span>
          <span className="number soft">{row.said}</span>
        </To>
      ))}
    </div>
  );
}
