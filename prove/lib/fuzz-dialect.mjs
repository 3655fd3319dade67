// A fake's dialect that says odd things: before, after and in place of what it has to say, and when it refuses.
import { damageMessage, damageText } from './fuzz-mutate.mjs';

/** The session a request belongs to is the first part of its path: adapters take any base address. */
export const pathOf = (index) => `/fuzz-${index}`;
const sessionPath = /^\/fuzz-(\d+)(?=\/)/;

const statuses = [
  200, 204, 206, 302, 304, 400, 401, 402, 403, 404, 408, 409, 413, 418, 422, 429, 451, 500, 502, 503, 504,
  529, 599,
];
const oddHeaders = [
  {},
  { 'retry-after': 'soon' },
  { 'retry-after': '-1' },
  { 'retry-after': '1e99' },
  { 'retry-after': 'Fri, 31 Feb 2026 25:00:00 GMT' },
  { 'content-type': 'text/html' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-encoding': 'gzip' },
  { 'x-long': 'y'.repeat(6_000) },
  { location: 'http://127.0.0.1:9/elsewhere' },
];

/** The dialect, turned hostile for the sessions of this map: index → `{ chance, sent }`, where `sent` tells odd from right. */
export function hostile(dialect, sessions) {
  const opening = (method) =>
    method &&
    ((request) => {
      const index = sessionPath.exec(request.url.pathname)?.[1];
      const session = sessions.get(index);
      const url = new URL(request.url.href);
      url.pathname = url.pathname.replace(sessionPath, '');
      const opened = method.call(dialect, { ...request, url });
      if (session === undefined || 'status' in opened) return opened;
      return session.chance.is(0.08)
        ? refuse(dialect, session)
        : { ...opened, write: saying(opened, session) };
    });
  return { ...dialect, open: opening(dialect.open), answer: opening(dialect.answer) };
}

function refuse(dialect, { chance, sent }) {
  sent.push('refusal');
  const status = chance.pick(statuses);
  const { body = '{}', headers } = dialect.refusal?.(status) ?? {};
  const odd = chance.is(0.1) ? 'z'.repeat(300_000) : damageMessage(body, chance);
  return { status, headers: { ...headers, ...chance.pick(oddHeaders) }, body: odd.toString() };
}

/** What `opened` has to say, with odd messages among it. */
function saying(opened, { chance, sent }) {
  const said = [];
  /** Some sessions are mostly right, so that what comes late is reached too. */
  const wildness = chance.pick([0.05, 0.2, 0.7]);
  const tell = (message, isOdd) => {
    sent.push(isOdd);
    return message;
  };
  return (event) =>
    opened.write(event).flatMap((message) => {
      said.push(message);
      const odd = () => tell(damageMessage(chance.pick(said), chance), true);
      const again = () => tell(chance.pick(said), true);
      const right = chance.is(wildness / 2) ? [odd()] : [tell(message, false)];
      const more = Array.from({ length: chance.is(wildness) ? chance.pick([1, 2]) : 0 }, () =>
        chance.is(0.8) ? odd() : again(),
      );
      if (chance.is(0.02)) more.push(tell(damageText(String(message), chance).repeat(20), true));
      return chance.is(0.7) ? [...right, ...more] : [...more, ...right];
    });
}
