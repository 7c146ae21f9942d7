import { Button, PasswordInput, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { type Introduction, Refused, ask } from '../api';
import { Logo } from '../parts/logo';
import { Trouble } from '../parts/pieces';

/** Signing in, or making an account with a one-time link: the secret is in the fragment, which no server sees. */
export function Door({ link, onEnter }: { link: string; onEnter: (introduction: Introduction) => void }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const first = link !== '';
  const mismatch = first && again !== '' && again !== password;
  const enter = async (event: FormEvent) => {
    event.preventDefault();
    if (first && again !== password) return;
    setBusy(true);
    try {
      onEnter(first ? await ask<Introduction>('POST', 'links/accept', { link, name, password }) : await ask<Introduction>('POST', 'session', { name, password }));
    } catch (error) {
      setTrouble(error instanceof Refused ? error.message : 'Something went wrong here.');
      setBusy(false);
    }
  };
  return (
    <main className="door">
      <form className="door-card" onSubmit={enter}>
        <div className="brand"><Logo />PromptGuard</div>
        <div>
          <h1>{first ? 'Make your account' : 'Sign in'}</h1>
          <p className="soft">
            {first ? 'This link is good once. Choose a name and a password for this gateway’s console.' : 'No account yet? The gateway prints a one-time link at its first start; promptguard console link makes another one.'}
          </p>
        </div>
        <TextInput label="Name" autoComplete="username" autoCapitalize="none" spellCheck={false} required withAsterisk={false} autoFocus maxLength={64} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <PasswordInput label="Password" description={first ? 'At least 12 characters.' : undefined} autoComplete={first ? 'new-password' : 'current-password'} required withAsterisk={false} minLength={first ? 12 : undefined} maxLength={256} value={password} onChange={(event) => setPassword(event.currentTarget.value)} />
        {first && <PasswordInput label="Password again" autoComplete="new-password" required withAsterisk={false} error={mismatch ? 'The two passwords differ.' : undefined} maxLength={256} value={again} onChange={(event) => setAgain(event.currentTarget.value)} />}
        <Trouble text={trouble} />
        <Button type="submit" loading={busy} disabled={mismatch}>{first ? 'Make account' : 'Sign in'}</Button>
      </form>
    </main>
  );
}
