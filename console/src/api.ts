/** The console's API: shapes of its answers, and one way to ask. The names are the server's. */

export type Role = 'viewer' | 'analyst' | 'admin';
export type Account = { id: string; name: string; role: Role; created: number };
export type Introduction = { account: Account | null; token: string | null; version: string };

export type EventRow = {
  sequence: number;
  id: string;
  time: number;
  project: string;
  api_key: string;
  route: string;
  model: string;
  decision: string;
  threat_type: string | null;
  outcome: string;
  status: number;
  streamed: boolean;
  flagged: boolean;
};
export type EventPage = { rows: EventRow[]; next: string | null; reached: number | null };

export type Finding = {
  detector: string;
  version: string;
  family: string;
  direction: string;
  columns: string[];
  category: string;
  rule: string;
  label: string;
  path: string;
  pointer: string;
  span: [number, number];
  score: number;
  severity: string;
  owasp: string[];
  action: string;
  status: string;
  view: string;
  excerpt: string;
};
export type Coverage = { leaves: number; inspected: number; exempt: Record<string, number>; characters: number };
export type GatewayEvent = EventRow & {
  end_user: string | null;
  dialect: string;
  upstream: string | null;
  policy: string;
  policy_version: number;
  mode: string;
  direction: string;
  confidence: number;
  reasons: { rule: string; finding: number | null; text: string }[];
  findings: Finding[];
  scores: Record<string, number>;
  coverage: Record<string, Coverage>;
  degraded: string[];
  unavailable: string[];
  timings_us: Record<string, number | null>;
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number } | null;
  restored: number;
  error: string | null;
};

export type Point = {
  start: number;
  allowed: number;
  flagged: number;
  redacted: number;
  blocked: number;
  errors: number;
  added_p50: number | null;
  added_p95: number | null;
  total_p50: number | null;
  total_p95: number | null;
};
export type Overview = {
  since: number;
  until: number;
  step: number;
  total: Point;
  prompt_tokens: number;
  completion_tokens: number;
  points: Point[];
  threats: Record<string, number>;
  projects: Record<string, [number, number]>;
  models: Record<string, [number, number]>;
  sampled: number;
};
export type UpstreamState = { origin: string; state: string };

export type TriedFinding = {
  detector: string;
  family: string;
  rule: string;
  label: string;
  summary: string;
  span: [number, number];
  score: number;
  warn: number;
  block: number;
  severity: string;
  action: string;
  status: string;
  view: string;
  owasp: string[];
};
export type Tried = {
  policy: string;
  decision: string;
  flagged: boolean;
  threat_type: string | null;
  confidence: number;
  sentence: string;
  reasons: string[];
  findings: TriedFinding[];
  scores: Record<string, number>;
  redacted: string | null;
  degraded: string[];
};
export type Trial = { results: Tried[]; inspected_us: number };

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export const LIVE = '/console/api/live';

let token = '';
let onSignedOut: () => void = () => undefined;

/** Keep the anti-forgery token of the session, and what to do when the session is over. */
export function remember(introduction: Introduction, signedOut: () => void): void {
  token = introduction.token ?? '';
  onSignedOut = signedOut;
}

/** One request. Rejects with Refused, whose message can be shown. */
export async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = {};
  if (method !== 'GET') headers['X-CSRF-Token'] = token;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let answer: Response;
  try {
    answer = await fetch(`/console/api/${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(0, 'unreachable', 'The gateway does not answer.');
  }
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    if (answer.status === 401 && data.error?.code === 'signed_out') onSignedOut();
    throw new Refused(answer.status, data.error?.code ?? '', data.error?.message ?? `The console answered ${answer.status}.`);
  }
  return data as T;
}
