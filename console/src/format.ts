/** Numbers, times and texts as people read them. */

export const count = (value: number): string => value.toLocaleString('en-US');

export function short(value: number): string {
  return value < 10_000 ? count(value) : Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

/** Microseconds, in a unit that leaves few digits. */
export function duration(microseconds: number | null | undefined): string {
  if (microseconds === null || microseconds === undefined) return '–';
  if (microseconds < 1000) return `${microseconds} µs`;
  if (microseconds < 10_000) return `${(microseconds / 1000).toFixed(1)} ms`;
  if (microseconds < 1_000_000) return `${Math.round(microseconds / 1000)} ms`;
  return `${(microseconds / 1_000_000).toFixed(1)} s`;
}

export const percent = (part: number, whole: number): string => {
  if (whole === 0) return '–';
  const share = (100 * part) / whole;
  return share === 0 || share >= 10 ? `${Math.round(share)} %` : `${share.toFixed(1)} %`;
};

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayAndClock = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' });
const whole = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'medium' });
const hourAndMinute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short' });

/** The time of day for today, with the day for what is older. */
export function when(time: number): string {
  const sameDay = new Date(time).toDateString() === new Date().toDateString();
  return (sameDay ? clock : dayAndClock).format(time);
}
export const exactly = (time: number): string => whole.format(time);
export const tick = (time: number, step: number): string => (step >= 86_400_000 ? day : hourAndMinute).format(time);

const dayHourMinute = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit' });
/** The name of a piece of a chart. */
export const piece = (time: number, step: number): string => (step >= 86_400_000 ? day : dayHourMinute).format(time);

/** `prompt_injection` as `prompt injection`. */
export const words = (name: string): string => name.replaceAll('_', ' ').replace(/\b(pii|api|url|mcp)\b/g, (short) => short.toUpperCase());

/** The same with a capital letter, as a title. */
export const sentence = (name: string): string => words(name).replace(/^./, (first) => first.toUpperCase());

export type Decision = 'block' | 'redact' | 'flag' | 'allow';

/** What became of an exchange, in one word: an allowed one that was flagged counts as flagged. */
export const decisionOf = (row: { decision: string; flagged: boolean }): Decision =>
  row.decision === 'allow' && row.flagged ? 'flag' : (row.decision as Decision);

export const PAST: Record<Decision, string> = { block: 'Blocked', redact: 'Redacted', flag: 'Flagged', allow: 'Allowed' };
