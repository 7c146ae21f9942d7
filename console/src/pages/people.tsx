import { Button, CopyButton, PasswordInput, Select, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { type Account, type Introduction, Refused, ask } from '../api';
import { exactly } from '../format';
import { useLoad } from '../parts/load';
import { Trouble } from '../parts/pieces';

const ROLES = [
  { value: 'viewer', label: 'Viewer: looks at everything' },
  { value: 'analyst', label: 'Analyst: and tries texts' },
  { value: 'admin', label: 'Administrator: and says who may' },
];
const said = (error: unknown) => (error instanceof Refused ? error.message : 'Something went wrong here.');

export function PeoplePage({ account, onEnter }: { account: Account; onEnter: (introduction: Introduction) => void }) {
  return (
    <>
      <div className="head"><h1>People</h1></div>
      <div className="two apart">
        {account.role === 'admin' && <Everybody me={account} />}
        <div className="stack">
          {account.role === 'admin' && <Invite />}
          <Password onEnter={onEnter} />
        </div>
      </div>
    </>
  );
}

function Everybody({ me }: { me: Account }) {
  const { data, trouble, again } = useLoad<{ people: Account[] }>('people');
  const [wrong, setWrong] = useState<string | null>(null);
  const [asked, setAsked] = useState<string | null>(null);
  const remove = (person: Account) => ask('DELETE', `people/${encodeURIComponent(person.id)}`).then(again, (error) => setWrong(said(error)));
  return (
    <section className="card">
      <h2>Who may sign in</h2>
      <Trouble text={trouble ?? wrong} />
      <table className="people">
        <thead><tr><th>Name</th><th>Role</th><th>Since</th><th><span className="unseen">Remove</span></th></tr></thead>
        <tbody>
          {data?.people.map((person) => (
            <tr key={person.id}>
              <td>{person.name}{person.id === me.id && <span className="soft"> (you)</span>}</td>
              <td>{person.role}</td>
              <td className="soft">{exactly(person.created)}</td>
              <td>
                {person.id !== me.id && (asked === person.id
                  ? <Button size="compact-xs" color="red" onClick={() => remove(person)}>Remove for good</Button>
                  : <Button size="compact-xs" variant="default" onClick={() => setAsked(person.id)}>Remove</Button>)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Invite() {
  const [role, setRole] = useState<string | null>('viewer');
  const [link, setLink] = useState<string | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const make = () => ask<{ path: string }>('POST', 'links', { role }).then(({ path }) => setLink(window.location.origin + path), (error) => setTrouble(said(error)));
  return (
    <section className="card stack">
      <h2>Let somebody in</h2>
      <p className="soft">A link makes one account, once and within 15 minutes. Give it to nobody else.</p>
      <Select label="Role" data={ROLES} allowDeselect={false} value={role} onChange={setRole} />
      <Trouble text={trouble} />
      {link === null ? <Button variant="default" onClick={make}>Make a link</Button> : (
        <div className="row">
          <TextInput aria-label="The link" readOnly value={link} flex={1} onFocus={(event) => event.currentTarget.select()} />
          <CopyButton value={link}>{({ copied, copy }) => <Button variant="default" onClick={copy}>{copied ? 'Copied' : 'Copy'}</Button>}</CopyButton>
        </div>
      )}
    </section>
  );
}

function Password({ onEnter }: { onEnter: (introduction: Introduction) => void }) {
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [message, setMessage] = useState<string | null>(null);
  const change = async (event: FormEvent) => {
    event.preventDefault();
    try {
      onEnter(await ask<Introduction>('POST', 'password', { old, new: fresh }));
      setMessage('Changed. All your other sessions have ended.');
      setOld('');
      setFresh('');
    } catch (error) {
      setMessage(said(error));
    }
  };
  return (
    <section className="card">
      <form className="stack" onSubmit={change}>
        <h2>Your password</h2>
        <PasswordInput label="Present password" autoComplete="current-password" required withAsterisk={false} value={old} onChange={(event) => setOld(event.currentTarget.value)} />
        <PasswordInput label="New password" autoComplete="new-password" required withAsterisk={false} minLength={12} maxLength={256} value={fresh} onChange={(event) => setFresh(event.currentTarget.value)} />
        <p className="soft" role="status">{message}</p>
        <Button type="submit" variant="default">Change it</Button>
      </form>
    </section>
  );
}
