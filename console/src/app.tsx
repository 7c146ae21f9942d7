import { Button, useMantineColorScheme } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import { type Account, type Introduction, ask, remember } from './api';
import { Door } from './pages/door';
import { EventPage } from './pages/event';
import { EventsPage } from './pages/events';
import { LivePage } from './pages/live';
import { OverviewPage } from './pages/overview';
import { PeoplePage } from './pages/people';
import { PlaygroundPage } from './pages/playground';
import { Logo } from './parts/logo';
import { Empty, To, Trouble } from './parts/pieces';
import { go, usePlace } from './router';

const PAGES = [
  { path: '/', name: 'Overview' },
  { path: '/live', name: 'Live' },
  { path: '/events', name: 'Events' },
  { path: '/playground', name: 'Playground' },
  { path: '/people', name: 'People' },
];

/** Who is here: nobody is asked twice, and a session that ended leads back to the door. */
function useIntroduction() {
  const [introduction, setIntroduction] = useState<Introduction | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const enter = useCallback((known: Introduction) => {
    remember(known, () => setIntroduction({ account: null, token: null, version: known.version }));
    setIntroduction(known);
  }, []);
  useEffect(() => {
    ask<Introduction>('GET', 'session').then(enter, (error: Error) => setTrouble(error.message));
  }, [enter]);
  return { introduction, trouble, enter };
}

export function App() {
  const { introduction, trouble, enter } = useIntroduction();
  const place = usePlace();
  const link = place.pathname === '/welcome' ? place.hash.slice(1) : '';
  if (trouble) return <main className="door"><Trouble text={trouble} /></main>;
  if (!introduction) return null;
  const arrive = (known: Introduction) => {
    enter(known);
    if (place.pathname === '/welcome') go('/', { replace: true });
  };
  if (!introduction.account || link) return <Door link={link} onEnter={arrive} />;
  return <Inside account={introduction.account} version={introduction.version} path={place.pathname} onEnter={enter} />;
}

function Inside({ account, version, path, onEnter }: { account: Account; version: string; path: string; onEnter: (known: Introduction) => void }) {
  const leave = () => ask('DELETE', 'session').finally(() => onEnter({ account: null, token: null, version }));
  const title = PAGES.find((page) => isAt(path, page.path))?.name ?? 'Console';
  useEffect(() => {
    document.title = `${title} · PromptGuard`;
  }, [title]);
  return (
    <div className="frame">
      <a className="skip" href="#content">Skip to the content</a>
      <header className="side">
        <To path="/" className="brand"><Logo />PromptGuard</To>
        <nav className="nav" aria-label="Pages">
          {PAGES.filter((page) => page.path !== '/playground' || account.role !== 'viewer').map((page) => (
            <To key={page.path} path={page.path} aria-current={isAt(path, page.path) ? 'page' : undefined}>{page.name}</To>
          ))}
        </nav>
        <div className="side-end">
          <div className="who"><span>{account.name}</span><span className="soft small">{account.role} · version {version}</span></div>
          <div className="row">
            <Theme />
            <Button className="quiet-button" size="compact-sm" variant="default" onClick={leave}>Sign out</Button>
          </div>
        </div>
      </header>
      <main className="page" id="content" tabIndex={-1}>
        <Page path={path} account={account} onEnter={onEnter} />
      </main>
    </div>
  );
}

const isAt = (path: string, page: string) => (page === '/' ? path === '/' || path === '/welcome' : path === page || path.startsWith(`${page}/`));

function Page({ path, account, onEnter }: { path: string; account: Account; onEnter: (known: Introduction) => void }) {
  const event = /^\/events\/([^/]+)$/.exec(path)?.[1];
  if (event) return <EventPage key={event} id={decodeURIComponent(event)} canTry={account.role !== 'viewer'} />;
  if (path === '/' || path === '/welcome') return <OverviewPage />;
  if (path === '/live') return <LivePage />;
  if (path === '/events') return <EventsPage />;
  if (path === '/playground' && account.role !== 'viewer') return <PlaygroundPage />;
  if (path === '/people') return <PeoplePage account={account} onEnter={onEnter} />;
  return <Empty title="There is no such page">The pages are listed in the navigation.</Empty>;
}

function Theme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const next = { auto: 'light', light: 'dark', dark: 'auto' } as const;
  const names = { auto: 'System', light: 'Light', dark: 'Dark' };
  return (
    <Button className="quiet-button" size="compact-sm" variant="default" aria-label={`${names[colorScheme]} theme, change it`} onClick={() => setColorScheme(next[colorScheme])}>
      {names[colorScheme]}
    </Button>
  );
}
