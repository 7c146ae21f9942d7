/** What events are filtered by, on the live page and in the search. */
import { Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useState } from 'react';

export type Wanted = { decision: string; threat: string; project: string; model: string };
export const NOTHING: Wanted = { decision: '', threat: '', project: '', model: '' };

const DECISIONS = [
  { value: 'block', label: 'Blocked' },
  { value: 'redact', label: 'Redacted' },
  { value: 'flag', label: 'Flagged' },
  { value: 'allow', label: 'Allowed' },
];

/** A field that speaks when typing has paused. */
function Word({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  const say = useDebouncedCallback(onChange, 350);
  useEffect(() => setTyped(value), [value]);
  const type = (text: string) => {
    setTyped(text);
    say(text.trim());
  };
  return <TextInput size="xs" label={label} placeholder="any" value={typed} onChange={(event) => type(event.currentTarget.value)} maxLength={256} />;
}

export function Filters({ wanted, onChange, children }: { wanted: Wanted; onChange: (wanted: Wanted) => void; children?: React.ReactNode }) {
  return (
    <div className="filters" role="search" aria-label="Filters">
      <Select size="xs" label="Decision" placeholder="any" clearable data={DECISIONS} value={wanted.decision || null} onChange={(value) => onChange({ ...wanted, decision: value ?? '' })} />
      <Word label="Threat" value={wanted.threat} onChange={(threat) => onChange({ ...wanted, threat: threat.replaceAll(' ', '_') })} />
      <Word label="Project" value={wanted.project} onChange={(project) => onChange({ ...wanted, project })} />
      <Word label="Model" value={wanted.model} onChange={(model) => onChange({ ...wanted, model })} />
      {children}
    </div>
  );
}
