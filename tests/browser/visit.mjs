// Drives Chromium through the console as a person would and reports, as JSON, what a test wants to know.
//
//   node visit.mjs '{"script": "first_visit", "address": ..., "link": ..., ...}'
//
// Every page is watched: dialogs, scripts that ran though nobody wrote them, reports of the content security policy,
// errors, and requests to anywhere but the console.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(fileURLToPath(new URL('../../console/package.json', import.meta.url)));
const { chromium } = require('playwright-core');

const asked = JSON.parse(process.argv[2]);
const report = { alarms: [], seen: {} };

async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  const page = await context.newPage();
  const alarm = (kind, text) => report.alarms.push(`${kind}: ${text}`.slice(0, 300));
  page.on('dialog', (dialog) => {
    alarm('dialog', dialog.message());
    dialog.dismiss();
  });
  page.on('pageerror', (error) => alarm('error', error.message));
  page.on('console', (message) => message.type() === 'error' && alarm('console', message.text()));
  page.on('request', (request) => request.url().startsWith(asked.address) || alarm('request', request.url()));
  return page;
}

async function enter(page) {
  await page.goto(asked.link);
  await page.getByLabel('Name').fill('ada');
  await page.getByLabel(/^Password$/).fill(asked.password);
  await page.getByLabel('Password again').fill(asked.password);
  await page.getByRole('button', { name: 'Make account' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}

const visit = async (page, path) => {
  await page.goto(asked.address + path);
  await page.locator('h1').waitFor();
};

const scripts = {
  // First visit, administrator, live page; a request that the gateway blocks, seen there; its event; sign out and in.
  async first_visit(page) {
    await enter(page);
    report.seen.address = page.url();
    await page.getByRole('link', { name: 'Live' }).click();
    await page.getByText('Waiting for the first request').waitFor();
    await page.getByText('Connected').waitFor();
    const answer = await fetch(asked.gateway, { method: 'POST', headers: asked.headers, body: asked.body });
    report.seen.status = answer.status;
    const row = page.getByRole('row').filter({ hasText: 'Blocked' });
    await row.waitFor({ timeout: 5000 });
    await row.click();
    await page.getByRole('heading', { name: 'Prompt injection' }).waitFor();
    report.seen.event = page.url();
    report.seen.why = await page.locator('section', { hasText: 'Why' }).first().innerText();
    await page.getByRole('button', { name: 'Try in playground' }).first().click();
    await page.getByRole('heading', { name: 'Playground' }).waitFor();
    await page.locator('mark').first().waitFor();
    report.seen.marked = await page.locator('.quote').first().innerText();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByLabel('Name').fill('ada');
    await page.getByLabel(/^Password$/).fill(asked.password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Playground' }).waitFor();
  },

  // Every page with text that attackers wrote on it.
  async hostile(page) {
    await enter(page);
    for (const path of ['/', '/?range=24h', '/live', '/people', ...asked.paths]) {
      await visit(page, path);
      await page.waitForTimeout(path === '/live' ? 1500 : 150);
      report.seen[path] = (await page.locator('body').innerText()).slice(0, 200_000);
    }
    await visit(page, '/playground');
    await page.getByLabel('Text to inspect').fill(asked.text);
    await page.locator('.quote').first().waitFor();
    report.seen.playground = await page.locator('.quote').first().innerText();
    report.seen.ran = await page.evaluate(() => window.xss ?? null);
  },

  // No page is wider than the window, in either theme and at either width; optionally with pictures.
  async looks(page, browser) {
    await enter(page);
    const storageState = await page.context().storageState();
    report.seen.overflow = [];
    for (const colorScheme of ['light', 'dark']) {
      for (const width of [1280, 390]) {
        const other = await open(browser, { colorScheme, storageState, viewport: { width, height: 800 } });
        for (const path of ['/', '/live', '/events', '/playground', '/people', ...asked.paths]) {
          await visit(other, path);
          await other.waitForTimeout(400);
          const over = await other.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          if (over > 0) report.seen.overflow.push(`${path} ${colorScheme} ${width}: ${over}`);
          const name = path.split(/[?]/)[0].replaceAll('/', '-').slice(0, 20);
          if (asked.pictures) await other.screenshot({ path: `${asked.pictures}/page${name}-${colorScheme}-${width}.png`, fullPage: true });
        }
        await other.context().close();
      }
    }
  },
};

const browser = await chromium.launch({ executablePath: asked.chromium, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
try {
  const page = await open(browser);
  page.setDefaultTimeout(15_000);
  await scripts[asked.script](page, browser);
} catch (error) {
  report.alarms.push(`stopped: ${error.message}`.slice(0, 600));
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(report));
