/** A score on a rail from 0 to 1, with the thresholds that it is held against. */
import type { Decision } from '../format';

export function Score({ value, warn, block, action }: { value: number; warn?: number; block?: number; action: string }) {
  const kind = (action === 'off' ? 'allow' : action) as Decision;
  return (
    <svg viewBox="0 0 100 14" preserveAspectRatio="none" role="img" aria-label={`score ${value.toFixed(2)}`}>
      <rect className="rail" y="4" width="100" height="6" />
      <rect className={`fill-${kind}`} y="4" width={100 * value} height="6" />
      {[warn, block].map((limit, index) => limit !== undefined && limit <= 1 && (
        <line key={index} className="limit" vectorEffect="non-scaling-stroke" x1={100 * limit} x2={100 * limit} y1={index ? 0 : 3} y2={index ? 14 : 11} />
      ))}
    </svg>
  );
}
